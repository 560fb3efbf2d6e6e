import DNS
import Glibc
import Testing

@testable import Transport

/// A text address with a port; 0 lets the system choose.
func endpoint(_ host: String, _ port: UInt16 = 0) throws -> SocketAddress {
    SocketAddress(ip: try #require(IPAddress(host)), port: port)
}

func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

/// Whether this host has an IPv6 loopback address.
let hasIPv6: Bool = {
    guard let peer = try? LoopbackPeer(.udp, bound: endpoint("::1")) else { return false }
    peer.close()
    return true
}()

/// A message of DNS's shape as far as this module looks: an ID and something to tell it by.
func message(_ id: UInt16, _ text: String = "a question") -> [UInt8] {
    [UInt8(id >> 8), UInt8(truncatingIfNeeded: id)] + Array(text.utf8)
}

/// The message with its length before it.
func framed(_ octets: [UInt8]) -> [UInt8] {
    [UInt8(octets.count >> 8), UInt8(truncatingIfNeeded: octets.count)] + octets
}

/// A plain socket of a test: client, or stand-in for an upstream. Waits at most five seconds.
final class LoopbackPeer {
    let descriptor: Int32
    private var isOpen = true
    private var stream: [UInt8] = []

    /// A socket bound to an address; a TCP one listens when `backlog` is given.
    init(
        _ transport: ClientTransport, bound: SocketAddress, reusingPort: Bool = false,
        backlog: Int32? = nil
    ) throws {
        descriptor = Syscalls.socket(ipv6: bound.isIPv6, stream: transport == .tcp)
        try #require(descriptor >= 0)
        if transport == .tcp { _ = Syscalls.setReuseAddress(descriptor) }
        if reusingPort { _ = Syscalls.setReusePort(descriptor) }
        let error = Syscalls.bind(descriptor, KernelAddress(bound))
        // The descriptor is closed with the object, also when this throws.
        guard error == 0 else {
            throw TransportError.system(operation: "bind", errno: error)
        }
        if let backlog { try #require(Syscalls.listen(descriptor, backlog: backlog) == 0) }
    }

    /// A client connected to a server.
    init(_ transport: ClientTransport, to server: SocketAddress) throws {
        descriptor = Syscalls.socket(ipv6: server.isIPv6, stream: transport == .tcp)
        try #require(descriptor >= 0)
        let error = Syscalls.connect(descriptor, KernelAddress(server))
        try #require(error == 0 || error == EINPROGRESS)
        if error == EINPROGRESS { try #require(waits(for: POLLOUT)) }
        try #require(Syscalls.pendingError(descriptor) == 0)
    }

    private init(accepted: Int32) { descriptor = accepted }

    deinit { close() }

    func close() {
        if isOpen { Glibc.close(descriptor) }
        isOpen = false
    }

    var local: SocketAddress {
        get throws { try #require(Syscalls.localAddress(descriptor)) }
    }

    func waits(for events: Int32, milliseconds: Int32 = 5000) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }

    /// Connects a UDP socket to a peer, or changes it.
    func connect(to peer: SocketAddress) throws {
        try #require(Syscalls.connect(descriptor, KernelAddress(peer)) == 0)
    }

    func accept() throws -> LoopbackPeer {
        try #require(waits(for: POLLIN))
        let accepted = Syscalls.accept(descriptor).descriptor
        try #require(accepted >= 0)
        return LoopbackPeer(accepted: accepted)
    }

    func send(_ octets: [UInt8]) throws {
        try #require(Syscalls.send(descriptor, octets.span) == .done(octets.count))
    }

    /// Sends a datagram from an unconnected socket.
    func send(_ octets: [UInt8], to peer: SocketAddress) throws {
        var address = KernelAddress(peer)
        let length = address.length
        let sent = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(descriptor, octets, octets.count, 0, address, length)
            }
        }
        try #require(sent == octets.count)
    }

    /// The next datagram, or nil when none comes in time.
    func receive(milliseconds: Int32 = 5000) -> [UInt8]? {
        guard waits(for: POLLIN, milliseconds: milliseconds) else { return nil }
        var octets = [UInt8](repeating: 0, count: 65_536)
        let transfer = Syscalls.receive(descriptor, into: &octets, at: 0, limit: octets.count)
        guard case .done(let count) = transfer else { return nil }
        return Array(octets[..<count])
    }

    /// The next datagram and its sender.
    func receiveFrom() throws -> (octets: [UInt8], sender: SocketAddress) {
        try #require(waits(for: POLLIN))
        var octets = [UInt8](repeating: 0, count: 65_536)
        var sender = KernelAddress()
        var length = KernelAddress.capacity
        let count = unsafe withUnsafeMutablePointer(to: &sender) { sender in
            unsafe sender.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
                unsafe recvfrom(descriptor, &octets, octets.count, 0, sender, &length)
            }
        }
        try #require(count >= 0)
        return (Array(octets[..<count]), sender.socketAddress)
    }

    /// The next framed message of a stream; nil at its end or when none comes in time.
    func receiveMessage(milliseconds: Int32 = 5000) -> [UInt8]? {
        while true {
            if stream.count >= 2 {
                let end = 2 + Int(stream[0]) << 8 + Int(stream[1])
                if stream.count >= end {
                    defer { stream.removeFirst(end) }
                    return Array(stream[2..<end])
                }
            }
            guard let octets = receive(milliseconds: milliseconds), !octets.isEmpty else {
                return nil
            }
            stream += octets
        }
    }

    /// Whether the other side closes, or has closed, without sending anything more.
    func isClosedByPeer(milliseconds: Int32 = 5000) -> Bool {
        guard waits(for: POLLIN, milliseconds: milliseconds) else { return false }
        var octet: [UInt8] = [0]
        switch Syscalls.receive(descriptor, into: &octet, at: 0, limit: 1) {
        case .done(let count): return count == 0
        case .failed: return true
        case .wouldBlock: return false
        }
    }

    func shutDownOutput() { shutdown(descriptor, Int32(SHUT_WR)) }
}

/// Sends UDP datagrams with any source port to IPv4 addresses, where the process may.
final class RawSender {
    private let descriptor: Int32

    static var isAllowed: Bool { (try? RawSender()) != nil }

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_RAW.rawValue), Int32(IPPROTO_UDP))
        try #require(descriptor >= 0)
    }

    deinit { Glibc.close(descriptor) }

    func send(_ octets: [UInt8], fromPort source: UInt16, to target: SocketAddress) throws {
        // RFC 768: ports, length, and no checksum.
        let header = [source, target.port, UInt16(8 + octets.count), 0]
        let datagram = header.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] } + octets
        var to = target
        to.port = 0
        try #require(Syscalls.connect(descriptor, KernelAddress(to)) == 0)
        try #require(Syscalls.send(descriptor, datagram.span) == .done(datagram.count))
    }
}
