import Testing

@testable import horizond

@Suite("Statistics of audits")
struct AuditStatisticsTests {
    @Test("They are those of the last audit, by view and kind")
    func counted() {
        func finding(_ view: String, _ name: String) -> AuditReport.Finding {
            AuditReport.Finding(view: view, name: name)
        }
        var report = AuditReport()
        report.checked = 7
        report.leaks = [finding("lan", "a"), finding("lan", "b"), finding("guests", "a")]
        report.unanswered = [finding("lan", "c")]
        var statistics = AuditStatistics()
        statistics.add(report)
        #expect(
            statistics.findings == [
                .init(view: "lan", kind: .leak): 2, .init(view: "guests", kind: .leak): 1,
                .init(view: "lan", kind: .unanswered): 1,
            ])
        report.leaks = []
        report.hidden = [finding("lan", "d")]
        statistics.add(report)
        #expect(statistics.audits == 2)
        #expect(statistics.names == 7)
        #expect(
            statistics.findings == [
                .init(view: "lan", kind: .hidden): 1, .init(view: "lan", kind: .unanswered): 1,
            ])
    }
    @Test("The texts of the last leaks are kept for the page, as many as it can show")
    func leaks() {
        var report = AuditReport()
        report.leaks = (0..<150).map { number in
            AuditReport.Finding(
                view: "lan", name: "n\(number).example", records: ["AAAA 2001:db8::1"],
                reason: "from the public zone", place: "a.yaml:2")
        }
        var statistics = AuditStatistics()
        statistics.add(report)
        #expect(statistics.leaking.count == AuditStatistics.maximumLeaking)
        #expect(
            statistics.leaking.first
                == .init(
                    view: "lan", name: "n0.example",
                    text: "AAAA 2001:db8::1: from the public zone (a.yaml:2)"))
        statistics.add(AuditReport())
        #expect(statistics.leaking == [])
    }
}
