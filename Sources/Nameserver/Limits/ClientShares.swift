package import DNS

/// How many queries of each client wait for upstreams, over all workers. A client may have as many as there
/// is still room for others: a lone one takes half of the room, each of two a third, and a newcomer finds
/// some whatever the others do (dynamic thresholds, Choudhury and Hahne, 1998). So one device that asks for
/// random names of a domain whose servers are silent is told so at once, and nobody else notices.
///
/// One client is an IPv4 address or an IPv6 /56, as for TCP connections. It is counted in two rows of fixed
/// length, at places that the process's secret tells, and the lower count holds (a count-min sketch). Who
/// shares its place with a busy client in one row has another in the other one: to share both has a chance
/// of 1 in 2^28.
package final class ClientShares: Sendable {
    /// Where a client is counted.
    package struct Share: Sendable {
        fileprivate let first: Int
        fileprivate let second: Int
    }

    private static let rowLength = 1 << 14
    private static let ipv6Length = 56

    private let counts = AtomicTable(count: 2 * rowLength)
    private let secret: SipHash.Key

    /// `secret` is the process's.
    package init(secret: SipHash.Key) { self.secret = secret }

    package func share(of client: IPAddress) -> Share {
        let hash =
            switch client {
            case .v4(let bits): SipHash(secret).finish(rest: UInt64(bits), count: 4)
            case .v6(let high, _):
                SipHash(secret).finish(rest: high >> UInt64(64 - Self.ipv6Length), count: 7)
            }
        let mask = UInt64(Self.rowLength - 1)
        return Share(
            first: Int(hash & mask), second: Self.rowLength + Int(hash >> 32 & mask))
    }

    /// How many of the client's queries wait.
    package func count(_ share: Share) -> Int {
        Int(min(counts[share.first], counts[share.second]))
    }

    /// One more query of the client waits.
    package func begin(_ share: Share) {
        counts.increment(at: share.first)
        counts.increment(at: share.second)
    }

    package func end(_ share: Share) {
        counts.decrement(at: share.first)
        counts.decrement(at: share.second)
    }
}
