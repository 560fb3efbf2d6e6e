/// A UDP socket that is connected to one upstream from a random port, so that the kernel takes
/// datagrams from that upstream only and reports its ICMP refusals (RFC 5452 §9). A record:
/// `UpstreamDatagrams` acts on it. Confined to the worker's queue.
final class UpstreamSocket {
    let descriptor: Int32
    let key: SlotKey
    let upstream: SocketAddress
    /// The position in the upstream's pool; nil once the socket is replaced.
    var position: Int?
    let openedAt: Int64
    /// When it was replaced, in nanoseconds.
    var retiredAt: Int64?
    /// Queries sent so far.
    var queries = 0
    /// What became of the IDs of these queries.
    let ids = UpstreamIDs()
    /// Messages that were no replies to any of them: wrong IDs, and replies that were not taken.
    var forgeries = 0

    init(
        _ descriptor: Int32, _ key: SlotKey, _ upstream: SocketAddress, position: Int, now: Int64
    ) {
        self.descriptor = descriptor
        self.key = key
        self.upstream = upstream
        self.position = position
        openedAt = now
    }

    /// The ports to choose from: all that are not reserved for services (RFC 5452 §9.2, RFC 6056
    /// §3.2), 64 512 of them.
    private static let ports: ClosedRange<UInt16> = 1024...65_535
    /// Ports tried before giving up; a taken one is met about once in thousands.
    private static let portAttempts = 16

    /// Opens a descriptor bound to a random port and connected to the upstream.
    static func open(
        to upstream: SocketAddress, _ random: RandomSource
    ) throws(UpstreamError) -> Int32 {
        let descriptor = Syscalls.socket(ipv6: upstream.isIPv6, stream: false)
        guard descriptor >= 0 else { throw UpstreamError(errno: -descriptor) }
        // A query is shorter than any path's MTU, so that an ICMP message that denies it is wrong, or a
        // lie that would end all that waits here.
        Syscalls.allowFragments(descriptor, ipv6: upstream.isIPv6)
        var error: Int32 = 0
        for _ in 0..<portAttempts {
            let local = SocketAddress(wildcardLike: upstream, port: random.next(in: ports))
            error = Syscalls.bind(descriptor, KernelAddress(local))
            // Taken, or reserved by the administrator: another one.
            if error == 0 { break }
        }
        if error == 0 { error = Syscalls.connect(descriptor, KernelAddress(upstream)) }
        guard error == 0 else {
            Syscalls.close(descriptor)
            throw UpstreamError(errno: error)
        }
        return descriptor
    }
}

/// The sockets of one upstream: those that take new queries. Confined to the worker's queue.
final class UpstreamPool {
    let upstream: SocketAddress
    /// By position; nil where none is open.
    var sockets: [UpstreamSocket?]
    /// The socket that was drawn for the queries of `round`.
    var socketOfRound: UpstreamSocket?
    var round: UInt64 = 0

    init(_ upstream: SocketAddress, size: Int) {
        self.upstream = upstream
        sockets = Array(repeating: nil, count: size)
    }

    var isEmpty: Bool {
        for case _? in sockets { return false }
        return true
    }
}
