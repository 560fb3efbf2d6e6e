import DNS

/// What comes back from upstreams.
extension Forwarder {
    /// A message came for an exchange; false when it is not the answer to it and the right one may
    /// still come.
    package func receive(_ message: Span<UInt8>, exchange: UInt64, now: Int64) -> Bool {
        guard let attempt = attempts[exchange] else {
            return receiveForWatch(message, exchange: exchange, now: now)
        }
        let flight = attempt.flight
        switch ResponseCheck.verdict(message, flight.question, attempt) {
        case .notOurs:
            return false
        case .otherSpelling:
            spellingLost(attempt, now: now)
        case .truncated:
            if let response = try? UpstreamResponse(message) {
                flight.truncated = try? maker.make(
                    of: response, for: flight.question, from: attempt.upstream)
            }
            counters.truncated += 1
            sendByTCP(attempt, now: now)
        case .refusesEDNS(let hasQuestion):
            if !attempt.upstream.manners.silent(attempt.form, now: now) {
                askMorePlainly(attempt, now: now)
            } else if hasQuestion {
                return takeAnswer(message, attempt, now: now)
            } else {
                fail(attempt, .malformed, now: now)
            }
        case .malformed:
            fail(attempt, .malformed, now: now)
        case .answer:
            return takeAnswer(message, attempt, now: now)
        }
        return true
    }

    /// Takes a reply that has the right question.
    private func takeAnswer(
        _ message: Span<UInt8>, _ attempt: Attempt, now: Int64
    ) -> Bool {
        guard attempt.form.randomizesCase else {
            return takeSpelledAnswer(message, attempt, now: now)
        }
        // Names in the reply that point into its question are to have the client's spelling. The buffer
        // leaves its owner while it is used.
        var octets: [UInt8] = []
        swap(&octets, &respelled)
        defer { swap(&octets, &respelled) }
        var respelled = octets.mutableSpan
        respelled.copy(message, at: 0)
        respelled.copy(attempt.flight.question.name.octets.span, at: Header.length)
        return takeSpelledAnswer(respelled.span.extracting(..<message.count), attempt, now: now)
    }

    /// Takes a reply that has the right question as the client spells it.
    private func takeSpelledAnswer(
        _ message: Span<UInt8>, _ attempt: Attempt, now: Int64
    ) -> Bool {
        let question = attempt.flight.question
        let manners = attempt.upstream.manners
        do {
            let response = try UpstreamResponse(message)
            if attempt.form.cookie != nil, attempt.transport == .udp {
                switch manners.judge(cookie: try response.cookie(), now: now) {
                case .acceptable: break
                case .foreign: return false
                case .missing:
                    counters.suspicious += 1
                    sendByTCP(attempt, now: now)
                    return true
                }
                if response.rcode == .badCookie {
                    repeatWithNewCookie(attempt, now: now)
                    return true
                }
            }
            if response.rcode == .badVersion, attempt.form.withEDNS,
                !manners.silent(attempt.form, now: now)
            {
                askMorePlainly(attempt, now: now)
                return true
            }
            let made = try maker.make(of: response, for: question, from: attempt.upstream)
            // A connection to a server that is mostly asked over UDP has to be opened first.
            let isUsualWay = attempt.transport == .udp || attempt.upstream.address.isSecure
            attempt.upstream.answered(after: isUsualWay ? now - attempt.sentAt : nil)
            attempt.upstream.answered(question)
            if made.isRefusal {
                refused(made, attempt, now: now)
            } else {
                manners.answered(attempt, now: now)
                // Its exchange ends with this reply: there is nothing to cancel.
                _ = end(attempt)
                finish(attempt.flight, made, now: now)
            }
        } catch {
            fail(attempt, .malformed, now: now)
        }
        return true
    }

    /// The upstream could not or would not answer: further ones may know better.
    private func refused(_ made: UpstreamAnswer.Made, _ attempt: Attempt, now: Int64) {
        guard end(attempt) else { return }
        attempt.flight.refusal = made
        // It says no other to the same question. (To a repetition it may, while it still looks for the
        // answer to the first.)
        for other in attempt.flight.attempts
        where other.isRepetition && !attempt.isRepetition && other.upstream === attempt.upstream {
            commands.append(.cancel(exchange: other.exchange))
            _ = end(other)
        }
        goOn(attempt.flight, now: now)
    }

    /// Datagrams will not do for an exchange: forged replies come to it, or its reply is too large.
    package func moveToTCP(exchange: UInt64, now: Int64) {
        guard let attempt = attempts[exchange] else { return }
        counters.suspicious += 1
        sendByTCP(attempt, now: now)
    }

    private func sendByTCP(_ attempt: Attempt, now: Int64) {
        guard attempt.transport == .udp else { return }
        attempt.transport = .tcp
        attempt.form.randomizesCase = false
        attempt.form.cookie = nil
        send(attempt, now: now)
    }

    /// Once more without the cookie, then without EDNS.
    private func askMorePlainly(_ attempt: Attempt, now: Int64) {
        attempt.isPlainer = true
        if attempt.form.cookie != nil {
            attempt.form.cookie = nil
        } else {
            attempt.form.withEDNS = false
        }
        send(attempt, now: now)
    }

    /// The reply is right but for its spelling. A server that always repeats the spelling has not sent
    /// it; one of which nothing is known may be one of those that do not.
    private func spellingLost(_ attempt: Attempt, now: Int64) {
        counters.otherSpellings += 1
        if attempt.upstream.manners.spellingLost(now: now) {
            sendByTCP(attempt, now: now)
        } else {
            attempt.form.randomizesCase = false
            send(attempt, now: now)
        }
    }

    /// RFC 7873 §5.3: once more with the cookie that came along, then over TCP.
    private func repeatWithNewCookie(_ attempt: Attempt, now: Int64) {
        guard !attempt.hasNewCookie else { return sendByTCP(attempt, now: now) }
        attempt.hasNewCookie = true
        attempt.form.cookie = attempt.upstream.manners.manner(now: now, cautious: false).cookie
        send(attempt, now: now)
    }
}
