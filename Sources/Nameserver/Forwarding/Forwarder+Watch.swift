import DNS

/// Time: attempts that take too long, upstreams that failed and are probed until they answer, and those
/// that may send questions back here.
extension Forwarder {
    /// Ends what has taken too long. To be called about every 50 ms while not idle.
    package func tick(now: Int64) {
        for flight in Array(flights.values) { tick(flight, now: now) }
        tickProbes(now: now)
        tickWatches(now: now)
    }

    private func tick(_ flight: Flight, now: Int64) {
        if flight.staleDeadline <= now { serveStale(flight, now: now) }
        for attempt in flight.attempts where attempt.upstream.isLooping {
            commands.append(.cancel(exchange: attempt.exchange))
            fail(attempt, .loop, now: now)
        }
        for attempt in flight.attempts where !attempt.isLate && attempt.patienceEnd <= now {
            tookTooLong(attempt, now: now)
        }
        if flights[flight.number] != nil, !flight.hasHope(now: now) { giveUp(flight, now: now) }
    }

    /// The attempt goes on, since a late answer is better than none, and another one begins.
    private func tookTooLong(_ attempt: Attempt, now: Int64) {
        let flight = attempt.flight
        attempt.isLate = true
        flight.lastFailure = (attempt.upstream, .timeout)
        counters.failedAttempts += 1
        counters.timeouts += 1
        if let truncated = flight.truncated {
            return finish(flight, truncated.passedOn, now: now)
        }
        noteFailure(of: attempt, now: now)
        lookForLoop(at: attempt.upstream, flight.question, now: now)
        self.attempt(flight, now: now)
    }

    // MARK: Probes

    /// An attempt has failed: its upstream comes last and is probed until it answers.
    func noteFailure(of attempt: Attempt, now: Int64) {
        attempt.upstream.failed()
        guard attempt.upstream.beginProbing() else { return }
        let question = attempt.flight.question.encode()
        probes.append(UpstreamProbe(attempt.upstream, question: question))
        sendProbe(at: probes.count - 1, now: now)
    }

    private func sendProbe(at index: Int, now: Int64) {
        let exchange = draw()
        let probe = probes[index]
        commands.append(
            .send(
                exchange: exchange, to: probe.upstream.address, over: probe.transport,
                octets: probe.query))
        probes[index].sent(exchange, now: now)
    }

    private func tickProbes(now: Int64) {
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

    /// A message for an exchange that is not an attempt's: that of a probe or a loop check.
    func receiveForWatch(_ message: Span<UInt8>, exchange: UInt64, now: Int64) -> Bool {
        guard let index = probes.firstIndex(where: { $0.exchange == exchange }) else { return true }
        guard let header = Header(message), header.isResponse else { return false }
        let upstream = probes.remove(at: index).upstream
        upstream.answered()
        upstream.endProbing()
        return true
    }

    func failWatch(exchange: UInt64, now: Int64) {
        guard let index = probes.firstIndex(where: { $0.exchange == exchange }) else { return }
        probes[index].failed(now: now)
    }

    // MARK: Loops

    /// Asks an upstream that does not answer for a name that comes back here if it loops.
    private func lookForLoop(at upstream: Upstream, _ question: UpstreamQuestion, now: Int64) {
        guard upstream.beginLoopCheck(now: now, interval: LoopGuard.interval),
            !watches.contains(where: { $0.upstream === upstream })
        else { return }
        watches.append(LoopWatch(upstream: upstream, question: question, deadline: now))
        check(at: watches.count - 1, now: now)
    }

    private func check(at index: Int, now: Int64) {
        let watch = watches[index]
        let token = drawRandom()
        watches[index].deadline = now + LoopGuard.patience
        guard
            let name = shared.loops.begin(watch.upstream, token: token, below: watch.question.name)
        else { return }
        let exchange = draw()
        watches[index].check = (token, exchange, now)
        counters.sent += 1
        commands.append(
            .send(
                exchange: exchange, to: watch.upstream.address,
                over: watch.upstream.address.isSecure ? .tcp : .udp,
                octets: LoopWatch.query(for: name)))
    }

    /// A check has come back, perhaps another worker's, which goes on watching.
    func foundLoop(_ upstream: Upstream, now: Int64) {
        guard upstream.foundLooping(now: now) else { return }
        commands.append(.loop(LoopNotice(upstream: upstream.address, isFound: true)))
        for flight in Array(flights.values) { tick(flight, now: now) }
    }

    /// Ends checks, and looks every now and then whether an upstream that looped still does.
    private func tickWatches(now: Int64) {
        for index in watches.indices.reversed() where watches[index].deadline <= now {
            let upstream = watches[index].upstream
            let sentAt = watches[index].check?.sentAt
            if let check = watches[index].check {
                commands.append(.cancel(exchange: check.exchange))
                shared.loops.end(check.token)
                watches[index].check = nil
            }
            guard upstream.isLooping, !upstream.isRetired else {
                watches.remove(at: index)
                continue
            }
            guard let sentAt else {
                check(at: index, now: now)
                continue
            }
            if upstream.hasLooped(since: sentAt) {
                watches[index].deadline = now + LoopGuard.interval
            } else {
                upstream.loopEnded()
                commands.append(.loop(LoopNotice(upstream: upstream.address, isFound: false)))
                watches.remove(at: index)
            }
        }
    }
}
