import DNS
import Nameserver
import Testing

@testable import horizond

@Suite("What the log tells of an outage")
struct OutageSummaryTests {
    private let upstream = UpstreamAddress(.v4(1))

    /// What the end of a window says of so many failures.
    private func summary(failed: Int, bridged: Int) -> String? {
        var summary = OutageSummary()
        var told = 0
        for number in 0..<failed + bridged {
            if summary.note(upstream, isBridged: number >= failed) != .count { told += 1 }
        }
        #expect(told == min(5, failed + bridged))
        return summary.close(upstream)
    }

    @Test("Five lines are told, and the rest is counted by what clients got")
    func counted() {
        #expect(summary(failed: 5, bridged: 0) == nil && summary(failed: 0, bridged: 5) == nil)
        #expect(summary(failed: 8, bridged: 0) == "SERVFAIL for 3 more queries within 10 s")
        #expect(
            summary(failed: 0, bridged: 22)
                == "no good answer, but the last one, for 17 more queries within 10 s")
        #expect(
            summary(failed: 7, bridged: 4)
                == "SERVFAIL for 2 more queries, the last good answer for 4 more queries within 10 s"
        )
    }

    @Test("A window that was closed begins anew")
    func again() {
        var summary = OutageSummary()
        #expect(summary.note(upstream, isBridged: false) == .tellAndSummarizeLater)
        #expect(summary.note(upstream, isBridged: false) == .tell)
        #expect(summary.close(upstream) == nil)
        #expect(summary.note(upstream, isBridged: true) == .tellAndSummarizeLater)
    }
}
