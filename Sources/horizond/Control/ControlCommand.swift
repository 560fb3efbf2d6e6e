import DNS
import Foundation

/// A command as the server knows it: its name, and what is done with a request.
struct ControlCommand: Sendable {
    let name: String
    /// Begins to answer a request; throws when it is not one.
    let start: @Sendable (Data, ControlExchange) throws -> Void

    /// `run` is called on the control socket's queue, and leaves work to another one. It may keep the
    /// reply, and ends it once.
    init<Request: ControlRequest>(
        _ run: @escaping @Sendable (Request, ControlReply<Request.Line>) -> Void
    ) {
        name = Request.command
        start = { line, exchange in
            try Self.refuseUnknownKeys(of: line, in: Request.self)
            run(try JSONDecoder().decode(Request.self, from: line), ControlReply(exchange))
        }
    }

    /// A key that is misspelt would be left out, and more done than is meant: `flush` without a name
    /// takes all.
    private static func refuseUnknownKeys<Request: ControlRequest>(
        of line: Data, in request: Request.Type
    ) throws {
        let object = try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
        let unknown = Set(object.keys).subtracting(ControlProtocol.Header.keys + Request.keys)
        guard let key = unknown.min() else { return }
        let keys =
            Request.keys.isEmpty ? "no keys" : "the keys: \(Request.keys.joined(separator: ", "))"
        throw ControlRefusal("unknown key \(key.quoted); \(Request.command) has \(keys)")
    }
}

/// A request that is not taken, and why.
struct ControlRefusal: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Where a command writes its answer, on any queue.
struct ControlReply<Line: Codable & Sendable>: Sendable {
    private let exchange: ControlExchange

    init(_ exchange: ControlExchange) { self.exchange = exchange }

    /// The number of the user who asks; nil when it is not known.
    var user: UInt32? { exchange.user }

    /// Writes a line. A reader who leaves megabytes unread loses the connection.
    func send(_ line: Line) { exchange.write(ControlProtocol.line(line)) }

    /// Writes a line if the reader has not left much unread; false when the line is lost.
    func offer(_ line: Line) -> Bool {
        exchange.hasRoom && exchange.write(ControlProtocol.line(line))
    }

    /// Whether `offer` would take a line.
    var hasRoom: Bool { exchange.hasRoom }

    func end() { exchange.end(ControlProtocol.End(done: true)) }

    func fail(_ error: String) { exchange.end(ControlProtocol.End(error: error)) }

    /// Calls `body` when the tool goes before the end, at once if it has gone.
    func onCancel(_ body: @escaping @Sendable () -> Void) { exchange.onCancel(body) }
}
