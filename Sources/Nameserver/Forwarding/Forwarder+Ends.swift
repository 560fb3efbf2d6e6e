import DNS

/// How flights end: with an answer, with an earlier one, or with a failure; and who gets it.
extension Forwarder {
    /// Stores an answer and gives it to those who wait.
    func finish(_ flight: Flight, _ made: UpstreamAnswer.Made, now: Int64) {
        guard remove(flight) else { return }
        let key = flight.question.key
        let image = made.image
        name.set(flight.question.name)
        if made.isRefusal, flight.question.hasOlderAnswer {
            shared.cache.postponeRecheck(
                name, key.parameters, until: now + Self.staleRecheckInterval)
            let answer = staleAnswer(flight.question, now: now)
            return self.answer(
                shared.pending.complete(key),
                answer ?? FreshAnswer(key: key, image: image, upstream: made.upstream))
        }
        if made.lifetime > 0 {
            if let denial = made.denial {
                shared.cache.storeDenial(
                    image, ofSubtree: denial == .subtree, lifetime: made.lifetime, name,
                    key.parameters, now: now)
            } else {
                shared.cache.store(
                    image, lifetime: made.lifetime, name, key.parameters, now: now)
            }
        }
        answer(
            shared.pending.complete(key),
            FreshAnswer(key: key, image: image, upstream: made.upstream))
    }

    /// Passes on what the last upstream that refused has said. When every attempt failed: an earlier
    /// answer, if there is one; else SERVFAIL, which nobody keeps (RFC 9520 would, but a hiccup is
    /// then multiplied).
    func giveUp(_ flight: Flight, now: Int64) {
        if let refusal = flight.refusal { return finish(flight, refusal, now: now) }
        guard remove(flight) else { return }
        let question = flight.question
        let (upstream, failure) = flight.lastFailure ?? (question.rule.upstreams[0], .timeout)
        let (failed, nextJoinedAt) = shared.pending.fail(
            question.key, askedBefore: flight.lastSentAt)
        name.set(question.name)
        if question.hasOlderAnswer {
            shared.cache.postponeRecheck(
                name, question.key.parameters, until: now + Self.staleRecheckInterval)
        }
        let older = staleAnswer(question, now: now)
        // Of a loop of the whole rule the operator has been told, and a refresh that failed is no
        // client's failure while there is an answer.
        let isKnown = failure == .loop && upstream.isLooping(for: question.rule.domain)
        let concernsClients = !failed.isEmpty || flight.hasServedStale
        if !isKnown, concernsClients || !question.hasOlderAnswer {
            commands.append(
                .report(
                    FailedQuery(question, failure, at: upstream, isBridged: older != nil)))
        }
        answer(failed, older ?? self.failure(of: question, failure, at: upstream))
        guard let nextJoinedAt else { return }
        start(
            Flight(question, askedAt: nextJoinedAt, waiting: flight.waiting, random), now: now)
    }

    /// Gives an answer past its lifetime to those who have waited long enough; the flight goes on for
    /// the sake of a newer one, and meanwhile nobody else has to wait (RFC 8767 §5).
    func serveStale(_ flight: Flight, now: Int64) {
        flight.staleDeadline = .max
        guard let answer = staleAnswer(flight.question, now: now) else { return }
        flight.hasServedStale = true
        shared.cache.postponeRecheck(
            name, flight.question.key.parameters, until: now + Self.staleRecheckInterval)
        self.answer(shared.pending.takeWaiters(flight.question.key), answer)
    }

    private func staleAnswer(_ question: UpstreamQuestion, now: Int64) -> FreshAnswer? {
        guard question.hasOlderAnswer else { return nil }
        name.set(question.name)
        let hit = shared.cache.copyStale(
            name, question.key.parameters, limit: question.rule.lifetimes.stale, now: now,
            to: scratch)
        guard hit != nil else { return nil }
        return FreshAnswer(key: question.key, image: scratch.copied, isStale: true)
    }

    func failure(
        of question: UpstreamQuestion, _ failure: AttemptFailure, at upstream: Upstream
    ) -> FreshAnswer {
        let image = AnswerImage.failure(
            .serverFailure, questionEnd: Header.length + question.name.octets.count + 4,
            extendedError: FailedQuery(question, failure, at: upstream).extendedError)
        return FreshAnswer(key: question.key, image: image)
    }

    func answer(_ waiters: Waiters, _ answer: FreshAnswer) {
        if !waiters.isEmpty { commands.append(.answer(waiters, answer)) }
    }

    /// Takes a flight off, with the attempts that are still under way; false when it has ended.
    private func remove(_ flight: Flight) -> Bool {
        guard flights.remove(flight) else { return false }
        for attempt in flight.attempts {
            attempts.remove(attempt.exchange)
            commands.append(.cancel(exchange: attempt.exchange))
        }
        flight.endAttempts()
        flight.question.rule.flightEnds(wasRepeated: flight.isRepeated)
        return true
    }
}
