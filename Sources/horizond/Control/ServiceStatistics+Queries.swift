import Nameserver

extension ServiceStatistics.Queries {
    init(_ report: StatisticsReport) {
        let counts = report.counts
        let answered = AnswerSource.allCases.reduce(0) { $0 + counts.responseCount($1) }
        all = report.sum(\.queries.queries)
        zone =
            counts.responseCount(.zone) + counts.responseCount(.overlay)
            + counts.responseCount(.server)
        cache = counts.responseCount(.cache)
        stale = counts.responseCount(.stale)
        upstream = counts.responseCount(.upstream)
        failure = counts.responseCount(.failure)
        refused = counts.responseCount(.refused)
        error = counts.responseCount(.error)
        limited = counts.dropped
        unanswered = all - min(all, answered + limited)
    }

    /// All but the sum, in words.
    var rows: [(name: String, count: UInt64)] {
        [
            ("from zones", zone), ("from the cache", cache), ("stale", stale),
            ("from upstreams", upstream), ("failed", failure), ("refused", refused),
            ("in error", error), ("over a limit", limited), ("not answered", unanswered),
        ]
    }
}
