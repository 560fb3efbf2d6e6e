import Nameserver

/// Queries and responses, of all time until a moment or of the time between two.
struct HistoryCounts: Equatable, Sendable {
    var queries = 0
    /// By source, in the order of `AnswerSource.allCases`.
    var responses = [Int](repeating: 0, count: AnswerSource.allCases.count)
    /// Responses by the time that they took, in the buckets of `TimeHistogram`.
    var times = [Int](repeating: 0, count: TimeHistogram.bounds.count + 1)

    /// The same operation on each number of both.
    private func combined(
        _ other: HistoryCounts, _ operation: (Int, Int) -> Int
    ) -> HistoryCounts {
        HistoryCounts(
            queries: operation(queries, other.queries),
            responses: zip(responses, other.responses).map(operation),
            times: zip(times, other.times).map(operation))
    }

    static func - (left: HistoryCounts, right: HistoryCounts) -> HistoryCounts {
        left.combined(right, &-)
    }

    static func + (left: HistoryCounts, right: HistoryCounts) -> HistoryCounts {
        left.combined(right, &+)
    }

    /// That part of them.
    func part(_ fraction: Double) -> HistoryCounts {
        combined(self) { count, _ in Int((Double(count) * fraction).rounded()) }
    }
}

extension HistoryCounts {
    init(_ report: StatisticsReport) {
        queries = Int(clamping: report.sum(\.queries.queries))
        let counts = report.counts
        for (index, source) in AnswerSource.allCases.enumerated() {
            responses[index] = Int(clamping: counts.responseCount(source))
            for (bucket, count) in counts.times(source).buckets.enumerated() {
                times[bucket] += Int(clamping: count)
            }
        }
    }

    /// The time in milliseconds that this part of the responses did not exceed, nil when there are none:
    /// evenly spread within a bucket. What is beyond the last bound has that bound.
    func milliseconds(quantile: Double) -> Double? {
        let total = times.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = quantile * Double(total)
        var below = 0
        var lower: Int64 = 0
        for (bound, count) in zip(TimeHistogram.bounds, times) {
            if count > 0, Double(below + count) >= rank {
                let place = (rank - Double(below)) / Double(count)
                return (Double(lower) + place * Double(bound - lower)) / 1e6
            }
            below += count
            lower = bound
        }
        return Double(lower) / 1e6
    }
}
