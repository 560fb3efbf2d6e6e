import DNS
import Foundation
import Synchronization

/// Queries sent without a pause on a thread of its own, with every answer counted.
final class Load: Sendable {
    struct Count: Equatable, Sendable {
        var sent = 0
        var answered = 0
        /// Answers with another RCODE than NOERROR.
        var failed = 0
    }

    private let count = Mutex(Count())
    private let isOver = Atomic<Bool>(false)
    private let done = DispatchSemaphore(value: 0)

    /// How many queries are outstanding at most: the kernel's receive buffer holds about 190.
    private static let window = 32
    /// A query that is not answered by then counts as lost.
    private static let patience = Duration.seconds(3)

    /// Asks for the names, one after the other and again from the start.
    init(
        _ names: [String], _ type: RRType = .a, server: Endpoint, over transport: Transport = .udp
    ) throws {
        let socket = try Socket(transport, local: Endpoint(port: 0))
        try socket.connect(to: server)
        let questions = try names.map { Question(name: try DomainName($0), type: type) }
        let thread = Thread { [self] in
            run(Connection(socket, transport), questions)
            done.signal()
        }
        thread.start()
    }

    /// Stops sending, waits for what is outstanding, and gives the figures.
    func stop() -> Count {
        isOver.store(true, ordering: .relaxed)
        done.wait()
        return count.withLock { $0 }
    }

    var sent: Int { count.withLock { $0.sent } }

    /// Messages over either transport.
    private struct Connection {
        private let socket: Socket
        private let transport: Transport
        private var stream: MessageStream

        init(_ socket: Socket, _ transport: Transport) {
            self.socket = socket
            self.transport = transport
            stream = MessageStream(socket)
        }

        func send(_ message: [UInt8]) throws {
            if transport == .udp { try socket.send(message) } else { try stream.send(message) }
        }

        mutating func receive() throws -> [UInt8]? {
            transport == .udp
                ? try socket.receive(timeout: Load.patience)
                : try stream.receive(timeout: Load.patience)
        }
    }

    private func run(_ connection: consuming Connection, _ questions: [Question]) {
        var outstanding: Set<UInt16> = []
        var next = 0
        while true {
            while outstanding.count < Self.window, !isOver.load(ordering: .relaxed) {
                let id = UInt16(truncatingIfNeeded: next)
                let query = Query(question: questions[next % questions.count], id: id)
                guard !outstanding.contains(id), (try? connection.send(query.octets)) != nil else {
                    break
                }
                outstanding.insert(id)
                next += 1
                count.withLock { $0.sent += 1 }
            }
            guard !outstanding.isEmpty else {
                guard isOver.load(ordering: .relaxed) else { continue }
                return
            }
            guard let octets = try? connection.receive(),
                let header = Header(octets.span)
            else { return }
            guard outstanding.remove(header.id) != nil else { continue }
            count.withLock {
                $0.answered += 1
                if header.rcode != .noError { $0.failed += 1 }
            }
        }
    }
}
