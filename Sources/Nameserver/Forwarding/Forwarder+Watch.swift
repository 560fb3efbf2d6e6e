import DNS

/// Time: attempts that take too long, upstreams that failed and are probed until they answer, and those
/// that may send questions back here.
extension Forwarder {
    /// Ends what has taken too long. To be called about every 50 ms while not idle.
    package func tick(now: Int64) {
        for flight in flights.all { tick(flight, now: now) }
        let returned = returned
        self.returned = []
        for check in returned { failAll(check, now: now) }
        tickProbes(now: now)
        tickWatches(now: now)
    }

    private func tick(_ flight: Flight, now: Int64) {
        if flight.staleDeadline <= now { serveStale(flight, now: now) }
        let domain = flight.question.rule.domain
        for attempt in flight.attempts where attempt.upstream.isLooping(for: domain) {
            failForLoop(attempt, now: now)
        }
        for attempt in flight.attempts where !attempt.isLate && attempt.patienceEnd <= now {
            tookTooLong(attempt, now: now)
        }
        for attempt in flight.attempts where attempt.repeatedAt <= now && attempt.expiry > now {
            // Once after the time that an answer usually takes, once after twice that time more.
            attempt.repeatedAt += 2 * (attempt.repeatedAt - attempt.sentAt)
            if flight.refusal?.upstream !== attempt.upstream { askAgain(attempt, now: now) }
        }
        if flight.place != nil, !flight.hasHope(now: now) { giveUp(flight, now: now) }
    }

    /// The attempt goes on, since a late answer is better than none, and another one begins.
    private func tookTooLong(_ attempt: Attempt, now: Int64) {
        let flight = attempt.flight
        attempt.isLate = true
        if attempt.upstream.isQuick { commands.append(.late(exchange: attempt.exchange)) }
        flight.lastFailure = (attempt.upstream, .timeout)
        counters.failedAttempts += 1
        counters.timeouts += 1
        if let truncated = flight.truncated {
            return finish(flight, truncated.passedOn, now: now)
        }
        attempt.upstream.manners.silent(attempt.form, now: now)
        noteFailure(of: attempt, .timeout, now: now)
        lookForLoop(at: attempt.upstream, flight.question, now: now)
        self.attempt(flight, now: now)
    }

    // MARK: Probes

    /// An attempt has failed: its upstream comes last and is probed until it answers.
    func noteFailure(of attempt: Attempt, _ failure: AttemptFailure, now: Int64) {
        let isNews = attempt.upstream.failed(failure, now: now)
        // Where there is no other one, each query tells.
        if isNews, case .network(let reason) = failure,
            attempt.flight.question.rule.upstreams.count > 1
        {
            let trouble = UpstreamTrouble(upstream: attempt.upstream.address, reason: reason)
            commands.append(.trouble(trouble))
        }
        guard attempt.upstream.beginProbing() else { return }
        let question = attempt.flight.question.encode()
        probes.append(UpstreamProbe(attempt.upstream, question: question))
        sendProbe(at: probes.count - 1, now: now)
    }

    /// Asks an upstream that no query has gone to yet whether it answers, until it does.
    package func probe(_ upstream: Upstream, now: Int64) {
        guard upstream.beginProbing() else { return }
        probes.append(UpstreamProbe(upstream))
        sendProbe(at: probes.count - 1, now: now)
    }

    private func sendProbe(at index: Int, now: Int64) {
        let exchange = drawExchange()
        let probe = probes[index]
        commands.append(
            .sendCheck(
                UpstreamCheck(
                    exchange: exchange, to: probe.upstream, message: probe.query)))
        probes[index].sent(exchange, now: now)
    }

    private func tickProbes(now: Int64) {
        for index in probes.indices.reversed() {
            if let exchange = probes[index].exchange, probes[index].deadline <= now {
                commands.append(.cancel(exchange: exchange))
                probes[index].failed(now: now)
            } else if probes[index].upstream.isRetired || probes[index].isOver {
                if let exchange = probes[index].exchange {
                    commands.append(.cancel(exchange: exchange))
                }
                endProbing(at: index)
            } else if probes[index].exchange == nil, probes[index].deadline <= now {
                sendProbe(at: index, now: now)
            }
        }
    }

    /// A message for an exchange that is not an attempt's: that of a probe or a loop check.
    func receiveForWatch(_ message: Span<UInt8>, exchange: UInt64, now: Int64) -> Bool {
        guard let index = probes.firstIndex(where: { $0.exchange == exchange }) else { return true }
        guard let header = Header(message), header.isResponse else { return false }
        probes[index].upstream.answered()
        endProbing(at: index)
        return true
    }

    private func endProbing(at index: Int) {
        let upstream = probes[index].upstream
        upstream.endProbing()
        // Another worker may have seen it fail just before, and left the probing to this one.
        if upstream.isFailing, !upstream.isRetired, upstream.beginProbing() {
            probes[index].beginAgain()
        } else {
            probes.remove(at: index)
        }
    }

    func failWatch(exchange: UInt64, now: Int64) {
        guard let index = probes.firstIndex(where: { $0.exchange == exchange }) else { return }
        probes[index].failed(now: now)
    }

    // MARK: Loops

    /// Asks an upstream that does not answer for names that come back here if it loops.
    private func lookForLoop(at upstream: Upstream, _ question: UpstreamQuestion, now: Int64) {
        guard upstream.beginLoopCheck(now: now, interval: LoopGuard.interval) else { return }
        watches.append(LoopWatch(upstream: upstream, question: question, deadline: now))
        check(at: watches.count - 1, now: now)
        let token = random()
        if let name = shared.loops.begin(upstream, below: question.name, token: token) {
            sendCheck(of: watches.count - 1, token, name)
        }
    }

    /// Looks whether questions of a rule come back.
    private func check(at index: Int, now: Int64) {
        watches[index].deadline = now + LoopGuard.patience
        watches[index].sentAt = now
        let token = random()
        let (upstream, rule) = (watches[index].upstream, watches[index].rule)
        let second = random()
        if let name = shared.loops.begin(upstream, below: rule, token: token, second: second) {
            sendCheck(of: index, token, name)
        }
    }

    private func sendCheck(of index: Int, _ token: UInt64, _ name: DomainName) {
        let exchange = drawExchange()
        watches[index].checks.append((token, exchange))
        counters.sent += 1
        commands.append(
            .sendCheck(
                UpstreamCheck(
                    exchange: exchange, to: watches[index].upstream,
                    message: LoopWatch.query(for: name))))
    }

    /// A check has come back, perhaps another worker's, which goes on watching.
    func foundLoop(_ check: LoopGuard.Check, now: Int64) {
        if check.isOfRule {
            guard check.upstream.foundLooping(for: check.domain, now: now) else { return }
            commands.append(
                .loop(
                    LoopNotice(
                        upstream: check.upstream.address, domain: check.domain, isFound: true)))
        }
        // The rule's own check left together with one for a name, and may have gone to another worker.
        // It is to be heard first, since it explains more.
        if check.isOfRule {
            failAll(check, now: now)
        } else if !returned.contains(where: { $0.name == check.name }) {
            returned.append(check)
        }
    }

    private func failAll(_ check: LoopGuard.Check, now: Int64) {
        let looping = attempts.all.filter {
            $0.upstream === check.upstream && $0.flight.question.name.isAtOrBelow(check.domain)
                && (!check.isOfRule || $0.flight.question.rule.domain == check.domain)
        }
        for attempt in looping { failForLoop(attempt, now: now) }
    }

    private func failForLoop(_ attempt: Attempt, now: Int64) {
        commands.append(.cancel(exchange: attempt.exchange))
        fail(attempt, .loop, now: now)
    }

    /// Ends checks, and looks every now and then whether an upstream that looped still does.
    private func tickWatches(now: Int64) {
        for index in watches.indices.reversed() where watches[index].deadline <= now {
            let watch = watches[index]
            for check in watch.checks {
                commands.append(.cancel(exchange: check.exchange))
                shared.loops.end(check.token)
            }
            watches[index].checks = []
            watches[index].sentAt = nil
            let (upstream, domain) = (watch.upstream, watch.rule.domain)
            guard upstream.isLooping(for: domain), !upstream.isRetired else {
                watches.remove(at: index)
                continue
            }
            guard let sentAt = watch.sentAt else {
                check(at: index, now: now)
                continue
            }
            if upstream.hasLooped(for: domain, since: sentAt) {
                watches[index].deadline = now + LoopGuard.interval
            } else {
                upstream.loopEnded(for: domain)
                commands.append(
                    .loop(
                        LoopNotice(upstream: upstream.address, domain: domain, isFound: false)))
                watches.remove(at: index)
            }
        }
    }
}
