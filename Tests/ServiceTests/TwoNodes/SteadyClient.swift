import DNS
import Synchronization

/// A client that looks a name up again and again at a steady rate, whether it is answered or not.
final class SteadyClient: Sendable {
    struct Lookup: Sendable {
        let started: ContinuousClock.Instant
        var answered: ContinuousClock.Instant?
        fileprivate var attempts = 1
    }

    struct Record: Sendable {
        var lookups: [Lookup] = []
        /// Answers that came from another address than the one that was asked.
        var fromElsewhere = 0
    }

    /// How long an attempt waits, as systemd-resolved and dig with `+time=1` do at the least.
    private static let patience = Duration.seconds(1)

    private let server: Endpoint
    private let interval: Duration
    private let attempts: Int
    private let query: Query
    private let socket: Socket
    private let isOver = Atomic<Bool>(false)
    private let work = Mutex<Background<Record>?>(nil)

    /// Asks from the network of the calling thread; a lookup is sent `attempts` times at most.
    init(asking server: Endpoint, rate: Int, attempts: Int) throws {
        self.server = server
        self.attempts = attempts
        interval = .seconds(1) / rate
        query = Query(question: Question(name: try DomainName("a.vanillax.me"), type: .a))
        // It is not connected, so that it takes answers from anywhere, and is told of no closed port.
        socket = try Socket(.udp, local: Endpoint(.v4(0), 0))
        let started = Background { [self] in try run() }
        work.withLock { $0 = started }
    }

    /// Ends the lookups, and tells of all of them when the last is over.
    func stop() throws -> Record {
        isOver.store(true, ordering: .relaxed)
        return try work.withLock { $0 }?.value ?? Record()
    }

    private func run() throws -> Record {
        var record = Record()
        // Attempts in the order in which their time is over.
        var waiting: [(number: Int, until: ContinuousClock.Instant)] = []
        var due = ContinuousClock.now
        while true {
            let now = ContinuousClock.now
            let isOver = isOver.load(ordering: .relaxed)
            if isOver, waiting.isEmpty { return record }
            if !isOver, now >= due {
                waiting.append((record.lookups.count, now + Self.patience))
                try send(record.lookups.count)
                record.lookups.append(Lookup(started: now))
                due += interval
            }
            while let (number, until) = waiting.first, until <= now {
                waiting.removeFirst()
                guard record.lookups[number].answered == nil,
                    record.lookups[number].attempts < attempts
                else { continue }
                record.lookups[number].attempts += 1
                waiting.append((number, now + Self.patience))
                try send(number)
            }
            try receive(into: &record)
        }
    }

    private func send(_ number: Int) throws {
        var query = query
        query.id = UInt16(truncatingIfNeeded: number)
        try socket.send(query.octets, to: server)
    }

    /// Takes an answer if one comes within a millisecond.
    private func receive(into record: inout Record) throws {
        guard let (octets, source) = try socket.receiveWithSource(timeout: .milliseconds(1)),
            let header = Header(octets.span), header.isResponse, header.rcode == .noError,
            Int(header.id) < record.lookups.count
        else { return }
        guard source == server else {
            record.fromElsewhere += 1
            return
        }
        if record.lookups[Int(header.id)].answered == nil {
            record.lookups[Int(header.id)].answered = .now
        }
    }
}
