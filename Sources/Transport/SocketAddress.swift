package import DNS
internal import Glibc

/// An address and a port, and the interface's index for link-local IPv6 addresses.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    package var ip: IPAddress
    package var port: UInt16
    /// The interface's index (RFC 4007 §6); 0 for none.
    package var scope: UInt32

    package init(ip: IPAddress, port: UInt16, scope: UInt32 = 0) {
        self.ip = ip
        self.port = port
        self.scope = scope
    }

    /// A port on all addresses of the other's family.
    init(wildcardLike other: SocketAddress, port: UInt16) {
        self.init(ip: other.ip.isIPv4 ? .v4(0) : .v6(0, 0), port: port)
    }

    /// `127.0.0.1:53`, `[::1]:53`, `[fe80::1%2]:53`.
    package var description: String {
        if ip.isIPv4 { return "\(ip):\(port)" }
        return scope == 0 ? "[\(ip)]:\(port)" : "[\(ip)%\(scope)]:\(port)"
    }

    /// Whether its sockets are IPv6 sockets.
    var isIPv6: Bool { !ip.isIPv4 }

    /// Whether this is 0.0.0.0 or `::`, so that a query may come to any of the host's addresses.
    var isWildcard: Bool { ip == .v4(0) || ip == .v6(0, 0) }
}

/// A socket address in the kernel's layout, `sockaddr_in` or `sockaddr_in6`: 28 octets as four
/// words. A plain value: it is copied in and out of the kernel's structures as it is.
struct KernelAddress: Sendable {
    // Family (host order), port (network order), and the IPv4 address or the IPv6 flow label.
    private var head: UInt64 = 0
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    private var interface: UInt32 = 0

    /// How many octets the kernel reads or writes at most (`sizeof(struct sockaddr_in6)`).
    static let capacity: UInt32 = 28

    init() {}

    /// The address for a socket of the given family. On an IPv6 socket that also serves IPv4 an
    /// IPv4 address is written as its mapped form (RFC 4291 §2.5.5.2).
    init(_ address: SocketAddress, onIPv6Socket: Bool) {
        let port = UInt64(address.port.bigEndian) << 16
        switch address.ip {
        case .v4(let bits) where onIPv6Socket:
            head = UInt64(AF_INET6) | port
            low = (0xffff_0000_0000 | UInt64(bits)).bigEndian
        case .v4(let bits):
            head = UInt64(AF_INET) | port | UInt64(bits.bigEndian) << 32
        case .v6(let high, let low):
            head = UInt64(AF_INET6) | port
            self.high = high.bigEndian
            self.low = low.bigEndian
            interface = address.scope
        }
    }

    init(_ address: SocketAddress) {
        self.init(address, onIPv6Socket: !address.ip.isIPv4)
    }

    private var isIPv6: Bool { head & 0xffff == UInt64(AF_INET6) }

    /// How many octets of this value the kernel takes for its family.
    var length: UInt32 { isIPv6 ? 28 : 16 }

    var port: UInt16 { UInt16(truncatingIfNeeded: head >> 16).bigEndian }

    /// The address; a mapped IPv6 address comes as IPv4.
    var ip: IPAddress {
        isIPv6
            ? IPAddress.unmapped(high.bigEndian, low.bigEndian)
            : .v4(UInt32(truncatingIfNeeded: head >> 32).bigEndian)
    }

    var socketAddress: SocketAddress { SocketAddress(ip: ip, port: port, scope: interface) }
}
