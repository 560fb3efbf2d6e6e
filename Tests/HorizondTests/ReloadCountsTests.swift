import Foundation
import Testing

@testable import horizond

@Suite("Counts of reloads")
struct ReloadCountsTests {
    @Test("A reload that fails leaves the time at which the served configuration was taken")
    func counted() {
        let before = Date().timeIntervalSince1970
        var counts = ReloadCounts()
        #expect(counts.lastWentWell)
        #expect(counts.lastEndedAt == nil)
        let start = counts.lastTakenAt
        #expect(start >= before)
        counts.ended(well: false)
        #expect((counts.succeeded, counts.failed) == (0, 1))
        #expect(!counts.lastWentWell)
        #expect(counts.lastTakenAt == start)
        #expect(counts.lastEndedAt ?? 0 >= start)
        counts.ended(well: true)
        #expect((counts.succeeded, counts.failed) == (1, 1))
        #expect(counts.lastWentWell)
        #expect(counts.lastTakenAt == counts.lastEndedAt)
    }
}
