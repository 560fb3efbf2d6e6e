package import DNS

/// Answers queries: octets in, octets out. Deterministic: the client, the time and the snapshot are
/// parameters. Each worker has one, on its queue; it allocates nothing for a local or cached answer.
package final class QueryProcessor {
    // The storage is internal, so that the compiler sees all accesses and needs no run-time checks.
    var counters = Counters()
    var lastSource = AnswerSource.server
    package var bypasses = BypassCounter()
    package var limitNotices = LimitNotices()
    var question: UpstreamQuestion?
    var refresh: UpstreamQuestion?

    package var counted: Counters { counters }
    /// What is counted by kind.
    package let account: QueryAccount
    /// Where the response that was made last came from.
    package var source: AnswerSource { lastSource }
    /// What new queries are answered on.
    package var currentSnapshot: Snapshot { snapshot }
    /// What is to be asked upstream after `.forward`.
    package var upstreamQuestion: UpstreamQuestion? { question }

    /// Whether `takeRefresh` has a question.
    package var hasRefresh: Bool { refresh != nil }

    /// What is to be asked upstream although the client has been answered, so that the next one gets
    /// something newer. Told once.
    package func takeRefresh() -> UpstreamQuestion? {
        defer { refresh = nil }
        return refresh
    }

    /// The question's type and the number of the client's view, as soon as they are known.
    var askedType = RRType(rawValue: 0)
    var viewNumber = -1

    var snapshot: Snapshot
    var now: Int64 = 0
    var unixTime: UInt32 = 0
    var cookies = ServerCookies()
    let options = ResponseOptions()

    let cache: ResponseCache
    /// Whom the limits of clients have seen; nil where none hold.
    let paces: PaceTable?
    /// Responses over a limit.
    var overLimit: UInt64 = 0
    /// The last query that a limit concerned, by its number.
    var limited: (query: UInt64, action: LimitAction)?
    /// The name that is being resolved: the question's, later a chain's.
    let name = LookupName()
    let watchedName = LookupName()
    let scratch = AnswerScratch()
    /// A stored answer with its question, for composing.
    var expanded = [UInt8](repeating: 0, count: 65_535)

    /// Without `paces` no client has a limit.
    package init(cache: ResponseCache, snapshot: Snapshot, paces: PaceTable? = nil) {
        self.cache = cache
        self.paces = paces
        self.snapshot = snapshot
        account = QueryAccount(snapshot)
    }

    /// New queries are answered on another snapshot.
    package func change(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        account.change(snapshot)
    }

    /// Says when the next queries came: monotonic nanoseconds, and the wall clock in seconds since
    /// 1970 modulo 2^32 for server cookies (RFC 9018 §4.3).
    package func setTime(_ now: Int64, unixTime: UInt32) {
        self.now = now
        self.unixTime = unixTime
    }

    /// What became of a message.
    package enum Disposition: Equatable, Sendable {
        /// Nothing is to be sent.
        case drop
        /// The response's length in octets.
        case respond(Int)
        /// `upstreamQuestion` is to be asked, and the message processed again with its answer.
        case forward
    }

    /// Processes one message. `response` has room for 65,535 octets over TCP, for
    /// `EDNS.maximumUDPSize` over UDP.
    package func process(
        _ message: Span<UInt8>, from client: IPAddress, over transport: ClientTransport,
        into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        Borrowed(snapshot).use {
            process(message, from: client, over: transport, on: $0, fresh: [], into: &response)
        }
    }

    /// Processes a message again on the snapshot on which it began. `fresh` holds the upstream answers
    /// that it waited for, which count even when they may not be cached.
    package func process(
        _ message: Span<UInt8>, from client: IPAddress, over transport: ClientTransport,
        on snapshot: Snapshot, fresh: [FreshAnswer], into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        // One that has waited comes again.
        if fresh.isEmpty { counters.queries &+= 1 }
        lastSource = .server
        askedType = RRType(rawValue: 0)
        viewNumber = -1
        options.reset()
        switch Query.accept(message, transport: transport, name: name) {
        case .ignore:
            counters.ignored &+= 1
            return .drop
        case .error(let rcode, let question, let edns):
            lastSource = .error
            guard !isOverLimit(client, over: transport, snapshot) else { return .drop }
            if let edns { options.begin(dnssecOK: edns.dnssecOK) }
            let end = DirectResponse.error(rcode, message, question: question, into: &response)
            return .respond(
                options.write(
                    into: &response, at: end, limit: Query.messageLimit(edns, transport),
                    rcode: rcode))
        case .signed(let question, let edns, let signature):
            lastSource = .error
            guard !isOverLimit(client, over: transport, snapshot) else { return .drop }
            return refuseSignature(
                signature, message, question, edns, transport, into: &response)
        case .cookieRequest(let query):
            guard !isOverLimit(client, over: transport, snapshot) else { return .drop }
            return answerCookieRequest(
                query, message, client, transport, snapshot, into: &response)
        case .zoneChange(var query):
            let isReady = makeReady(&query, message, client, transport, snapshot.server)
            guard !isOverLimit(client, over: transport, snapshot) else { return .drop }
            guard isReady else {
                return finish(
                    refuseOption(query, message, into: &response), query, message,
                    over: transport, into: &response)
            }
            let disposition = refuseChange(
                query, message, snapshot.view(for: client)?.kept, into: &response)
            return finish(disposition, query, message, over: transport, into: &response)
        case .query(var query):
            guard makeReady(&query, message, client, transport, snapshot.server) else {
                guard !isOverLimit(client, over: transport, snapshot) else { return .drop }
                return finish(
                    refuseOption(query, message, into: &response), query, message,
                    over: transport, into: &response)
            }
            let disposition = answer(
                query, message, from: client, over: transport, snapshot, fresh: fresh,
                into: &response)
            return finish(disposition, query, message, over: transport, into: &response)
        }
    }

    /// Adds the OPT record to a response, a short one to a refusal.
    private func finish(
        _ disposition: Disposition, _ query: Query, _ message: Span<UInt8>,
        over transport: ClientTransport, into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        guard case .respond(let end) = disposition, query.hasEDNS else { return disposition }
        // Also one that an upstream has made, with its reason.
        if RCode(rawValue: response.span.uint16(at: 2) & Header.Flag.rcodeMask).rejectsQuery {
            keepShort(message, at: end, over: transport)
        }
        return .respond(options.write(into: &response, at: end, limit: query.messageLimit))
    }

    /// Answers within the limits of the client's view; a client in none is refused.
    private func answer(
        _ query: Query, _ message: Span<UInt8>, from client: IPAddress,
        over transport: ClientTransport, _ snapshot: Snapshot, fresh: [FreshAnswer],
        into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        askedType = query.type
        guard let number = snapshot.viewIndex(for: client) else {
            guard !isOverLimit(client, over: transport, snapshot) else { return .drop }
            return refuse(query, message, .outsideEveryView, into: &response)
        }
        viewNumber = number
        let view = Borrowed(snapshot.views[number])
        guard view.use({ $0.limits == nil }) else {
            return answerWithinLimits(
                query, message, in: view, from: client, over: transport, snapshot, fresh: fresh,
                into: &response)
        }
        return answer(
            query, message, in: view, from: client, over: transport, snapshot, fresh: fresh,
            into: &response)
    }

    /// Refuses what no zone can have, and resolves the rest.
    @inline(__always)
    func answer(
        _ query: Query, _ message: Span<UInt8>, in view: Borrowed<View>,
        from client: IPAddress, over transport: ClientTransport, _ snapshot: Snapshot,
        fresh: [FreshAnswer], into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        guard query.rrClass == RRClass.internet else {
            return answerChaos(query, message, snapshot.server, into: &response)
        }
        if let (rcode, reason) = Self.refusal(of: query.type) {
            return refuse(query, message, reason, rcode, into: &response)
        }
        return view.use {
            resolve(
                query, message, $0, client, fresh: fresh, transport: transport, into: &response)
        }
    }

    /// Answers from the view's zones, or from what upstream servers have answered.
    private func resolve(
        _ query: Query, _ message: Span<UInt8>, _ view: View, _ client: IPAddress,
        fresh: [FreshAnswer], transport: ClientTransport, into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        if let local = view.localAnswer(name, query.type) {
            let length = local.zone.use { zone in
                lastSource = zone.settings.mode == .overlay ? .overlay : .zone
                if let bypass = zone.bypass {
                    bypasses.note(client, zone.settings.apex, bypass)
                    options.set(.guardedBypass)
                }
                return direct(local.answer, zone, query, message, into: &response)
            }
            if let length { return .respond(length) }
            return compose(
                query, message, view, fresh: fresh, transport: transport, into: &response)
        }
        guard let rule = view.rule(for: name) else {
            return endWithoutServers(query, message, view, into: &response)
        }
        if query.type == .any {
            return .respond(minimalAny(query, message, into: &response))
        }
        return rule.use {
            resolve(
                query, message, view, under: $0, fresh: fresh, transport: transport,
                into: &response)
        }
    }

    /// Answers from the cache, or asks for what is not there.
    private func resolve(
        _ query: Query, _ message: Span<UInt8>, _ view: View, under rule: ActiveForwardRule,
        fresh: [FreshAnswer], transport: ClientTransport, into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        let policy = view.policy(for: name, under: rule)
        let key = AnswerKey.Parameters(
            type: query.type, bits: AnswerKey.Bits(query), rule: rule, policy: policy)
        let lookup = lookUp(key, rule, fresh: fresh)
        guard case .found(let stored) = lookup else {
            question = makeQuestion(
                Self.spelledName(query, message), key, rule, policy, view, transport,
                hasOlderAnswer: lookup == .missing(hasOlder: true))
            return .forward
        }
        note(stored, fresh)
        if stored.isDue {
            refresh = makeQuestion(
                Self.spelledName(query, message), key, rule, policy, view, transport,
                hasOlderAnswer: true)
        }
        if isCut(over: transport) {
            options.set(.cutAnswer)
            return .respond(
                DirectResponse.empty(.serverFailure, query, message, into: &response))
        }
        if stored.deniedLabel == 0,
            let length = copyStored(stored, query, message, view, into: &response)
        {
            return .respond(length)
        }
        return compose(
            query, message, view, fresh: fresh, transport: transport, into: &response)
    }

    /// Notes where the answer in `scratch` came from.
    @inline(__always)
    private func note(_ stored: StoredAnswer, _ fresh: [FreshAnswer]) {
        if stored.age == .stale {
            lastSource = .stale
        } else if fresh.isEmpty {
            lastSource = .cache
        } else {
            lastSource = fresh[0].upstream == nil ? .failure : .upstream
        }
    }

    /// The answers that lie ready in a zone; nil when the response must be composed.
    private func direct(
        _ local: LocalAnswer, _ zone: Zone, _ query: Query, _ message: Span<UInt8>,
        into response: inout MutableSpan<UInt8>
    ) -> Int? {
        switch local {
        case .records(let rrset):
            return DirectResponse.records(rrset, of: zone, query, message, into: &response)
        case .noData, .nameError:
            let apex = name.offset(of: name.labelCount &- zone.apexLabelCount)
            return DirectResponse.negative(
                local == .noData ? .noError : .nameError, of: zone, apex: apex, query, message,
                into: &response)
        case .cname, .alias, .dname, .referral, .elsewhere:
            return nil
        }
    }

    /// Whether the answer in `scratch` was cut, and the client has no better way to ask for the whole
    /// one. Half an answer is not to be taken for one (RFC 2181 §9).
    @inline(__always)
    func isCut(over transport: ClientTransport) -> Bool {
        transport == .tcp && scratch.flags & Header.Flag.truncated != 0
    }

    /// Copies the answer in `scratch` behind the client's question; nil when it does not fit, or
    /// when a name in it is one that this view answers itself.
    private func copyStored(
        _ stored: StoredAnswer, _ query: Query, _ message: Span<UInt8>, _ view: View,
        into response: inout MutableSpan<UInt8>
    ) -> Int? {
        let scratch = scratch
        let image = AnswerImageView(scratch.image)
        let end = image.messageLength
        guard end <= query.responseLimit else { return nil }
        response.copy(message.extracting(query.question), at: Header.length)
        image.expand(into: &response, stored.age)
        for index in 0..<image.watchedCount {
            guard watchedName.set(response.span, at: image.watchedName(index)),
                !view.claims(watchedName, query.type)
            else { return nil }
        }
        setError(of: image, stored)
        var flags = image.flags
        // What is past its lifetime may be past that of its signatures.
        if !query.wantsAuthenticData || stored.age == .stale {
            flags &= ~Header.Flag.authenticData
        }
        if image.rcode == .nameError, watchedName.set(response.span, at: image.finalName),
            view.exists(watchedName)
        {
            // The public zone denies a name that exists here; the client would conclude that it
            // has no address either (RFC 8020 §2).
            flags &= ~(Header.Flag.rcodeMask | Header.Flag.authenticData)
        }
        return DirectResponse.finish(
            query, message, flags: flags, end: end,
            counts: (image.answerCount, image.authorityCount, image.additionalCount),
            into: &response)
    }

    /// RFC 8482 §4.2: ANY is answered with one HINFO record, and nobody is asked.
    func minimalAny(
        _ query: Query, _ message: Span<UInt8>, into response: inout MutableSpan<UInt8>
    ) -> Int {
        var composer = ResponseComposer(
            query, name: Self.spelledName(query, message), into: response._mutatingExtracting(...))
        let rdata: [UInt8] = [7] + Array("RFC8482".utf8) + [0]
        composer.append(
            owner: Self.spelledName(query, message), type: .hinfo, ttl: 3789, rdata: rdata.span)
        return composer.finish(.noError, flags: 0)
    }

    /// The question's name as the client spells it.
    static func spelledName(_ query: Query, _ message: Span<UInt8>) -> DomainName {
        DomainName(
            uncheckedOctets: message.array(Header.length..<query.question.upperBound &- 4))
    }
}
