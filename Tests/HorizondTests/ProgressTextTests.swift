import Configuration
import Testing

@testable import horizond

@Suite("Progress of long work")
struct ProgressTextTests {
    private func text(
        _ title: String, _ count: Int, share: Double? = nil, seconds: Int = 3, width: Int = 79
    ) -> String {
        let progress = WorkProgress("")
        progress.begin(title, counting: "records", whole: share == nil ? 0 : 1000)
        progress.count(count)
        progress.amountDone = Int((share ?? 0) * 1000)
        return ProgressText(state: progress.state, seconds: seconds).line(width: width)
    }

    @Test("It says what is read, how much, which share and how long")
    func parts() {
        #expect(
            text("zones/example.com.yaml", 412_000, share: 0.415)
                == "zones/example.com.yaml: 412000 records, 41 %, 3 s")
        #expect(text("hosts", 7, seconds: 125) == "hosts: 7 records, 2 min 5 s")
        #expect(text("hosts", 0) == "hosts: 3 s")
    }

    @Test("What has grown since it was measured is done at most whole")
    func grown() {
        #expect(text("hosts", 1, share: 1.5) == "hosts: 1 records, 100 %, 3 s")
    }

    @Test("In a narrow window the title keeps its end, and then the figures their start")
    func narrow() {
        let title = "/etc/horizond/zones/example.com.yaml"
        #expect(text(title, 412_000, width: 40) == "…s/example.com.yaml: 412000 records, 3 s")
        for width in 1...80 {
            #expect(text(title, 412_000, share: 0.4, width: width).count <= width)
        }
        #expect(text(title, 412_000, share: 0.4, width: 26) == "412000 records, 40 %, 3 s")
        #expect(text(title, 412_000, share: 0.4, width: 10) == "412000 rec")
    }

    @Test("What a terminal would obey is escaped, and wide letters count twice")
    func letters() {
        #expect(!text("a\u{1b}[2Jb", 1).contains("\u{1b}"))
        #expect(text("区区区区区区区区.yaml", 1, width: 32) == "…区区区区区.yaml: 1 records, 3 s")
    }
}
