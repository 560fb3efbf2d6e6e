import DNS
import Glibc
import Synchronization
import Testing

/// A system call that failed in a test.
struct SocketError: Error, CustomStringConvertible {
    let call: String
    let number: Int32

    init(_ call: String) {
        self.call = call
        number = errno
    }

    var description: String { unsafe "\(call): \(String(cString: strerror(number)))" }
}

/// An address and a port on the loopback interface.
struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    var address: IPAddress
    var port: UInt16

    /// 127.0.0.1 with this port.
    init(port: UInt16) { self.init(.v4(0x7f00_0001), port) }

    init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }

    var description: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}

enum Transport: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case udp = "UDP"
    case tcp = "TCP"

    var testDescription: String { rawValue }
}

/// A blocking socket with a timeout on every call; closed with the object.
final class Socket: Sendable {
    let descriptor: Int32

    /// A socket bound to `local`; port 0 lets the kernel choose.
    init(_ transport: Transport, local: Endpoint) throws {
        let family = local.address.isIPv4 ? AF_INET : AF_INET6
        let type = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        descriptor = socket(family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("socket") }
        if transport == .tcp { try set(SOL_SOCKET, SO_REUSEADDR, 1) }
        try check(
            "bind \(local)",
            unsafe Self.withAddress(local) { unsafe bind(descriptor, $0, $1) })
    }

    /// A connection that came in.
    init(accepted descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func connect(to remote: Endpoint) throws {
        try check(
            "connect \(remote)",
            unsafe Self.withAddress(remote) { unsafe Glibc.connect(descriptor, $0, $1) })
    }

    /// Ends what is sent; what comes can still be received.
    func closeHalf() throws { try check("shutdown", shutdown(descriptor, Int32(SHUT_WR))) }

    func listen() throws { try check("listen", Glibc.listen(descriptor, 64)) }

    /// The next connection; nil when none comes in time.
    func accept(timeout: Duration) throws -> Socket? {
        guard try waitUntilReadable(timeout) else { return nil }
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw SocketError("accept") }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return Socket(accepted: accepted)
    }

    func send(_ octets: [UInt8]) throws {
        var sent = 0
        while sent < octets.count {
            let count = unsafe octets[sent...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw SocketError("send") }
            sent += count
        }
    }

    func send(_ octets: [UInt8], to remote: Endpoint) throws {
        let count = unsafe octets.withUnsafeBytes { buffer in
            unsafe Self.withAddress(remote) { address, length in
                unsafe sendto(descriptor, buffer.baseAddress, buffer.count, 0, address, length)
            }
        }
        guard count == octets.count else { throw SocketError("sendto") }
    }

    /// The next octets, at most 65,535; nil when none come in time, empty at the end of a stream.
    func receive(timeout: Duration) throws -> [UInt8]? {
        try receiveWithSource(timeout: timeout)?.octets
    }

    /// As `receive`, with the sender of a datagram.
    func receiveWithSource(
        timeout: Duration
    ) throws -> (octets: [UInt8], source: Endpoint?)? {
        guard try waitUntilReadable(timeout) else { return nil }
        var octets = [UInt8](repeating: 0, count: 65_535)
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = unsafe octets.withUnsafeMutableBytes { buffer in
            unsafe withUnsafeMutablePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe recvfrom(descriptor, buffer.baseAddress, buffer.count, 0, $0, &length)
                }
            }
        }
        guard count >= 0 else { throw SocketError("recv") }
        return (Array(octets[..<count]), Self.endpoint(storage))
    }

    func local() throws -> Endpoint {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        try check("getsockname", result)
        guard let endpoint = Self.endpoint(storage) else { throw SocketError("address") }
        return endpoint
    }

    func waitUntilReadable(_ timeout: Duration) throws -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(timeout / .milliseconds(1))
        let result = unsafe poll(&poller, 1, max(0, milliseconds))
        guard result >= 0 || errno == EINTR else { throw SocketError("poll") }
        return result > 0
    }

    func set(_ level: Int32, _ option: Int32, _ value: Int32) throws {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        try check("setsockopt", unsafe setsockopt(descriptor, level, option, &value, size))
    }

    private func check(_ call: String, _ result: Int32) throws {
        guard result == 0 else { throw SocketError(call) }
    }

    /// Calls `body` with the C form of `endpoint`, which lives as long as the call.
    private static func withAddress<Result>(
        _ endpoint: Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        func call<Form>(_ form: Form) -> Result {
            unsafe withUnsafePointer(to: form) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<Form>.size))
                }
            }
        }
        switch endpoint.address {
        case .v4(let bits):
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = endpoint.port.bigEndian
            form.sin_addr.s_addr = bits.bigEndian
            return call(form)
        case .v6:
            var form = sockaddr_in6()
            form.sin6_family = sa_family_t(AF_INET6)
            form.sin6_port = endpoint.port.bigEndian
            unsafe withUnsafeMutableBytes(of: &form.sin6_addr) {
                unsafe $0.copyBytes(from: endpoint.address.octets)
            }
            return call(form)
        }
    }

    private static func endpoint(_ storage: sockaddr_storage) -> Endpoint? {
        unsafe withUnsafeBytes(of: storage) { raw -> Endpoint? in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let form = unsafe raw.load(as: sockaddr_in.self)
                return Endpoint(
                    .v4(UInt32(bigEndian: form.sin_addr.s_addr)), form.sin_port.bigEndian)
            case AF_INET6:
                let form = unsafe raw.load(as: sockaddr_in6.self)
                let octets = unsafe withUnsafeBytes(of: form.sin6_addr) { unsafe Array($0) }
                return IPAddress(octets: octets).map { Endpoint($0, form.sin6_port.bigEndian) }
            default: return nil
            }
        }
    }
}

/// A port that is free for UDP and TCP on 127.0.0.1 and ::1 right now, and that this run has not
/// given out before. The kernel takes none of this range by itself, so it stays free while nobody
/// listens.
func freePort() throws -> UInt16 {
    guard let ipv6 = IPAddress("::1") else { throw SocketError("::1") }
    for _ in 0..<256 {
        let port = Ports.next()
        let isFree = processCreation.withLock { _ in
            // They are taken only to see that they can be; all are closed at the end.
            let sockets = [
                try? Socket(.udp, local: Endpoint(port: port)),
                try? Socket(.tcp, local: Endpoint(port: port)),
                try? Socket(.udp, local: Endpoint(ipv6, port)),
                try? Socket(.tcp, local: Endpoint(ipv6, port)),
            ]
            return sockets.allSatisfy { $0 != nil }
        }
        if isFree { return port }
    }
    throw SocketError("no free port")
}

/// The ports below those of Linux's `ip_local_port_range`, one after the other from a random one on.
private enum Ports {
    private static let range: Range<UInt16> = 20_000..<32_768
    private static let last = Mutex(UInt16.random(in: range))

    static func next() -> UInt16 {
        last.withLock { last in
            last = last + 1 < range.upperBound ? last + 1 : range.lowerBound
            return last
        }
    }
}
