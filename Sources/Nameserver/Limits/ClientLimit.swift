import DNS

/// How many queries a second a client may send, or how many answers of one kind it gets.
package struct ClientLimit: Hashable, Sendable {
    package var rate: Int
    /// How many at once, after a pause.
    package var burst: Int
    /// Who counts as one client: those whose addresses begin with as many equal bits.
    package var ipv4Length: Int
    package var ipv6Length: Int
    /// Whom it does not concern.
    package var allowed: [AddressPrefix] = []
    /// Of so many answers over the limit one is sent cut, so that a client whose address is its own goes on
    /// over TCP; 0 for none. Of forged queries that makes answers as short as these.
    package var slip = 2

    /// The rate and a burst of ten seconds of it: a page with a hundred names has each device ask 300
    /// questions at once. One client is a household: an IPv4 address, an IPv6 /56.
    package static func queries(_ rate: Int) -> ClientLimit {
        ClientLimit(
            rate: rate, burst: min(10 * rate, bursts.upperBound), ipv4Length: 32, ipv6Length: 56)
    }

    /// The rate without a further burst, and the networks that BIND and Knot take for one victim.
    package static func responses(_ rate: Int) -> ClientLimit {
        ClientLimit(rate: rate, burst: rate, ipv4Length: 24, ipv6Length: 56)
    }

    /// For a view that serves anybody: over a page a second for each household, and no use as a source of
    /// floods.
    package static let queriesOfAnybody = queries(100)
    /// A resolver asks for one RRset once in its TTL; a client without a cache hardly 20 times a second.
    package static let responsesToAnybody = responses(20)

    /// At the upper end an interval is 78 ticks of the table's clock, exact to a hundredth.
    package static let rates = 1...100_000
    package static let bursts = 1...1_000_000
}

/// A limit, ready for queries.
struct ActiveClientLimit: Sendable {
    let pace: PaceTable.Pace
    let slip: Int
    private let ipv4Length: Int
    private let ipv6Length: Int
    private let allowed: PrefixTable?

    init(_ limit: ClientLimit) {
        pace = PaceTable.Pace(rate: limit.rate, burst: limit.burst)
        slip = limit.slip
        ipv4Length = limit.ipv4Length
        ipv6Length = limit.ipv6Length
        allowed = limit.allowed.isEmpty ? nil : PrefixTable(limit.allowed.map { ($0, 0) })
    }

    /// With whom a client is counted; nil when the limit does not concern it.
    func prefix(of client: IPAddress) -> AddressPrefix? {
        if let allowed, allowed.value(for: client) != nil { return nil }
        return AddressPrefix(
            containing: client, length: client.isIPv4 ? ipv4Length : ipv6Length)
    }
}

/// A view's limits. An object, so that a view without any costs a query one look.
final class ViewLimits: Sendable {
    let queries: ActiveClientLimit?
    let responses: ActiveClientLimit?

    /// nil where nothing is limited.
    init?(queries: ClientLimit?, responses: ClientLimit?) {
        guard queries != nil || responses != nil else { return nil }
        self.queries = queries.map { ActiveClientLimit($0) }
        self.responses = responses.map { ActiveClientLimit($0) }
    }
}
