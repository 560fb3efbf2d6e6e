import Foundation

/// What the client saw of an event.
struct Outage: CustomStringConvertible {
    let event: String
    /// How long nobody may answer, in seconds.
    let limit: Double
    let asked: Int
    let lost: Int
    /// From the first query that nobody answered to the first one after the last such.
    let seconds: Double

    /// Of the lookups that began from `start` on, until `end`.
    init(
        _ event: String, limit: Double, _ lookups: [SteadyClient.Lookup],
        from start: ContinuousClock.Instant, to end: ContinuousClock.Instant
    ) {
        self.event = event
        self.limit = limit
        let during = lookups.filter { $0.started >= start && $0.started < end }
        let lost = during.filter { $0.answered == nil }
        asked = during.count
        self.lost = lost.count
        guard let first = lost.first?.started, let last = lost.last?.started else {
            seconds = 0
            return
        }
        let after = lookups.first { $0.started > last && $0.answered != nil }
        seconds = after.map { ($0.started - first) / .seconds(1) } ?? .infinity
    }

    var description: String {
        "\(event): \(lost) of \(asked) queries lost, " + String(format: "%.2f s", seconds)
    }
}
