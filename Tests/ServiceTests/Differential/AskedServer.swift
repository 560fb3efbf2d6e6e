import DNS

/// A server that is asked many questions over one socket, one after the other.
final class AskedServer {
    private let port: UInt16
    private let transport: Transport
    private var socket: Socket
    private var stream: MessageStream
    private static let timeout = Duration.seconds(3)

    init(port: UInt16, over transport: Transport) throws {
        (self.port, self.transport) = (port, transport)
        socket = try Self.connected(to: port, over: transport)
        stream = MessageStream(socket)
    }

    private static func connected(to port: UInt16, over transport: Transport) throws -> Socket {
        let socket = try Socket(transport, local: Endpoint(.v4(0x7f00_0001), 0))
        try socket.connect(to: Endpoint(port: port))
        return socket
    }

    func ask(_ query: Query) throws -> Response {
        var octets = try? exchange(query)
        if octets == nil, transport == .tcp {
            // A server may close a connection that had many queries (RFC 7766 §6.2.3).
            socket = try Self.connected(to: port, over: transport)
            stream = MessageStream(socket)
            octets = try exchange(query)
        }
        guard let octets else { throw Failure("no answer to \(query.question) over \(transport)") }
        let response = try Response(octets)
        // A refusal may leave the question out.
        let isAbout = response.question.map { $0 == query.question } ?? (response.rcode != .noError)
        guard response.header.id == query.id, isAbout else {
            throw Failure("an answer to another question than \(query.question)")
        }
        return response
    }

    private func exchange(_ query: Query) throws -> [UInt8]? {
        switch transport {
        case .udp:
            try socket.send(query.octets)
            return try socket.receive(timeout: Self.timeout)
        case .tcp:
            try stream.send(query.octets)
            return try stream.receive(timeout: Self.timeout)
        }
    }
}
