package import DNS
internal import Glibc

/// Why a socket for clients could not be opened.
package enum TransportError: Error, Equatable, Sendable {
    /// Another socket, of this program or not, has the port.
    case addressInUse(SocketAddress, ClientTransport)
    /// A port below 1024 without the right to it.
    case permissionDenied(SocketAddress, ClientTransport)
    /// The same where socket units pass sockets, but none for this address.
    case notPassed(SocketAddress, ClientTransport)
    /// No interface has this address.
    case addressNotAvailable(SocketAddress)
    /// The host does not know the address's family, as one that was booted without IPv6.
    case familyNotSupported(SocketAddress)
    /// Any other system call that failed, with its errno.
    case system(operation: String, errno: Int32)
}

extension TransportError: CustomStringConvertible {
    /// One line for the operator: what failed, where, and what to look at.
    package var description: String {
        switch self {
        case .addressInUse(let address, let transport):
            let hint = address.port == 53 ? ", often systemd-resolved (see horizond(8))" : ""
            return "address already in use: \(address)/\(transport.rawValue);"
                + " `ss -lnp sport = :\(address.port)` says by whom\(hint)"
        case .permissionDenied(let address, let transport):
            return "permission denied: \(address)/\(transport.rawValue);"
                + " needs CAP_NET_BIND_SERVICE or a port above 1023"
        case .notPassed(let address, let transport):
            return "\(Self.permissionDenied(address, transport)), or a socket unit that passes it"
        case .addressNotAvailable(let address):
            return "no interface has \(address.ip), so that \(address) cannot be listened at;"
                + " take it out of \"listen\", or give the address to an interface first"
        case .familyNotSupported(let address):
            return
                "this host has no \(address.ip.isIPv4 ? "IPv4" : "IPv6"), so that \(address) cannot be"
                + " listened at; take it out of \"listen\""
        case .system(let operation, let errno):
            return "the system call \(operation) failed: \(Syscalls.describe(errno))"
        }
    }

    /// What a failed call on the way to a listening socket means.
    init(_ operation: String, _ errno: Int32, _ address: SocketAddress, _ over: ClientTransport) {
        switch errno {
        case EADDRINUSE: self = .addressInUse(address, over)
        case EACCES, EPERM: self = .permissionDenied(address, over)
        case EADDRNOTAVAIL: self = .addressNotAvailable(address)
        case EAFNOSUPPORT: self = .familyNotSupported(address)
        default: self = .system(operation: operation, errno: errno)
        }
    }
}
