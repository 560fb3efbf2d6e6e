import Testing

@testable import Configuration
@testable import horizond

@Suite("Status text")
struct ServiceStatusTests {
    private static let second: Int64 = 1_000_000_000

    @Test("It counts what is served, in singular and plural")
    func served() {
        #expect(ServiceStatus(Configuration()).text == "0 zones, 0 views, 0 upstreams")
        var configuration = Configuration()
        configuration.zoneCount = 1
        #expect(ServiceStatus(configuration).text == "1 zone, 0 views, 0 upstreams")
    }

    @Test("The rate is that since it was looked at last, a minute's worth")
    func rate() {
        var status = ServiceStatus(Configuration())
        let served = status.text
        status.counted(1_000_000, at: 5 * Self.second)
        #expect(status.text == served)
        status.counted(1_001_204, at: 65 * Self.second)
        #expect(status.text == served + "; 1,204 q/min")
        status.counted(1_001_205, at: 95 * Self.second)
        #expect(status.text == served + "; 2 q/min")
        status.counted(1_001_205, at: 155 * Self.second)
        #expect(status.text == served + "; 0 q/min")
        status.counted(2_234_567, at: 215 * Self.second)
        #expect(status.text == served + "; 1,233,362 q/min")
        status.counted(2_234_890, at: 275 * Self.second)
        #expect(status.text == served + "; 323 q/min")
    }

    @Test("The last reload comes last, with its first mistake")
    func reload() throws {
        var status = ServiceStatus(Configuration())
        status.counted(0, at: 0)
        status.counted(60, at: 60 * Self.second)
        status.reloaded(Configuration())
        #expect(status.text.contains(/; 60 q\/min; last reload ok \d\d:\d\d:\d\d$/))
        status.reloadFailed(["a.yaml:1:2: bad", "a.yaml:3:4: worse", "b.yaml: none"])
        #expect(
            status.text.contains(
                /; last reload FAILED \d\d:\d\d:\d\d: a\.yaml:1:2: bad and 2 more$/))
        status.nameserversChanged(Configuration())
        #expect(status.text.contains("last reload FAILED"))
    }
}
