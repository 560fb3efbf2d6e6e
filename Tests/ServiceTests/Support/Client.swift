import DNS

/// What keeps a test from going on: no answer in time, a process that does not start.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A DNS client on a loopback address of its own.
struct Client: Sendable {
    var server: Endpoint
    /// The address that the server sees; any of 127.0.0.0/8, or ::1.
    var source: IPAddress = .v4(0x7f00_0001)
    var timeout = Duration.seconds(6)

    func from(_ address: String) throws -> Client {
        guard let address = IPAddress(address) else { throw Failure("\(address): no address") }
        var client = self
        client.source = address
        return client
    }

    /// Asks one question and waits for the answer to it.
    func ask(
        _ name: String, _ type: RRType, over transport: Transport = .udp,
        edns: UInt16? = 1232, rrClass: UInt16 = RRClass.internet, timeout: Duration? = nil
    ) throws -> Response {
        let question = Question(name: try DomainName(name), type: type, rrClass: rrClass)
        return try ask(Query(question: question, ednsSize: edns), over: transport, timeout: timeout)
    }

    /// Sends a query and waits for the answer to it.
    func ask(
        _ query: Query, over transport: Transport = .udp, timeout: Duration? = nil
    ) throws -> Response {
        let octets = try exchange(
            query.octets, over: transport, timeout: timeout ?? self.timeout)
        let response = try Response(octets)
        guard response.header.isResponse, response.header.id == query.id else {
            throw Failure("an answer to another question: \(response.header)")
        }
        guard response.question == query.question else {
            let answered = String(describing: response.question)
            throw Failure("asked \(query.question), answered \(answered)")
        }
        return response
    }

    /// Sends one message and gives the next one that comes back.
    func exchange(
        _ octets: [UInt8], over transport: Transport, timeout: Duration
    ) throws -> [UInt8] {
        let socket = try Socket(transport, local: Endpoint(source, 0))
        try socket.connect(to: server)
        switch transport {
        case .udp:
            try socket.send(octets)
            guard let answer = try socket.receive(timeout: timeout) else {
                throw Failure("no answer over UDP from \(server) in \(timeout)")
            }
            return answer
        case .tcp:
            var stream = MessageStream(socket)
            try stream.send(octets)
            guard let answer = try stream.receive(timeout: timeout) else {
                throw Failure("no answer over TCP from \(server) in \(timeout)")
            }
            return answer
        }
    }
}

/// Messages with their two octets of length on a TCP connection (RFC 1035 §4.2.2).
struct MessageStream {
    let socket: Socket
    private var buffer: [UInt8] = []

    init(_ socket: Socket) { self.socket = socket }

    func send(_ message: [UInt8]) throws {
        try socket.send([UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message)
    }

    /// The next message; nil when the peer closes or nothing comes in time.
    mutating func receive(timeout: Duration) throws -> [UInt8]? {
        let deadline = ContinuousClock.now + timeout
        while true {
            if buffer.count >= 2 {
                let end = 2 + (Int(buffer[0]) << 8 | Int(buffer[1]))
                if buffer.count >= end {
                    defer { buffer.removeFirst(end) }
                    return Array(buffer[2..<end])
                }
            }
            let left = deadline - ContinuousClock.now
            guard left > .zero, let more = try socket.receive(timeout: left), !more.isEmpty
            else { return nil }
            buffer += more
        }
    }
}

/// How long `body` takes.
func elapsed<Result>(_ body: () throws -> Result) rethrows -> (Result, Duration) {
    let start = ContinuousClock.now
    let result = try body()
    return (result, ContinuousClock.now - start)
}

/// Waits until `condition` holds, and says whether it does.
func eventually(
    within limit: Duration = .seconds(5), _ condition: () throws -> Bool
) rethrows -> Bool {
    let deadline = ContinuousClock.now + limit
    while true {
        if try condition() { return true }
        guard ContinuousClock.now < deadline else { return false }
        pause(.milliseconds(10))
    }
}
