import DNS
import Synchronization

/// What all workers know of one upstream server. Lives as long as the configuration names it, also
/// over reloads.
package final class Upstream: Sendable {
    package let address: UpstreamAddress
    /// Probes that failed in a row since the last answer; an attempt's failure starts the probing.
    private let failedProbes = Atomic<Int>(0)
    /// Whether a worker is probing it now.
    private let isProbed = Atomic<Bool>(false)
    private let retired = Atomic<Bool>(false)

    private let hasFailed = Atomic<Bool>(false)
    /// The smoothed time to an answer and its variation (RFC 6298 §2), in nanoseconds; 0 before the
    /// first.
    private let smoothedTime = Atomic<Int64>(0)
    private let variation = Atomic<Int64>(0)

    /// A resolver that has to ask others takes its time for a new name, so not less than what most
    /// of those take; and not so long that a client would notice a server that is gone.
    private static let shortestPatience: Int64 = 400_000_000
    private static let longestPatience: Int64 = 800_000_000

    /// More failed probes in a row than this, and the upstream counts as down (CoreDNS `max_fails`).
    static let maximumFailedProbes = 2

    init(_ address: UpstreamAddress) {
        self.address = address
    }

    /// Whether no rule names it any more.
    var isRetired: Bool { retired.load(ordering: .relaxed) }

    func retire() { retired.store(true, ordering: .relaxed) }

    /// It has answered, whatever it said; `time` is how long that took, in nanoseconds, if it tells
    /// about the way there.
    func answered(after time: Int64? = nil) {
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

    /// An attempt at it has failed: others come first until it answers.
    func failed() { hasFailed.store(true, ordering: .relaxed) }

    /// Whether it has failed since it last answered.
    var isFailing: Bool { hasFailed.load(ordering: .relaxed) }

    /// How long it is waited for when another one can be asked, in nanoseconds: as long as it may
    /// take by what it took so far.
    var patience: Int64 {
        let time = smoothedTime.load(ordering: .relaxed)
        guard time > 0 else { return Self.longestPatience }
        let expected = time + 4 * variation.load(ordering: .relaxed)
        return min(max(expected, Self.shortestPatience), Self.longestPatience)
    }

    func probeFailed() { failedProbes.add(1, ordering: .relaxed) }

    /// Whether the caller is the one to probe it, until `endProbing`.
    func beginProbing() -> Bool {
        isProbed.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    }

    func endProbing() { isProbed.store(false, ordering: .relaxed) }

    /// A server that is down is asked only when no other one is up.
    package var isDown: Bool {
        failedProbes.load(ordering: .relaxed) > Self.maximumFailedProbes
    }
}

/// The upstream servers by address, so that a reload keeps what is known of them.
package final class UpstreamRegistry: Sendable {
    private let upstreams = Mutex<[UpstreamAddress: Upstream]>([:])

    package init() {}

    package func upstream(_ address: UpstreamAddress) -> Upstream {
        upstreams.withLock { upstreams in
            if let known = upstreams[address] { return known }
            let upstream = Upstream(address)
            upstreams[address] = upstream
            return upstream
        }
    }

    /// Forgets the servers that no rule names any more.
    package func keep(only addresses: Set<UpstreamAddress>) {
        upstreams.withLock { upstreams in
            for (address, upstream) in upstreams where !addresses.contains(address) {
                upstream.retire()
                upstreams[address] = nil
            }
        }
    }
}

/// A forward rule with its servers' state, shared by all workers.
package final class ActiveForwardRule: Sendable {
    let domain: DomainName
    package let upstreams: [Upstream]
    let lifetimes: CacheLifetimes
    /// Distinguishes cached answers of rules that may give different ones, so that nothing that came
    /// from one view's upstreams is served in another that asks others. Equal rules have equal values,
    /// so that a reload or a restart keeps their answers.
    let cacheIdentity: UInt64

    init(_ rule: ForwardRule, upstreams registry: UpstreamRegistry) {
        domain = rule.domain
        upstreams = rule.upstreams.map(registry.upstream)
        lifetimes = rule.cache
        cacheIdentity = CacheIdentity.of(
            "\(rule.upstreams) \(lifetimes.maximum) \(lifetimes.minimum) "
                + "\(lifetimes.negativeMaximum) \(lifetimes.failures) "
                + (rule.clientSubnet?.description ?? ""))
    }
}
