import DNS
import Foundation
import Synchronization

/// Queries at a steady rate, whatever becomes of them, over some UDP sockets with a thread each.
final class PacedLoad: Sendable {
    struct Count: Sendable {
        var sent = 0
        var answered = 0
        /// Answers with another RCODE than NOERROR.
        var failed = 0
        /// The same, of the names that `isDear` says.
        var failedDear = 0
        /// The longest that a client waited for an answer.
        var longest = Duration.zero
        /// Queries that nobody answered in `patience`.
        var lost: Int { sent - answered }

        fileprivate mutating func add(_ other: Count) {
            sent += other.sent
            answered += other.answered
            failed += other.failed
            failedDear += other.failedDear
            longest = max(longest, other.longest)
        }
    }

    /// How long an answer is waited for when no more queries are sent.
    private static let patience = Duration.seconds(5)
    private static let socketCount = 8

    private let isOver = Atomic<Bool>(false)
    private let server: Endpoint
    private let source: IPAddress
    private let interval: Duration
    private let question: @Sendable (Int) throws -> Question
    private let isDear: @Sendable (Int) -> Bool
    private let threads = Mutex<[Background<Count>]>([])

    /// Sends `rate` queries a second from an address of this host; `question` gives the one of a
    /// number, counted from 0.
    init(
        rate: Int, server: Endpoint, from source: IPAddress = .v4(0x7f00_0001),
        isDear: @escaping @Sendable (Int) -> Bool,
        _ question: @escaping @Sendable (Int) throws -> Question
    ) {
        self.server = server
        self.source = source
        self.isDear = isDear
        self.question = question
        interval = .seconds(1) / (rate / Self.socketCount)
        let started = (0..<Self.socketCount).map { index in
            Background { [self] in try run(index) }
        }
        threads.withLock { $0 = started }
    }

    /// Stops sending, waits for what is outstanding, and gives the figures.
    func stop() throws -> Count {
        isOver.store(true, ordering: .relaxed)
        return try threads.withLock { $0 }.reduce(into: Count()) { $0.add(try $1.value) }
    }

    private struct Outstanding {
        let number: Int
        let sent: ContinuousClock.Instant
    }

    private func run(_ index: Int) throws -> Count {
        let socket = try Socket(.udp, local: Endpoint(source, 0))
        // All that may be outstanding may be answered at once.
        try socket.set(SOL_SOCKET, SO_RCVBUF, 4 << 20)
        try socket.connect(to: server)
        var count = Count()
        var outstanding: [UInt16: Outstanding] = [:]
        var number = index
        var due = ContinuousClock.now
        var end: ContinuousClock.Instant?
        while true {
            let now = ContinuousClock.now
            if end == nil, isOver.load(ordering: .relaxed) { end = now + Self.patience }
            if let end, outstanding.isEmpty || now > end { return count }
            if end == nil, now >= due {
                let id = UInt16(truncatingIfNeeded: number / Self.socketCount)
                try socket.send(Query(question: try question(number), id: id).octets)
                outstanding[id] = Outstanding(number: number, sent: now)
                count.sent += 1
                number += Self.socketCount
                due += interval
            }
            let rest = max(.zero, min(due - ContinuousClock.now, .milliseconds(20)))
            guard let octets = try socket.receive(timeout: end == nil ? rest : .milliseconds(20)),
                let header = Header(octets.span),
                let query = outstanding.removeValue(forKey: header.id)
            else { continue }
            count.answered += 1
            count.longest = max(count.longest, ContinuousClock.now - query.sent)
            guard header.rcode != .noError else { continue }
            count.failed += 1
            if isDear(query.number) { count.failedDear += 1 }
        }
    }
}
