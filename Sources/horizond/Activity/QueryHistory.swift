import Nameserver

/// The last hour in steps: how many queries there were, where the answers came from and how long they
/// took. The steps follow each other without a gap on a clock that goes on while the machine sleeps.
struct QueryHistory: Sendable {
    static let stepSeconds = 5
    private static let step = Duration.seconds(stepSeconds)
    /// An hour.
    static let length = 720
    /// What is counted so much earlier or later, in steps, is counted at a step's end.
    private static let tolerance = 0.05

    private struct Step {
        let queries: Int
        let responses: [Int]
        /// In milliseconds, as `quantiles`; nil where nothing was answered.
        let times: [Double?]
    }

    private static let quantiles = [0.50, 0.95, 0.99]

    private var steps = Ring<Step>(capacity: length)
    /// What belongs to steps that have ended.
    private var counted: HistoryCounts
    /// When the last step ended.
    private var end: ContinuousClock.Instant

    /// Begins with what was counted so far, which belongs to no step.
    init(_ counts: HistoryCounts, at now: ContinuousClock.Instant) {
        counted = counts
        end = now
    }

    /// Ends the steps that are over, now that so much was counted. When this comes late, what was counted
    /// since the last time is spread evenly over that time, so it is no peak where there was none; what
    /// is beyond the last whole step remains for the next.
    mutating func add(_ counts: HistoryCounts, at now: ContinuousClock.Instant) {
        let elapsed = (now - end) / Self.step
        let count = Int(elapsed + Self.tolerance)
        guard count > 0 else { return }
        let isOnTime = elapsed - Double(count) <= Self.tolerance
        let due = (counts - counted).part(isOnTime ? 1 : Double(count) / elapsed)
        // Of a sleep of days no more steps than are kept.
        for index in max(0, count - Self.length)..<count {
            let part = { (index: Int) in due.part(Double(index) / Double(count)) }
            append(part(index + 1) - part(index))
        }
        counted = counted + due
        end += Self.step * count
    }

    private mutating func append(_ counts: HistoryCounts) {
        steps.append(
            Step(
                queries: counts.queries, responses: counts.responses,
                times: Self.quantiles.map { quantile in
                    counts.milliseconds(quantile: quantile).map { ($0 * 1e4).rounded() / 1e4 }
                }))
    }
}

/// What `/api/history` says: columns of the steps, the oldest first.
struct HistoryReply: Encodable, Equatable {
    let step: Int
    /// When the last step ended, in seconds since 1970.
    let end: Double
    var queries: [Int] = []
    var sources: [String: [Int]] = [:]
    var latency: [String: [Double?]] = [:]
    var now: [String: Double] = [:]
}

extension QueryHistory {
    /// The steps that ended after `after`, or all. The steps have the time of day that they have by the
    /// clock of now, `time`: it may have been set meanwhile.
    func reply(
        after: Double?, at now: ContinuousClock.Instant, time: Double
    ) -> HistoryReply {
        let end = time - (now - self.end) / .seconds(1)
        let all = steps.elements
        // Rounded, for the clock of the reader's last reply was another by some microseconds.
        let newer = after.map { ((end - $0) / Double(Self.stepSeconds)).rounded() }
        let steps = all.suffix(Int(max(0, min(newer ?? .infinity, Double(Self.length)))))
        var reply = HistoryReply(step: Self.stepSeconds, end: (end * 1000).rounded() / 1000)
        reply.queries = steps.map(\.queries)
        for (index, source) in AnswerSource.allCases.enumerated() {
            reply.sources[source.rawValue] = steps.map { $0.responses[index] }
        }
        for (index, name) in ["p50", "p95", "p99"].enumerated() {
            reply.latency[name] = steps.map { $0.times[index] }
        }
        let last = Double(all.last?.queries ?? 0)
        reply.now["queriesPerSecond"] = last / Double(Self.stepSeconds)
        return reply
    }
}
