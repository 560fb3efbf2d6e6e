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
            run(try JSONDecoder().decode(Request.self, from: line), ControlReply(exchange))
        }
    }
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
