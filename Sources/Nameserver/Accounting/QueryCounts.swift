package import DNS

/// What workers have counted of queries and responses, by kind.
package struct QueryCounts: Sendable {
    /// By view, nil for clients in none, then as a row of `AccountLayout`.
    private var byView: [(name: String?, counts: [UInt64])]
    /// As `AccountLayout` says, up to the rows of views.
    private var counters: [UInt64]
    private var times: TimeHistograms

    init(
        byView: [(name: String?, counts: [UInt64])], counters: [UInt64], times: TimeHistograms
    ) {
        self.byView = byView
        self.counters = counters
        self.times = times
    }

    /// Adds what another worker has counted.
    package mutating func add(_ other: QueryCounts) {
        for (name, counts) in other.byView {
            if let index = byView.firstIndex(where: { $0.name == name }) {
                for kind in counts.indices { byView[index].counts[kind] &+= counts[kind] }
            } else {
                byView.append((name, counts))
            }
        }
        for index in counters.indices { counters[index] &+= other.counters[index] }
        times.add(other.times)
    }

    /// The views that were counted, nil for clients in none.
    package var views: [String?] { byView.map(\.name) }

    /// The queries of a view's clients of one kind; `type` nil for those types that have no count of
    /// their own (`QueryKind.types`).
    package func queries(
        view: String?, _ type: RRType?, isIPv4: Bool, over transport: ClientTransport
    ) -> UInt64 {
        guard let row = byView.first(where: { $0.name == view }) else { return 0 }
        let type = type ?? RRType(rawValue: 0)
        return row.counts[QueryKind.index(type, isIPv4: isIPv4, isTCP: transport == .tcp)]
    }

    /// What a limit did to queries of a view's clients.
    package func limited(view: String?, _ action: LimitAction) -> UInt64 {
        guard let row = byView.first(where: { $0.name == view }) else { return 0 }
        return row.counts[QueryKind.count + action.rawValue]
    }

    /// All queries that got no answer because of a limit.
    package var dropped: UInt64 {
        views.reduce(0) { sum, view in
            sum &+ limited(view: view, .queryDropped) &+ limited(view: view, .responseDropped)
        }
    }

    /// The responses of a source with each RCODE that there were any of.
    package func responses(_ source: AnswerSource) -> [(rcode: RCode, count: UInt64)] {
        (0..<RCodes.slots).compactMap { slot in
            let count = counters[AccountLayout.responses(source) + slot]
            return count > 0 ? (RCodes.rcode(slot: slot), count) : nil
        }
    }

    /// All responses of a source.
    package func responseCount(_ source: AnswerSource) -> UInt64 {
        responses(source).reduce(0) { $0 + $1.count }
    }

    /// The sizes of queries.
    package func querySizes(_ transport: ClientTransport) -> SizeHistogram {
        SizeHistogram(counters[AccountLayout.querySizes...], transport)
    }

    package func responseSizes(_ transport: ClientTransport) -> SizeHistogram {
        SizeHistogram(counters[AccountLayout.responseSizes...], transport)
    }

    /// How long queries took from their receipt until their response was sent, by its source. What a query
    /// waited in the socket's buffer before is not known.
    package func times(_ source: AnswerSource) -> TimeHistogram { times[source] }
}
