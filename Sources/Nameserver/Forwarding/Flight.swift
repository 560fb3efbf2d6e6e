import DNS

/// One question on its way through its rule's upstreams: the attempts that were made for it, and what
/// they came to. Owned by its forwarder's queue.
final class Flight {
    /// Where it stands among its forwarder's flights; nil once it is over.
    var place: Int?
    let question: UpstreamQuestion
    /// How many queries of the client that began it waited then.
    let waiting: Int
    /// Whether its queries are repeated, which its rule counts.
    private(set) var isRepeated = false
    /// When those who wait are told that nobody answers.
    let totalDeadline: Int64
    /// When they get an earlier answer instead, if there is one.
    var staleDeadline: Int64
    private var firstAttempt: Attempt?
    /// When the last attempt was sent that repeats no other. Nobody has been asked on behalf of those who
    /// join later.
    var lastSentAt: Int64
    /// A response that was cut, while the whole one is asked for over TCP: better than none.
    var truncated: UpstreamAnswer.Made?
    /// What an upstream said that could not or would not answer, while a further one is asked: what the
    /// clients get when none knows better.
    var refusal: UpstreamAnswer.Made?
    /// Whether clients have got an earlier answer.
    var hasServedStale = false
    /// The last attempt's failure.
    var lastFailure: (upstream: Upstream, failure: AttemptFailure)?

    private let order: UpstreamOrder
    private var startedAttempts = 0

    /// `askedAt` is when the first client asked for it, and `random` gives random numbers.
    init(_ question: UpstreamQuestion, askedAt: Int64, waiting: Int, _ random: () -> UInt64) {
        self.question = question
        self.waiting = waiting
        totalDeadline = askedAt + Forwarder.totalTimeout
        staleDeadline = question.hasOlderAnswer ? askedAt + Forwarder.stalePatience : .max
        lastSentAt = askedAt
        order = UpstreamOrder(question.rule, random)
    }

    /// How many upstreams are asked at once at the start; 0 when there is none to ask.
    var width: Int { order.width }

    /// The upstream to ask next; nil when there have been enough attempts, or no time is left.
    func nextUpstream(now: Int64) -> Upstream? {
        // After a refusal each of the others is asked once, but for those that are down: they would only
        // make the clients wait for the same.
        let limit = refusal == nil ? order.maximumAttempts : order.upCount
        while startedAttempts < limit, now < totalDeadline {
            let upstream = order.upstream(for: startedAttempts)
            startedAttempts += 1
            if !upstream.isLooping(for: question.rule.domain) { return upstream }
        }
        return nil
    }

    /// Whether upstreams are asked for the second time.
    var isSecondRound: Bool { startedAttempts > order.roundLength }

    /// Whether the next attempt had better wait: each upstream has been asked, and one may yet answer
    /// in its time.
    var canWait: Bool {
        startedAttempts >= order.roundLength && attempts.contains { !$0.isLate }
    }

    /// The transport of the attempt that was just started. One without TCP must not cost the client, or
    /// those who joined, the answer.
    func transport(to upstream: Upstream) -> ClientTransport {
        if upstream.address.isSecure { return .tcp }
        return startedAttempts <= order.width ? question.transport : .udp
    }

    /// Whether there is room among its rule's flights to repeat its queries; then it takes that.
    func mayRepeat() -> Bool {
        if !isRepeated { isRepeated = question.rule.repeatingBegins(waiting: waiting) }
        return isRepeated
    }

    /// Whether no upstream is left to be asked beside the attempt that was just started, but such as are
    /// down.
    var isRoundComplete: Bool { order.isRoundComplete(after: max(startedAttempts, order.width)) }

    /// The attempts that an answer may still come to.
    var attempts: AttemptList { AttemptList(first: firstAttempt) }

    func begin(_ attempt: Attempt) {
        guard var last = firstAttempt else { return firstAttempt = attempt }
        while let next = last.next { last = next }
        last.next = attempt
    }

    /// Takes an attempt out; false when it has ended already.
    func end(_ attempt: Attempt) -> Bool {
        if firstAttempt === attempt {
            firstAttempt = attempt.next
            return true
        }
        var current = firstAttempt
        while let before = current {
            if before.next === attempt {
                before.next = attempt.next
                return true
            }
            current = before.next
        }
        return false
    }

    func endAttempts() { firstAttempt = nil }

    /// Whether an attempt may still be answered in its time. One that may know better than who refused has
    /// all the time that there is, since it is not asked a second time.
    func hasHope(now: Int64) -> Bool {
        now < totalDeadline
            && attempts.contains {
                $0.expiry > now || refusal != nil && !$0.upstream.isDown
            }
    }
}
