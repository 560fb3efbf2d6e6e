import Testing

@testable import Configuration

@Suite("Progress of a load")
struct WorkProgressTests {
    @Test("All records of all files are counted, and all octets, once for each time they are read")
    func load() throws {
        let zone = "www: 192.0.2.1\nmail: [192.0.2.2, {type: TXT, value: hello}]\n"
        let site = try Site(
            """
            zones: {one.example: one.yaml, two.example: one.yaml, three.example: {records: {a: 192.0.2.3}}}
            views:
              lan: {clients: [10.0.0.0/8]}
              guest: {clients: [10.1.0.0/16], zones: [{one.example: {ttl: 30}}]}
            """, files: ["one.yaml": zone])
        let progress = WorkProgress("")
        _ = try Configuration.load(path: site.path("horizond.yaml"), seed: 0, progress: progress)
        let state = progress.state
        #expect(state.stage == WorkProgress.Stage(title: site.path("one.yaml"), unit: "records"))
        #expect(state.count == 10)
        #expect(state.share.map { $0 > 0.9 && $0 <= 1 } == true)
    }

    @Test("Another part of the work begins with nothing done")
    func parts() {
        let progress = WorkProgress("first")
        #expect(progress.state.share == nil)
        progress.begin("second", counting: "lines", whole: 8)
        progress.count(2)
        progress.count(1)
        progress.amountDone = 4
        progress.expect(8)
        progress.goOn(with: "third")
        let stage = WorkProgress.Stage(title: "third", unit: "lines")
        #expect(progress.state == WorkProgress.State(stage: stage, count: 3, share: 0.25))
        progress.begin("fourth")
        let last = WorkProgress.Stage(title: "fourth", unit: nil)
        #expect(progress.state == WorkProgress.State(stage: last, count: 0, share: nil))
    }
}
