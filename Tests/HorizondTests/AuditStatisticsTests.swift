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
}
