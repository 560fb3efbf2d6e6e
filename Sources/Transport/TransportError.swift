package import DNS
internal import Glibc

/// Why a socket for clients could not be opened.
package enum TransportError: Error, Equatable, Sendable {
    /// Another socket, of this program or not, has the port.
    case addressInUse(SocketAddress, ClientTransport)
    /// A port below 1024 without the right to it.
    case permissionDenied(SocketAddress, ClientTransport)
    /// No interface has this address.
    case addressNotAvailable(SocketAddress)
    /// Any other system call that failed, with its errno.
    case system(operation: String, errno: Int32)
}

extension TransportError: CustomStringConvertible {
    /// One line for the operator: what failed, where, and what to look at.
    package var description: String {
        switch self {
        case .addressInUse(let address, let transport):
            let hint = address.port == 53 ? "; systemd-resolved's stub listener? see README" : ""
            return "address already in use: \(address)/\(transport.rawValue)\(hint)"
        case .permissionDenied(let address, let transport):
            return "permission denied: \(address)/\(transport.rawValue);"
                + " needs CAP_NET_BIND_SERVICE or a port above 1023"
        case .addressNotAvailable(let address):
            return "no interface has this address: \(address)"
        case .system(let operation, let errno):
            return "\(operation): \(Syscalls.describe(errno))"
        }
    }

    /// Whether the host does not know the address's family, as one that was booted without IPv6.
    package var isWithoutFamily: Bool {
        guard case .system(_, let errno) = self else { return false }
        return errno == EAFNOSUPPORT
    }

    /// What a failed call on the way to a listening socket means.
    init(_ operation: String, _ errno: Int32, _ address: SocketAddress, _ over: ClientTransport) {
        switch errno {
        case EADDRINUSE: self = .addressInUse(address, over)
        case EACCES, EPERM: self = .permissionDenied(address, over)
        case EADDRNOTAVAIL: self = .addressNotAvailable(address)
        default: self = .system(operation: operation, errno: errno)
        }
    }
}

/// Why an exchange with an upstream has ended without a reply.
package enum UpstreamError: Error, Equatable, Sendable {
    /// Nothing listens there: an ICMP port unreachable, or TCP's RST to a connection attempt.
    case refused
    /// The TCP connection was reset.
    case reset
    /// The upstream closed the TCP connection before it replied.
    case closed
    /// No route, or the network or host is down; also a TCP connection attempt without answer.
    case unreachable
    /// This worker's bound on exchanges, descriptors or queued octets is reached.
    case exhausted
    /// Any other errno.
    case system(errno: Int32)

    init(errno: Int32) {
        switch errno {
        case ECONNREFUSED: self = .refused
        case ECONNRESET, EPIPE, ECONNABORTED: self = .reset
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ETIMEDOUT, EADDRNOTAVAIL:
            self = .unreachable
        case EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN: self = .exhausted
        default: self = .system(errno: errno)
        }
    }
}
