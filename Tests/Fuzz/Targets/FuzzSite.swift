import DNS
import Nameserver

/// A server without sockets: a processor, a forwarder and an upstream that answers what the target
/// says. Every response is held against the oracle.
final class FuzzSite {
    /// What the upstream answers: its query and transport to octets; nil for silence.
    typealias Upstream = (_ query: [UInt8], ClientTransport) -> [UInt8]?

    /// A resolution asks upstream less often than its chain of aliases has links, twice each.
    private static let maximumRounds = 64
    private static let maximumCommands = 1024

    private let snapshot: Snapshot
    private let processor: QueryProcessor
    private let forwarder: Forwarder
    /// Monotonic nanoseconds.
    private var now: Int64
    private var answered: FreshAnswer?

    /// `now` is monotonic nanoseconds.
    init(
        _ snapshot: Snapshot, cache: ResponseCache = FuzzSite.emptyCache(),
        now: Int64 = 1_000_000_000_000
    ) {
        self.snapshot = snapshot
        self.now = now
        processor = QueryProcessor(cache: cache, snapshot: snapshot)
        // The same spellings in every run.
        var generator = FuzzRandom()
        forwarder = Forwarder(worker: 0, shared: Forwarder.Shared(cache: cache)) {
            generator.next()
        }
    }

    static func emptyCache() -> ResponseCache {
        ResponseCache(size: 1 << 20, seed: FuzzZones.seed)
    }

    func advance(seconds: Int64) { now += seconds * 1_000_000_000 }

    /// Asks until there is a response, checks it and returns it; nil when the message is dropped.
    @discardableResult
    func ask(
        _ message: [UInt8], from client: IPAddress, over transport: ClientTransport,
        upstream: Upstream
    ) throws(Finding) -> [UInt8]? {
        let size = transport == .udp ? EDNS.maximumUDPSize : 65_535
        // What a response forgets to write would show.
        var buffer = [UInt8](repeating: 0xee, count: size)
        var fresh: [FreshAnswer] = []
        for _ in 0..<Self.maximumRounds {
            var span = buffer.mutableSpan
            processor.setTime(now, unixTime: 0)
            let disposition = processor.process(
                message.span, from: client, over: transport, on: snapshot, fresh: fresh,
                into: &span)
            switch disposition {
            case .drop:
                try ResponseOracle.check(nil, to: message, over: transport)
                return nil
            case .respond(let length):
                let response = Array(buffer[..<length])
                try ResponseOracle.check(response, to: message, over: transport)
                return response
            case .forward:
                guard let question = processor.upstreamQuestion else {
                    throw Finding("nothing to forward of \(hexadecimal(message))")
                }
                fresh.append(try resolve(question, upstream))
            }
        }
        throw Finding("forwarded without end: \(hexadecimal(message))")
    }

    /// Gives the query up, as when too many wait.
    func giveUp(
        _ message: [UInt8], from client: IPAddress, over transport: ClientTransport
    ) throws(Finding) {
        var buffer = [UInt8](repeating: 0xee, count: EDNS.maximumUDPSize)
        var span = buffer.mutableSpan
        let length = processor.giveUp(
            message.span, from: client, over: transport, snapshot: snapshot,
            because: ExtendedErrorOption(ExtendedError.notReady, "busy"), into: &span)
        guard length > 0 else { return }
        try ResponseOracle.check(Array(buffer[..<length]), to: message, over: transport)
    }

    /// Lets the forwarder ask until it has an answer or gives up.
    private func resolve(
        _ question: UpstreamQuestion, _ upstream: Upstream
    ) throws(Finding) -> FreshAnswer {
        answered = nil
        forwarder.ask(question, ticket: 1, waiting: 1, now: now)
        for _ in 0..<Self.maximumCommands {
            guard let command = forwarder.nextCommand() else { break }
            try carryOut(command, upstream)
            if let answered { return answered }
        }
        throw Finding("no answer and no failure for \(question.name) \(question.type)")
    }

    private func carryOut(
        _ command: Forwarder.Command, _ upstream: Upstream
    ) throws(Finding) {
        switch command {
        case .send(let attempt):
            let query = attempt.sentMessage
            try send(query, attempt.exchange, reply: upstream(query, attempt.sentOver))
        case .sendCheck(let check):
            let query = check.message
            // A probe is always answered, so that no input leaves the upstream down for the next.
            let isProbe = query.count == 17
            let reply = isProbe ? [0, 0, 0x81] + query[3...] : upstream(query, check.transport)
            try send(query, check.exchange, reply: reply)
        case .answer(let waiters, let fresh):
            try require(waiters.all == [Waiter(worker: 0, ticket: 1)], "others wait: \(waiters)")
            answered = fresh
        case .late, .cancel, .report, .trouble, .loop: break
        }
    }

    private func send(
        _ query: [UInt8], _ exchange: UInt64, reply: [UInt8]?
    ) throws(Finding) {
        let message = try StrictMessage(query)
        try require(!message.isResponse && message.questionCount == 1, "a bad query upstream")
        if reply.map({ forwarder.receive($0.span, exchange: exchange, now: now) }) != true {
            forwarder.fail(exchange: exchange, .timeout, now: now)
        }
    }
}

/// Numbers that look random and are the same in every run.
private struct FuzzRandom {
    private var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
