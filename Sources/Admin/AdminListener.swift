import FlyingSocks
import Foundation

/// A listening socket of the admin pages.
package final class AdminListener: Sendable {
    /// Who can connect.
    package enum Reach: Sendable {
        /// Those whom the rights of the socket's file allow.
        case unixSocket
        /// Every program of this host, and so every page that a browser here shows.
        case loopback
        case network
    }

    /// Why there is none.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package let reach: Reach
    let socket: Socket

    /// Takes a nonblocking Unix socket that listens, and will close it.
    package init(unix descriptor: Int32) {
        socket = Socket(file: Socket.FileDescriptor(rawValue: descriptor))
        reach = .unixSocket
    }

    /// Opens a socket at an address of this host, in its text form.
    package init(ip: String, port: UInt16, isLoopback: Bool) throws(Failure) {
        reach = isLoopback ? .loopback : .network
        do {
            socket = try Self.open(ip, port)
        } catch SocketError.failed(_, _, let message) {
            throw Failure(description: message)
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private static func open(_ ip: String, _ port: UInt16) throws -> Socket {
        let isIPv6 = ip.contains(":")
        let socket = try Socket(domain: isIPv6 ? AF_INET6 : AF_INET, type: .stream)
        do {
            // After a restart the port is free although connections of before still end.
            try socket.setValue(true, for: .localAddressReuse)
            // An interface may get the address later, as with those for queries.
            try socket.setValue(true, for: isIPv6 ? .freeBindIPv6 : .freeBindIPv4)
            if isIPv6 {
                // Else [::] would take the port of 0.0.0.0, too.
                let onlyIPv6 = BoolSocketOption(level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY)
                try socket.setValue(true, for: onlyIPv6)
                try socket.bind(to: sockaddr_in6.inet6(ip6: ip, port: port))
            } else {
                try socket.bind(to: sockaddr_in.inet(ip4: ip, port: port))
            }
            try socket.setFlags(.nonBlocking)
        } catch {
            try? socket.close()
            throw error
        }
        // Closes it by itself when this fails.
        try socket.listen()
        return socket
    }
}

extension SocketOption where Self == BoolSocketOption {
    fileprivate static var freeBindIPv4: Self {
        BoolSocketOption(level: Int32(IPPROTO_IP), name: IP_FREEBIND)
    }
    fileprivate static var freeBindIPv6: Self {
        BoolSocketOption(level: Int32(IPPROTO_IPV6), name: IPV6_FREEBIND)
    }
}
