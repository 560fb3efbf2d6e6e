import DNS
import Glibc

/// A client's TCP connection: many queries, answers in any order.
final class TCPClient {
    private var stream: MessageStream
    private let socket: Socket

    /// Connects from a loopback address.
    convenience init(_ server: Server, from address: String = "127.0.0.1") throws {
        guard let source = IPAddress(address) else { throw Failure("\(address): no address") }
        try self.init(Endpoint(port: server.port), from: source)
    }

    init(_ server: Endpoint, from source: IPAddress) throws {
        socket = try Socket(.tcp, local: Endpoint(source, 0))
        try socket.connect(to: server)
        try socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        stream = MessageStream(socket)
    }

    /// A query as it goes over the wire, its length before it.
    static func framed(_ name: String, _ id: UInt16, _ type: RRType = .a) throws -> [UInt8] {
        let question = Question(name: try DomainName(name), type: type)
        let octets = Query(question: question, id: id).octets
        return [UInt8(octets.count >> 8), UInt8(octets.count & 0xff)] + octets
    }

    func send(_ octets: [UInt8]) throws { try socket.send(octets) }

    func send(_ name: String, id: UInt16, _ type: RRType = .a) throws {
        try send(try Self.framed(name, id, type))
    }

    /// The next answer; nil when none comes in time or the connection ends.
    func receive(timeout: Duration = .seconds(5)) throws -> Response? {
        try stream.receive(timeout: timeout).map { try Response($0) }
    }

    /// The IDs of the next answers, in their order.
    func receiveIDs(_ count: Int, timeout: Duration = .seconds(5)) throws -> [UInt16] {
        try (0..<count).compactMap { _ in try receive(timeout: timeout)?.header.id }
    }

    /// Asks, and says whether the answer came.
    func isServed(_ name: String, id: UInt16 = 1, timeout: Duration = .seconds(5)) -> Bool {
        do {
            try send(name, id: id)
            return try receive(timeout: timeout)?.header.id == id
        } catch {
            return false
        }
    }

    /// Says that no more queries come.
    func shutDownOutput() { shutdown(socket.descriptor, Int32(SHUT_WR)) }

    /// How a connection is, after at most `timeout`.
    enum End: Equatable {
        case open
        /// The server's orderly end, nothing before it.
        case ended
        case reset
        case data
    }

    func end(within timeout: Duration) -> End {
        do {
            guard let octets = try socket.receive(timeout: timeout) else { return .open }
            return octets.isEmpty ? .ended : .data
        } catch {
            return .reset
        }
    }
}
