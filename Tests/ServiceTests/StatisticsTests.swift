import DNS
import Glibc
import Testing

extension ServiceTests {
    @Suite("Statistics")
    struct StatisticsTests {
        @Test("SIGUSR1 logs what was counted, stale answers and refreshes among it")
        func counted() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server(
                "forward: {.: {to: [127.0.0.1:\(upstream.port)], cache: {max: 1, min: 1}}}")
            #expect(try server.client.ask("a.example.net", .a).data(.a).count == 1)
            #expect(try server.client.ask("a.example.net", .a).data(.a).count == 1)
            upstream.change { [.init($0.reply(rcode: .serverFailure))] }
            pause(.milliseconds(1100))
            #expect(try server.client.ask("a.example.net", .a).data(.a).count == 1)
            server.process.signal(SIGUSR1)
            let wanted = [
                "queries: 3, of which 0 from zones, 1 from the cache, 1 stale, 1 from upstreams, "
                    + "0 failed, 0 refused, 0 in error, 0 over a limit, 0 not answered",
                "cache: 1 stored in ", " octets, 0 evicted, 0 refreshed",
                "upstream queries: 2 sent, 0 questions in flight, 0 joined",
                "upstream replies: 0 with a wrong ID, 0 rejected, 0 questions moved to TCP",
                "upstream 127.0.0.1:\(upstream.port): well, 2 sent, 2 answered, 0 failed, ",
            ]
            for line in wanted {
                #expect(eventually { server.log.contains(line) }, "\(line) in \(server.log)")
            }
        }
    }
}
