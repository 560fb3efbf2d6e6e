import DNS
import Synchronization

/// What a rule asks a server for, and what it tells it.
struct UpstreamUse: Hashable {
    let domain: DomainName
    let clientSubnet: AddressPrefix?
}

/// What all workers know of one upstream server: whether it answers, how fast, and how it is best
/// spoken to. Lives as long as the configuration names it, also over reloads.
package final class Upstream: Sendable {
    package let address: UpstreamAddress
    let manners: UpstreamManners
    /// Probes that failed in a row since the last answer; an attempt's failure starts the probing.
    private let failedProbes = Atomic<Int>(0)
    /// Whether a worker is probing it now.
    private let isProbed = Atomic<Bool>(false)
    private let retired = Atomic<Bool>(false)
    private let hasFailed = Atomic<Bool>(false)
    /// When it failed first since its last answer, in monotonic nanoseconds.
    private let failingSince = Atomic<Int64>(0)
    private let lastFailure = Mutex<AttemptFailure?>(nil)
    /// A query for the first question that it answered, by which rule, and whether there is one.
    private let firstAnswered = Mutex<(query: [UInt8], use: UpstreamUse)?>(nil)
    private let hasAnsweredQuestion = Atomic<Bool>(false)
    /// By which rules it is asked; nil before a reload.
    private let uses = Mutex<Set<UpstreamUse>?>(nil)

    /// The smoothed time to an answer and its variation (RFC 6298 §2), in nanoseconds; 0 before the
    /// first.
    private let smoothedTime = Atomic<Int64>(0)
    private let variation = Atomic<Int64>(0)

    /// The rules' domains for which it sends questions back here, and when that was seen last, in
    /// monotonic nanoseconds.
    private let loops = Mutex<[DomainName: Int64]>([:])
    private let loopCount = Atomic<Int>(0)
    private let loopCheckedAt = Atomic<Int64>(.min)

    private let sentCount = Atomic<UInt64>(0)
    private let answerCount = Atomic<UInt64>(0)
    private let failureCount = Atomic<UInt64>(0)
    private let probeCount = Atomic<UInt64>(0)
    private let failedProbeCount = Atomic<UInt64>(0)

    /// A resolver that has to ask others takes its time for a new name, so not less than what most
    /// of those take; and not so long that a client would notice a server that is gone.
    private static let shortestPatience: Int64 = 400_000_000
    private static let longestPatience: Int64 = 800_000_000

    /// More failed probes in a row than this, and the upstream counts as down (CoreDNS `max_fails`).
    static let maximumFailedProbes = 2

    init(_ address: UpstreamAddress, cookieKey: SipHash.Key) {
        self.address = address
        manners = UpstreamManners(address, cookieKey: cookieKey)
    }

    /// Whether no rule names it any more.
    var isRetired: Bool { retired.load(ordering: .relaxed) }

    func retire() { retired.store(true, ordering: .relaxed) }

    /// It is asked by these rules alone from now on. What it was asked by others may be nobody's business
    /// any more, and whether it looped there nobody looks.
    func change(to new: Set<UpstreamUse>) {
        uses.withLock { $0 = new }
        let isForgotten = firstAnswered.withLock { answered in
            guard let use = answered?.use, !new.contains(use) else { return false }
            answered = nil
            return true
        }
        if isForgotten { hasAnsweredQuestion.store(false, ordering: .relaxed) }
        let domains = Set(new.map(\.domain))
        let gone = loops.withLock { loops in
            let gone = loops.keys.filter { !domains.contains($0) }
            for domain in gone { loops[domain] = nil }
            return gone.count
        }
        loopCount.subtract(gone, ordering: .relaxed)
    }

    /// Whether a rule of before, on which queries may still wait, is one of the present.
    private func isUsed(_ matches: (UpstreamUse) -> Bool) -> Bool {
        uses.withLock { $0?.contains(where: matches) ?? true }
    }

    // MARK: Health

    /// A query goes to it.
    func asked() { sentCount.add(1, ordering: .relaxed) }

    /// It has answered, whatever it said; `time` is how long that took, in nanoseconds, if it tells
    /// about the way there.
    func answered(after time: Int64? = nil) {
        answerCount.add(1, ordering: .relaxed)
        failedProbes.store(0, ordering: .relaxed)
        hasFailed.store(false, ordering: .relaxed)
        guard let time else { return }
        // RFC 6298 §2. Two workers at a time may lose a sample, which does no harm.
        let known = smoothedTime.load(ordering: .relaxed)
        if known == 0 {
            smoothedTime.store(max(time, 1), ordering: .relaxed)
            variation.store(time / 2, ordering: .relaxed)
        } else {
            let old = variation.load(ordering: .relaxed)
            variation.store((3 * old + abs(known - time)) / 4, ordering: .relaxed)
            smoothedTime.store((7 * known + time) / 8, ordering: .relaxed)
        }
    }

    /// It has answered this question.
    func answered(_ question: UpstreamQuestion) {
        guard !hasAnsweredQuestion.load(ordering: .relaxed), isUsed({ $0 == question.rule.use })
        else { return }
        hasAnsweredQuestion.store(true, ordering: .relaxed)
        let query = question.encode()
        firstAnswered.withLock { $0 = (query, question.rule.use) }
    }

    /// A query for a question that it has answered; nil before.
    var answeredQuestion: [UInt8]? { firstAnswered.withLock { $0?.query } }

    /// An attempt at it has failed: others come first until it answers. Whether that is news.
    @discardableResult
    func failed(_ failure: AttemptFailure, now: Int64) -> Bool {
        failureCount.add(1, ordering: .relaxed)
        lastFailure.withLock { $0 = failure }
        let isNews = !hasFailed.exchange(true, ordering: .relaxed)
        if isNews { failingSince.store(now, ordering: .relaxed) }
        return isNews
    }

    /// How the last attempt that failed did.
    package var failure: AttemptFailure? { lastFailure.withLock { $0 } }

    /// Whether it has failed since it last answered.
    package var isFailing: Bool { hasFailed.load(ordering: .relaxed) }

    /// Whether it surely fails, and did not just leave a single name without an answer: a probe took longer
    /// than it usually does, or it was more than silent.
    func isSurelyFailing(now: Int64) -> Bool {
        guard isFailing else { return false }
        return now - failingSince.load(ordering: .relaxed) >= patience || failure != .timeout
    }

    /// The smoothed time to an answer in nanoseconds; 0 before the first.
    package var responseTime: Int64 { smoothedTime.load(ordering: .relaxed) }

    /// How long it is waited for when another one can be asked, in nanoseconds: as long as it may
    /// take by what it took so far.
    var patience: Int64 {
        guard let expected = longestExpected else { return Self.longestPatience }
        return min(max(expected, Self.shortestPatience), Self.longestPatience)
    }

    /// Whether it is unusual that it takes longer than `patience`.
    var isQuick: Bool { longestExpected.map { $0 <= Self.longestPatience } ?? false }

    /// How long an answer takes at most, by those so far; nil before the first.
    private var longestExpected: Int64? {
        let time = responseTime
        return time > 0 ? time + 4 * variation.load(ordering: .relaxed) : nil
    }

    func probed() { probeCount.add(1, ordering: .relaxed) }

    func probeFailed() {
        failedProbes.add(1, ordering: .relaxed)
        failedProbeCount.add(1, ordering: .relaxed)
    }

    /// Whether the caller is the one to probe it, until `endProbing`.
    func beginProbing() -> Bool {
        isProbed.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    }

    func endProbing() { isProbed.store(false, ordering: .relaxed) }

    /// A server that is down is asked only when the others have failed twice.
    package var isDown: Bool {
        failedProbes.load(ordering: .relaxed) > Self.maximumFailedProbes
    }

    // MARK: Loops

    /// Whether it sends what some rule asks it back to this server.
    package var isLooping: Bool { loopCount.load(ordering: .relaxed) > 0 }

    /// Whether it does so with the questions of the rule for `domain`.
    func isLooping(for domain: DomainName) -> Bool {
        isLooping && loops.withLock { $0[domain] != nil }
    }

    /// It has sent a question of the rule for `domain` back; true when that is news.
    func foundLooping(for domain: DomainName, now: Int64) -> Bool {
        guard isUsed({ $0.domain == domain }) else { return false }
        let isNews = loops.withLock { $0.updateValue(now, forKey: domain) == nil }
        if isNews { loopCount.add(1, ordering: .relaxed) }
        return isNews
    }

    /// Whether it was seen to loop since `time`.
    func hasLooped(for domain: DomainName, since time: Int64) -> Bool {
        loops.withLock { ($0[domain] ?? .min) >= time }
    }

    func loopEnded(for domain: DomainName) {
        let hasEnded = loops.withLock { $0.removeValue(forKey: domain) != nil }
        if hasEnded { loopCount.subtract(1, ordering: .relaxed) }
    }

    /// Whether the caller is to look for a loop: nobody has for `interval`.
    func beginLoopCheck(now: Int64, interval: Int64) -> Bool {
        let last = loopCheckedAt.load(ordering: .relaxed)
        guard last == .min || now - last >= interval else { return false }
        return loopCheckedAt.compareExchange(expected: last, desired: now, ordering: .relaxed)
            .exchanged
    }

    // MARK: Counters

    /// Queries sent to it, answers that came from it, and attempts that failed.
    package var counts: (sent: UInt64, answered: UInt64, failed: UInt64) {
        (
            sentCount.load(ordering: .relaxed), answerCount.load(ordering: .relaxed),
            failureCount.load(ordering: .relaxed)
        )
    }

    /// Probes sent to it, and those of them that failed.
    package var probes: (sent: UInt64, failed: UInt64) {
        (probeCount.load(ordering: .relaxed), failedProbeCount.load(ordering: .relaxed))
    }
}
