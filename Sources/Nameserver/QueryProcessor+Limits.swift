package import DNS

/// Limits of what clients get. Over UDP the address of a query without our cookie may be forged: such
/// queries are counted apart from the others, so that whoever forges a client's address takes nothing from
/// what that client asks over TCP.
extension QueryProcessor {
    /// Refusals a second to the clients of a network in no view: more than anyone has use for, and no flood
    /// for whoever owns the addresses.
    static let strangers = ActiveClientLimit(ClientLimit.responses(100))

    /// So many octets at the end of what is served from here tell what it is, whatever name it was asked
    /// by: an address record without its owner name, or as much of a longer one.
    private static let dataLength = 14

    /// What is counted, each by itself.
    private enum Purpose: UInt64 {
        case forgeableQuery, provenQuery
        case data, localData, denial, refusal
    }

    /// Answers a query of a view with limits.
    @inline(never)
    func answerWithinLimits(
        _ query: Query, _ message: Span<UInt8>, in view: Borrowed<View>,
        from client: IPAddress, over transport: ClientTransport, _ snapshot: Snapshot,
        fresh: [FreshAnswer], into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        let limits = view.use(\.limits)
        let isProven = isProven(over: transport)
        // One that has waited was counted when it came.
        if fresh.isEmpty, let limit = limits?.queries,
            !admits(isProven ? .provenQuery : .forgeableQuery, client, limit)
        {
            guard !isProven else {
                note(.queryRefused, client)
                return refuse(query, message, .tooManyQueries, into: &response)
            }
            return slip(
                limit, .queryCut, .queryDropped, query, message, from: client, into: &response)
        }
        let disposition = answer(
            query, message, in: view, from: client, over: transport, snapshot, fresh: fresh,
            into: &response)
        guard !isProven, let limit = limits?.responses, case .respond(let end) = disposition
        else { return disposition }
        let (purpose, detail) = kind(of: response.span.extracting(..<end), to: query)
        guard !admits(purpose, client, limit, detail) else { return disposition }
        return slip(
            limit, .responseCut, .responseDropped, query, message, from: client, into: &response)
    }

    /// Whether a response that needs no view is one too many for its client: to what is no query that could
    /// be answered, or of a client in no view.
    func isOverLimit(
        _ client: IPAddress, over transport: ClientTransport, _ snapshot: Snapshot
    ) -> Bool {
        guard !isProven(over: transport) else { return false }
        let view = snapshot.viewIndex(for: client)
        let limit =
            if let view { snapshot.views[view].limits?.responses } else { Self.strangers }
        guard let limit, !admits(.refusal, client, limit) else { return false }
        note(.responseDropped, client)
        return true
    }

    /// Whether the query at hand is known to be its client's: what comes over UDP without our cookie may be
    /// forged.
    package func isProven(over transport: ClientTransport) -> Bool {
        transport == .tcp || options.provesClient
    }

    /// What a limit did to the query that was processed last; nil when none did.
    package var lastLimit: LimitAction? {
        limited.flatMap { $0.query == counters.queries ? $0.action : nil }
    }

    /// Counts what a limit does to the query at hand.
    func note(_ action: LimitAction, _ client: IPAddress) {
        limited = (counters.queries, action)
        // A query that has waited is answered on the snapshot of before, which may have other views.
        let view = snapshot.viewIndex(for: client)
        account.add(action, view: view ?? -1)
        limitNotices.note(client, view: view.map { snapshot.views[$0].name }, action)
    }

    private func admits(
        _ purpose: Purpose, _ client: IPAddress, _ limit: ActiveClientLimit, _ detail: UInt64 = 0
    ) -> Bool {
        guard let paces, let prefix = limit.prefix(of: client) else { return true }
        let number = paces.number(of: prefix, for: purpose.rawValue, detail)
        return paces.admits(number, limit.pace, now: now)
    }

    /// What a response is counted with: denials together and refusals together, upstream's data by the
    /// question, and data from here by themselves, since a wildcard or a DNAME has them under any name.
    private func kind(
        of response: Span<UInt8>, to query: Query
    ) -> (Purpose, detail: UInt64) {
        let rcode = RCode(rawValue: response.uint16(at: 2) & Header.Flag.rcodeMask)
        guard rcode == .noError || rcode == .nameError else { return (.refusal, 0) }
        guard rcode == .noError, response.uint16(at: 6) > 0, let paces else { return (.denial, 0) }
        if [.overlay, .zone, .server].contains(lastSource) {
            let data = max(query.question.upperBound, response.count &- Self.dataLength)
            return (.localData, paces.digest(response.extracting(data...)))
        }
        return (.data, paces.digest(response.extracting(query.question), ignoringCase: true))
    }

    /// Drops a response, or sends one without records and with TC in its place: whoever asked for it goes
    /// on over TCP.
    private func slip(
        _ limit: ActiveClientLimit, _ cut: LimitAction, _ dropped: LimitAction, _ query: Query,
        _ message: Span<UInt8>, from client: IPAddress, into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        lastSource = .refused
        overLimit &+= 1
        guard limit.slip > 0, overLimit % UInt64(limit.slip) == 0 else {
            note(dropped, client)
            return .drop
        }
        note(cut, client)
        options.dropError()
        let end = query.question.upperBound
        options.fit(message.count &- end)
        return .respond(
            DirectResponse.finish(
                query, message, flags: Header.Flag.truncated, end: end, counts: (0, 0, 0),
                into: &response))
    }
}

extension ExtendedErrorOption {
    static let tooManyQueries = ExtendedErrorOption(
        ExtendedError.prohibited, "over the rate limit (rate-limit)")
}
