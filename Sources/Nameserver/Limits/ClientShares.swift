package import DNS

/// How many queries of each client wait for upstreams, over all workers. A client may have as many as there
/// is still room for others: a lone one takes half of the room, each of two a third, and a newcomer finds
/// some whatever the others do (dynamic thresholds, Choudhury and Hahne, 1998). So one device that asks for
/// random names of a domain whose servers are silent is told so at once, and nobody else notices.
///
/// One client is one address: the hosts of a home share an IPv6 prefix of whatever length, and one of them must
/// not speak for the others. (With many addresses a host gets more, and still leaves a place to a newcomer;
/// of strangers `rate-limit` counts a prefix.) It is counted in two rows of fixed length, at places that the
/// process's secret tells, and the lower count holds (a count-min sketch). Who shares its place with a busy
/// client in one row has another in the other one: to share both has a chance of 1 in 2^28.
package final class ClientShares: Sendable {
    /// Where a client is counted.
    package struct Share: Sendable {
        fileprivate let first: Int
        fileprivate let second: Int
    }

    private static let rowLength = 1 << 14
    private let counts = AtomicTable(count: 2 * rowLength)
    private let secret: SipHash.Key

    /// `secret` is the process's.
    package init(secret: SipHash.Key) { self.secret = secret }

    /// `isProven` says that the query is the client's and not forged: such ones are counted apart, so that
    /// whoever forges an address takes no room from the client that has it.
    package func share(of client: IPAddress, isProven: Bool) -> Share {
        var keyed = SipHash(secret)
        keyed.combine(isProven ? 1 : 0)
        let hash: UInt64
        switch client {
        case .v4(let bits): hash = keyed.finish(rest: UInt64(bits), count: 12)
        case .v6(let high, let low):
            keyed.combine(high)
            keyed.combine(low)
            hash = keyed.finish(count: 24)
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
