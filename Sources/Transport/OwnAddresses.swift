internal import DNS

/// The addresses and ports of a loop's UDP listeners. A datagram that comes from one of them is a
/// forgery, sent to make the server answer itself: nothing else can have the port.
struct OwnAddresses {
    private var endpoints: Set<SocketAddress> = []
    /// A bit for the lower six bits of each listener's port: all that most datagrams are looked at.
    private var portBits: UInt64 = 0

    mutating func insert(_ address: SocketAddress) {
        endpoints.insert(Self.unscoped(address))
        portBits |= Self.bit(address.port)
    }

    mutating func remove(_ address: SocketAddress) {
        endpoints.remove(Self.unscoped(address))
        portBits = endpoints.reduce(0) { $0 | Self.bit($1.port) }
    }

    /// Whether a sender may be one of the listeners. False is certain.
    @inline(__always)
    func mayContain(port: UInt16) -> Bool { portBits & Self.bit(port) != 0 }

    func contains(_ peer: KernelAddress) -> Bool {
        endpoints.contains(Self.unscoped(peer.socketAddress))
    }

    @inline(__always)
    private static func bit(_ port: UInt16) -> UInt64 { 1 << UInt64(port & 63) }

    /// A configured address names no interface.
    private static func unscoped(_ address: SocketAddress) -> SocketAddress {
        SocketAddress(ip: address.ip, port: address.port)
    }
}
