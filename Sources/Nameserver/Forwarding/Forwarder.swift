import DNS

/// Decides what is asked of which upstream and when, and what its answers mean. It does no I/O and
/// has no clock: it is told what happened and at which monotonic nanosecond, and leaves commands. Each
/// worker has one, on its queue.
///
/// A question is a *flight*; each query for it to one upstream is an *attempt*, carried by an exchange of
/// the transport. Replies are judged in `Forwarder+Replies.swift`, flights end in `Forwarder+Ends.swift`,
/// and upstreams are watched in `Forwarder+Watch.swift`.
package final class Forwarder {
    /// The longest that one attempt may take (CoreDNS's read timeout).
    package static let attemptTimeout: Int64 = 2_000_000_000
    /// All attempts together: a stub resolver gives up after 5 s (RFC 9520 §2.1 has no figure).
    package static let totalTimeout: Int64 = 4_000_000_000
    /// When clients get an answer past its lifetime, if there is one (RFC 8767 §5).
    package static let stalePatience: Int64 = 1_800_000_000
    /// How long nobody waits for a newer answer again after none could be had.
    static let staleRecheckInterval: Int64 = 5_000_000_000

    /// Questions of one rule in flight, over all workers: 20,000 a second whose answers take 0.4 s. A
    /// rule whose upstreams are silent must leave room for the others among the exchanges that a sender
    /// can hold; each of its questions has up to two for every upstream.
    package static let maximumInFlight = 8192
    /// Questions of one rule in flight whose queries are repeated, over all workers: where more wait, its
    /// upstreams are slow or gone rather than the way to them lossy.
    static let maximumRepeated = 512

    /// What the worker is to do.
    package enum Command {
        /// Send its message; its exchange is to be told of the reply or failure.
        case send(Attempt)
        /// As `send`, for a probe or a check for a loop.
        case sendCheck(UpstreamCheck)
        /// The reply to this exchange is unusually late: what it went out by may be dead.
        case late(exchange: UInt64)
        /// Nobody waits for a reply to this exchange any more.
        case cancel(exchange: UInt64)
        /// Process these clients' queries again, with this answer.
        case answer(Waiters, FreshAnswer)
        /// Tell the operator of a query that failed.
        indirect case report(FailedQuery)
        /// Tell the operator of an upstream that others stand in for.
        indirect case trouble(UpstreamTrouble)
        /// Tell the operator of an upstream that sends questions back here.
        indirect case loop(LoopNotice)
    }

    /// What all workers' forwarders share.
    package struct Shared: Sendable {
        let cache: ResponseCache
        let pending = PendingQueries()
        let loops = LoopGuard()

        package init(cache: ResponseCache) { self.cache = cache }

        /// How many questions are in flight.
        package var inFlight: Int { pending.count }
    }

    let commands = CommandQueue()
    let flights = FlightList()
    let attempts = AttemptTable()
    var probes: [UpstreamProbe] = []
    var watches: [LoopWatch] = []
    /// Checks for names that have come back since the last tick, each once: no more than are under way.
    var returned: [LoopGuard.Check] = []
    var counters = ForwardingCounters()
    let maker = UpstreamAnswer()
    let name = LookupName()
    let shared: Shared
    private let worker: Int
    let scratch = AnswerScratch()
    let random: () -> UInt64
    private var nextNumber: UInt64 = 0
    /// The place for a reply whose question is spelled anew.
    var respelled = [UInt8](repeating: 0, count: 65_535)

    /// `random` gives unpredictable numbers.
    package init(worker: Int, shared: Shared, random: @escaping () -> UInt64) {
        self.worker = worker
        self.shared = shared
        self.random = random
    }

    /// Whether nothing is in flight, so that no time needs to be watched.
    package var isIdle: Bool {
        flights.isEmpty && probes.isEmpty && watches.isEmpty && returned.isEmpty
    }

    package var counted: ForwardingCounters { counters }
    /// What the policies and checks of answers have counted.
    package var answersCounted: UpstreamAnswer.Counters { maker.counters }

    /// What is to be done next; nil for nothing.
    package func nextCommand() -> Command? { commands.next() }

    // MARK: Questions

    /// Asks for `ticket`, unless the same is being asked already. `waiting` is how many of the client's
    /// queries wait.
    package func ask(_ question: UpstreamQuestion, ticket: UInt64, waiting: Int, now: Int64) {
        let waiter = Waiter(worker: worker, ticket: ticket)
        if let check = shared.loops.check(in: question) {
            foundLoop(check, now: now)
            return answer(Waiters(first: waiter), failure(of: question, .loop, at: check.upstream))
        }
        if shared.pending.join(question.key, waiter, now: now) {
            start(Flight(question, askedAt: now, waiting: waiting, random), now: now)
        } else {
            counters.joined += 1
        }
    }

    /// Asks for a newer answer than the one that clients still get.
    package func refresh(_ question: UpstreamQuestion, now: Int64) {
        guard shared.pending.join(question.key, nil, now: now) else { return }
        counters.refreshes += 1
        let waiting = ActiveForwardRule.waitingForRefresh
        start(Flight(question, askedAt: now, waiting: waiting, random), now: now)
    }

    /// Begins a flight.
    func start(_ flight: Flight, now: Int64) {
        let question = flight.question
        flights.add(flight)
        guard question.rule.flightBegins() <= Self.maximumInFlight else {
            flight.lastFailure = (question.rule.upstreams[0], .busy)
            return giveUp(flight, now: now)
        }
        guard flight.width > 0 else {
            flight.lastFailure = (question.rule.upstreams[0], .loop)
            return giveUp(flight, now: now)
        }
        for _ in 0..<flight.width { attempt(flight, now: now) }
    }

    /// The number of an exchange that is no attempt's; no other one ever has it.
    func drawExchange() -> UInt64 { AttemptTable.exchange(outside: draw()) }

    private func draw() -> UInt64 {
        nextNumber &+= 1
        return nextNumber
    }

    // MARK: Attempts

    /// Asks the next upstream; false when there is none to ask.
    @discardableResult
    func attempt(_ flight: Flight, now: Int64) -> Bool {
        guard let upstream = flight.nextUpstream(now: now) else { return false }
        let transport = flight.transport(to: upstream)
        let form = form(
            of: flight.question, to: upstream, over: transport, cautious: flight.isSecondRound,
            now: now)
        begin(
            Attempt(
                attempts.nextExchange(draw()), of: flight, to: upstream, over: transport, form,
                isPlainer: flight.isSecondRound),
            now: now)
        return true
    }

    private func begin(_ attempt: Attempt, now: Int64) {
        attempts.insert(attempt)
        attempt.flight.begin(attempt)
        send(attempt, now: now)
    }

    /// Asks an attempt's upstream once more beside it, from another port: a datagram that was lost shall not
    /// cost the client two seconds. That says nothing of the upstream, which may have to ask others.
    func askAgain(_ attempt: Attempt, now: Int64) {
        let (flight, upstream) = (attempt.flight, attempt.upstream)
        guard attempt.transport == .udp, upstream.isQuick, flight.mayRepeat() else { return }
        for earlier in flight.attempts where earlier.upstream === upstream {
            commands.append(.late(exchange: earlier.exchange))
        }
        counters.repeated += 1
        let again = Attempt(
            attempts.nextExchange(draw()), of: flight, to: upstream, over: .udp, attempt.form,
            isPlainer: attempt.isPlainer)
        again.isRepetition = true
        again.isLate = true
        begin(again, now: now)
        again.expiry = attempt.expiry
    }

    /// Sends an attempt, once more where something about it has changed.
    func send(_ attempt: Attempt, now: Int64) {
        let flight = attempt.flight
        attempt.sentAt = now
        let patience = attempt.upstream.patience
        let isLast = flight.isRoundComplete
        attempt.patienceEnd = now + (isLast ? Self.attemptTimeout : patience)
        attempt.repeatedAt =
            attempt.transport == .udp && !attempt.isRepetition ? now + patience : .max
        attempt.expiry = min(now + Self.attemptTimeout, flight.totalDeadline)
        if !attempt.isLate { flight.lastSentAt = now }
        counters.sent += 1
        attempt.upstream.asked()
        attempt.message = flight.question.encode(attempt.form)
        if attempt.form.randomizesCase { spellAtRandom(attempt) }
        commands.append(.send(attempt))
    }

    private func form(
        of question: UpstreamQuestion, to upstream: Upstream, over transport: ClientTransport,
        cautious: Bool, now: Int64
    ) -> QueryForm {
        let manner = upstream.manners.manner(now: now, cautious: cautious)
        var form = QueryForm()
        form.withEDNS = manner.withEDNS
        form.isPadded = upstream.address.isSecure
        // A connection proves enough: its sequence numbers have to be guessed as well.
        guard transport == .udp else { return form }
        form.cookie = manner.cookie
        form.randomizesCase = manner.randomizesCase
        return form
    }

    /// Gives each letter of the name in the attempt's message a random case (RFC 5452 §9.2 asks for all
    /// entropy there is; draft-vixie-dnsext-dns0x20).
    private func spellAtRandom(_ attempt: Attempt) {
        // The message leaves its owner while it is written to.
        var message: [UInt8] = []
        swap(&message, &attempt.message)
        defer { swap(&message, &attempt.message) }
        var octets = message.mutableSpan
        let end = Header.length + attempt.flight.question.name.octets.count
        var bits: UInt64 = 0
        var left = 0
        var start = Header.length
        // Eight octets at a time, the last ones with what stands before them: a header's counts have no
        // letters either.
        while start < end {
            start = min(start, end &- 8)
            if left == 0 {
                bits = random()
                left = 8
            }
            octets.spell(at: start, bits)
            // Each bit is used for one letter.
            bits = bits << 1 | bits >> 63
            left &-= 1
            start &+= 8
        }
    }

    /// An attempt was failed by the transport before its time was over.
    package func fail(exchange: UInt64, _ failure: AttemptFailure, now: Int64) {
        guard let attempt = attempts[exchange] else {
            return failWatch(exchange: exchange, now: now)
        }
        fail(attempt, failure, now: now)
    }

    func fail(_ attempt: Attempt, _ failure: AttemptFailure, now: Int64) {
        let flight = attempt.flight
        guard end(attempt) else { return }
        counters.failedAttempts += 1
        flight.lastFailure = (attempt.upstream, failure)
        if let truncated = flight.truncated {
            return finish(flight, truncated.passedOn, now: now)
        }
        switch failure {
        // Our own shortage says nothing about the upstream.
        case .busy:
            if flight.attempts.isEmpty { giveUp(flight, now: now) }
            return
        case .malformed: counters.malformed += 1
        case .timeout, .refused, .network, .loop: break
        }
        if failure != .loop { noteFailure(of: attempt, failure, now: now) }
        goOn(flight, now: now)
    }

    /// Asks a further upstream, or gives up when there is no hope left.
    func goOn(_ flight: Flight, now: Int64) {
        if flight.canWait || attempt(flight, now: now) || flight.hasHope(now: now) { return }
        giveUp(flight, now: now)
    }

    /// Takes an attempt out of its flight; false when it has ended already.
    func end(_ attempt: Attempt) -> Bool {
        attempts.remove(attempt.exchange)
        return attempt.flight.end(attempt)
    }
}

extension MutableSpan where Element == UInt8 {
    /// Gives each letter among the eight octets at `offset` the case that a bit of `bits` tells: bit 5 of
    /// each octet. Length octets are at most 63, so none is taken for a letter.
    @_lifetime(self: copy self)
    fileprivate mutating func spell(at offset: Int, _ bits: UInt64) {
        let octets = span.uint64(at: offset)
        let lower = octets | 0x2020_2020_2020_2020
        let low7 = lower & 0x7f7f_7f7f_7f7f_7f7f
        let atLeastA = low7 &+ 0x1f1f_1f1f_1f1f_1f1f
        let aboveZ = low7 &+ 0x0505_0505_0505_0505
        let letters = (atLeastA & ~aboveZ & ~octets & 0x8080_8080_8080_8080) &>> 2
        store((octets | letters) & ~(letters & bits), at: offset)
    }
}
