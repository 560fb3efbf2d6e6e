package import DNS

/// Responses that say why there is no answer.
extension QueryProcessor {
    /// Answers SERVFAIL to a query that cannot be carried on; 0 when it is not to be answered.
    package func giveUp(
        _ message: Span<UInt8>, from client: IPAddress, over transport: ClientTransport,
        snapshot: Snapshot, because reason: ExtendedErrorOption,
        into response: inout MutableSpan<UInt8>
    ) -> Int {
        lastSource = .failure
        options.reset()
        guard case .query(var query) = Query.accept(message, transport: transport, name: name),
            makeReady(&query, message, client, transport, snapshot.server)
        else { return 0 }
        guard !isOverLimit(client, over: transport, snapshot) else { return 0 }
        options.set(reason)
        let end = DirectResponse.empty(.serverFailure, query, message, into: &response)
        keepShort(message, at: end, over: transport)
        return options.write(into: &response, at: end, limit: query.messageLimit)
    }

    /// The answer to question types that are no data: zone transfers are refused, the types that
    /// belong to a message itself get NOTIMP (RFC 6895 §3.1).
    @inline(__always)
    static func refusal(of type: RRType) -> (RCode, ExtendedErrorOption)? {
        if type.isData || type == .any { return nil }
        return type == .axfr || type == .ixfr
            ? (.refused, .noTransfers) : (.notImplemented, .noData(type))
    }

    func refuse(
        _ query: Query, _ message: Span<UInt8>, _ reason: ExtendedErrorOption,
        _ rcode: RCode = .refused, into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        lastSource = .refused
        options.set(reason)
        return .respond(DirectResponse.empty(rcode, query, message, into: &response))
    }

    /// Answers for a name that no rule with servers is for: SERVFAIL while the rule for it waits for its
    /// servers, so that the client asks again, else REFUSED. For ANY no server would be asked.
    @inline(never)
    func endWithoutServers(
        _ query: Query, _ message: Span<UInt8>, _ view: View,
        into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        guard let rule = view.waitingRule else {
            return refuse(query, message, .noForwardRule, into: &response)
        }
        guard query.type != .any else {
            return .respond(minimalAny(query, message, into: &response))
        }
        lastSource = .failure
        options.set(rule.error)
        return .respond(DirectResponse.empty(.serverFailure, query, message, into: &response))
    }

    /// Has a refusal be no longer than its query, unless its client is known to have asked: so nobody can
    /// make more of it by sending it to another.
    @inline(never)
    func keepShort(_ message: Span<UInt8>, at end: Int, over transport: ClientTransport) {
        guard !isProven(over: transport) else { return }
        options.fit(message.count &- end)
    }
}

extension RCode {
    /// Whether it says that the query is not answered because of what it is or whom it is from, and not for
    /// a failure.
    @inline(__always)
    var rejectsQuery: Bool {
        self == .formatError || self == .notImplemented || self == .refused
            || self == .notAuthoritative
    }
}
