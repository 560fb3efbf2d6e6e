import DNS
import Synchronization

/// A forward rule with its servers' state, shared by all workers.
package final class ActiveForwardRule: Sendable {
    let domain: DomainName
    /// Where it stands in the configuration.
    let place: ConfigurationPlace?
    package let upstreams: [Upstream]
    let policy: UpstreamPolicy
    let lifetimes: CacheLifetimes
    let clientSubnet: AddressPrefix?
    /// Distinguishes cached answers of rules that may give different ones, so that nothing that came
    /// from one view's upstreams is served in another that asks others. Equal rules have equal values,
    /// so that a reload or a restart keeps their answers.
    let cacheIdentity: UInt64
    private let flights = Atomic<Int>(0)
    /// Those of them whose queries are repeated.
    private let repeatedFlights = Atomic<Int>(0)

    init(_ rule: ForwardRule, upstreams registry: UpstreamRegistry) {
        domain = rule.domain
        place = rule.place
        upstreams = rule.upstreams.map(registry.upstream)
        policy = rule.policy
        lifetimes = rule.cache
        clientSubnet = rule.clientSubnet
        // Their order decides who is asked first, not whose answers these are.
        let names = rule.upstreams.map(\.description).sorted()
        cacheIdentity = CacheIdentity.of(
            "\(names) \(lifetimes.maximum) \(lifetimes.minimum) "
                + "\(lifetimes.negativeMaximum) \(lifetimes.failures) \(lifetimes.stale) "
                + (rule.clientSubnet?.description ?? ""))
    }

    var use: UpstreamUse { UpstreamUse(domain: domain, clientSubnet: clientSubnet) }

    /// Whether its servers are asked just in the order of the configuration: mostly.
    var isInOrder: Bool {
        guard upstreams.count == 1 || policy == .sequential else { return false }
        for upstream in upstreams
        where upstream.isFailing || upstream.isDown || upstream.isLooping { return false }
        return true
    }

    /// Counts a flight that begins; returns how many there are, over all workers.
    func flightBegins() -> Int { flights.add(1, ordering: .relaxed).newValue }

    /// Counts a flight whose queries are to be repeated; false when they are not. A client with `waiting`
    /// queries has as many repeated as there is still room for others (as in `ClientShares`): a lone one
    /// half of the room. So one that asks for many dead names takes it from nobody else.
    func repeatingBegins(waiting: Int) -> Bool {
        let room = Forwarder.maximumRepeated - repeatedFlights.load(ordering: .relaxed)
        guard waiting < room else { return false }
        repeatedFlights.add(1, ordering: .relaxed)
        return true
    }

    /// What newer answers than those that clients still get have as their `waiting`: half of the room.
    static var waitingForRefresh: Int { Forwarder.maximumRepeated / 2 }

    /// How many more questions may be in flight.
    package var room: Int { Forwarder.maximumInFlight - flights.load(ordering: .relaxed) }

    func flightEnds(wasRepeated: Bool) {
        flights.subtract(1, ordering: .relaxed)
        if wasRepeated { repeatedFlights.subtract(1, ordering: .relaxed) }
    }

    /// Whether none of its servers has answered lately.
    func isFailing(now: Int64) -> Bool {
        upstreams.allSatisfy { $0.isSurelyFailing(now: now) || $0.isLooping(for: domain) }
    }
}
