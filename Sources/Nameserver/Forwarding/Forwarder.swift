package import DNS

/// Decides what is asked of which upstream and when, and what its answers mean. It does no I/O and
/// has no clock: it is told what happened and at which monotonic nanosecond, and leaves commands. Each
/// worker has one, on its queue.
package final class Forwarder {
    /// The longest that one attempt may take (CoreDNS's read timeout).
    package static let attemptTimeout: Int64 = 2_000_000_000
    /// All attempts together: a stub resolver gives up after 5 s (RFC 9520 §2.1 has no figure).
    package static let totalTimeout: Int64 = 4_000_000_000

    /// Questions of one rule in flight; a rule whose upstreams are silent must leave room for the
    /// others among the exchanges that the sender can hold.
    package static let maximumInFlight = 2048

    /// What the worker is to do.
    package enum Command {
        /// Send these octets; the exchange is to be told of the reply or failure.
        case send(exchange: UInt64, to: UpstreamAddress, over: ClientTransport, octets: [UInt8])
        /// Nobody waits for a reply to this exchange any more.
        case cancel(exchange: UInt64)
        /// Process these clients' queries again, with this answer.
        case answer([Waiter], FreshAnswer)
        /// Tell the operator of a query that failed.
        case report(FailedQuery)
    }

    /// The commands since the last `takeCommands`.
    private var commands: [Command] = []
    private var exchanges: [UInt64: Exchange] = [:]
    private var probes: [UpstreamProbe] = []
    private var nextExchange: UInt64 = 1
    private var inFlight: [ObjectIdentifier: Int] = [:]
    private let worker: Int
    private let cache: ResponseCache
    private let pending: PendingQueries
    private let maker = UpstreamAnswer()
    private let name = LookupName()
    package private(set) var failedAttempts: UInt64 = 0

    package init(worker: Int, cache: ResponseCache, pending: PendingQueries) {
        self.worker = worker
        self.cache = cache
        self.pending = pending
    }

    /// Whether nothing is in flight, so that no time needs to be watched.
    package var isIdle: Bool { exchanges.isEmpty && probes.isEmpty }
    package var changedServiceRecords: UInt64 { maker.changedServiceRecords }
    package var malformedServiceRecords: UInt64 { maker.malformedServiceRecords }
    package var removedAddresses: UInt64 { maker.removedAddresses }
    package var emptiedAddressAnswers: UInt64 { maker.emptiedAddressAnswers }

    package func takeCommands() -> [Command] {
        defer { commands.removeAll(keepingCapacity: true) }
        return commands
    }

    /// Asks for `ticket`, unless the same is being asked already.
    package func ask(_ question: UpstreamQuestion, ticket: UInt64, now: Int64) {
        guard pending.join(question.key, Waiter(worker: worker, ticket: ticket)) else { return }
        let exchange = nextExchange
        nextExchange += 1
        var state = Exchange(question, now: now)
        let rule = ObjectIdentifier(question.rule)
        inFlight[rule, default: 0] += 1
        guard inFlight[rule, default: 0] <= Self.maximumInFlight else {
            state.lastFailure = .busy
            exchanges[exchange] = state
            return giveUp(exchange, now: now)
        }
        exchanges[exchange] = state
        attempt(exchange, now: now)
    }

    /// A message came for an exchange; false when it is not the answer to it and the right one may
    /// still come.
    package func receive(_ message: Span<UInt8>, exchange: UInt64, now: Int64) -> Bool {
        if let probe = probes.firstIndex(where: { $0.exchange == exchange }) {
            guard let header = Header(message), header.isResponse else { return false }
            finishProbe(at: probe)
            return true
        }
        guard let current = exchanges[exchange] else { return true }
        let verdict = ResponseCheck.verdict(
            message, current.question, over: current.transport, withEDNS: current.withEDNS,
            name: name)
        switch verdict {
        case .notOurs:
            return false
        case .truncated:
            exchanges[exchange]?.truncated = try? maker.make(of: message, for: current.question)
            exchanges[exchange]?.transport = .tcp
            send(exchange, now: now)
        case .refusesEDNS:
            exchanges[exchange]?.withEDNS = false
            send(exchange, now: now)
        case .malformed:
            fail(exchange: exchange, .malformed, now: now)
        case .answer:
            do {
                let made = try maker.make(of: message, for: current.question)
                current.upstream.answered(
                    after: current.transport == .udp ? now - current.sentAt : nil)
                if made.isRefusal {
                    exchanges[exchange]?.refusal = made
                    attempt(exchange, now: now)
                } else {
                    finish(exchange, made, now: now)
                }
            } catch {
                fail(exchange: exchange, .malformed, now: now)
            }
        }
        return true
    }

    /// Datagrams will not do for the attempt under way (forged replies, an oversized one).
    package func moveToTCP(exchange: UInt64, now: Int64) {
        guard exchanges[exchange]?.transport == .udp else { return }
        exchanges[exchange]?.transport = .tcp
        send(exchange, now: now)
    }

    /// An attempt failed before its time was over.
    package func fail(exchange: UInt64, _ failure: AttemptFailure, now: Int64) {
        if let probe = probes.firstIndex(where: { $0.exchange == exchange }) {
            probes[probe].failed(now: now)
            return
        }
        guard let current = exchanges[exchange] else { return }
        failedAttempts += 1
        exchanges[exchange]?.lastFailure = failure
        if let truncated = current.truncated {
            return finish(exchange, truncated.passedOn, now: now)
        }
        // Our own shortage says nothing about the upstream.
        guard failure != .busy else { return giveUp(exchange, now: now) }
        current.upstream.failed()
        startProbe(of: current.upstream, now: now)
        attempt(exchange, now: now)
    }

    /// Ends what has taken too long. To be called about every 50 ms while not idle.
    package func tick(now: Int64) {
        for (exchange, state) in exchanges where state.deadline <= now {
            commands.append(.cancel(exchange: exchange))
            fail(exchange: exchange, .timeout, now: now)
        }
        for index in probes.indices.reversed() {
            if let exchange = probes[index].exchange, probes[index].deadline <= now {
                commands.append(.cancel(exchange: exchange))
                probes[index].failed(now: now)
            } else if probes[index].upstream.isRetired {
                probes.remove(at: index)
            } else if probes[index].exchange == nil, probes[index].deadline <= now {
                sendProbe(at: index, now: now)
            }
        }
    }

    // MARK: Exchanges

    /// Asks the next upstream, or gives up.
    private func attempt(_ exchange: UInt64, now: Int64) {
        guard let next = exchanges[exchange]?.nextAttempt(now: now) else {
            return giveUp(exchange, now: now)
        }
        exchanges[exchange] = next
        send(exchange, now: now)
    }

    private func send(_ exchange: UInt64, now: Int64) {
        guard let state = exchanges[exchange] else { return }
        exchanges[exchange]?.sentAt = now
        exchanges[exchange]?.deadline = min(now + state.patience, state.totalDeadline)
        commands.append(
            .send(
                exchange: exchange, to: state.upstream.address, over: state.transport,
                octets: state.question.encode(withEDNS: state.withEDNS)))
    }

    private func finish(_ exchange: UInt64, _ made: UpstreamAnswer.Made, now: Int64) {
        guard let state = remove(exchange) else { return }
        let key = state.question.key
        let image = made.image.encoded
        if made.lifetime > 0 {
            name.set(state.question.name)
            cache.store(image, lifetime: made.lifetime, name, key.parameters, now: now)
        }
        commands.append(.answer(pending.complete(key), FreshAnswer(key: key, image: image)))
    }

    /// Passes on what the last upstream that refused has said. When every attempt failed: SERVFAIL,
    /// which nobody keeps (RFC 9520 would, but a hiccup is then multiplied).
    private func giveUp(_ exchange: UInt64, now: Int64) {
        if let refusal = exchanges[exchange]?.refusal {
            return finish(exchange, refusal, now: now)
        }
        guard let state = remove(exchange) else { return }
        let report = FailedQuery(
            name: state.question.name, type: state.question.type,
            upstream: state.upstream.address, failure: state.lastFailure)
        commands.append(.report(report))
        let image = AnswerImage.failure(
            .serverFailure, questionEnd: Header.length + state.question.name.octets.count + 4,
            extendedError: report.extendedError)
        let key = state.question.key
        commands.append(
            .answer(pending.complete(key), FreshAnswer(key: key, image: image.encoded)))
    }

    private func remove(_ exchange: UInt64) -> Exchange? {
        guard let state = exchanges.removeValue(forKey: exchange) else { return nil }
        let rule = ObjectIdentifier(state.question.rule)
        let left = inFlight[rule, default: 1] - 1
        inFlight[rule] = left > 0 ? left : nil
        return state
    }

    // MARK: Probes

    /// Begins to ask an upstream that failed for the root's NS records, until it answers.
    private func startProbe(of upstream: Upstream, now: Int64) {
        guard upstream.beginProbing() else { return }
        probes.append(UpstreamProbe(upstream))
        sendProbe(at: probes.count - 1, now: now)
    }

    private func sendProbe(at index: Int, now: Int64) {
        let exchange = nextExchange
        nextExchange += 1
        probes[index].sent(exchange, now: now)
        commands.append(
            .send(
                exchange: exchange, to: probes[index].upstream.address, over: .udp,
                octets: UpstreamProbe.query))
    }

    private func finishProbe(at index: Int) {
        let upstream = probes.remove(at: index).upstream
        upstream.answered()
        upstream.endProbing()
    }
}
