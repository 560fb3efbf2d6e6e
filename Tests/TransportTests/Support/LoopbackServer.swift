import DNS
import Dispatch
import Testing

@testable import Transport

/// What a scripted handler does with a query.
enum Scripted {
    case now([UInt8])
    /// The path is kept in `ScriptedHandler.paths`.
    case later
    case drop
}

/// A handler that records everything and answers by script. Touched on the loop's queue only.
final class ScriptedHandler: NetworkHandler {
    var answer: ([UInt8]) -> Scripted = { .now($0) }
    /// What it does with a path while the query that it came with is still being handled.
    var onPath: (ReplyPath, [UInt8]) -> Void = { _, _ in }
    var takesReply: ([UInt8]) -> Bool = { _ in true }
    var onFailure: () -> Void = {}
    var onTrouble: (UInt64) -> Void = { _ in }
    /// What the handler does when the loop was woken.
    var onMessages: () -> Void = {}
    /// What it does when a round begins.
    var onRoundBegan: () -> Void = {}

    var queries: [(octets: [UInt8], client: SocketAddress, transport: ClientTransport)] = []
    var paths: [(path: ReplyPath, octets: [UInt8])] = []
    var replies: [(exchange: UInt64, octets: [UInt8])] = []
    var failures: [(exchange: UInt64, error: UpstreamError)] = []
    var troubles: [(exchange: UInt64, trouble: DatagramTrouble)] = []
    var rounds = 0
    var ticks = 0
    /// How many queries had come when answers were sent, each time.
    var sentAfter: [Int] = []
    var messagesCount = 0

    func query(
        _ message: Span<UInt8>, from client: IPAddress, over transport: ClientTransport,
        _ arrival: Arrival, _ response: inout MutableSpan<UInt8>
    ) -> Int {
        let octets = message.array(0..<message.count)
        let client = SocketAddress(ip: client, port: arrival.clientPort)
        queries.append((octets, client, transport))
        switch answer(octets) {
        case .now(let octets):
            response.copy(octets.span, at: 0)
            return octets.count
        case .later:
            let path = arrival.replyPath()
            paths.append((path, octets))
            onPath(path, octets)
            return 0
        case .drop:
            return 0
        }
    }

    func upstreamReply(_ message: Span<UInt8>, exchange: UInt64) -> Bool {
        let octets = message.array(0..<message.count)
        guard takesReply(octets) else { return false }
        replies.append((exchange, octets))
        return true
    }

    func upstreamFailure(exchange: UInt64, error: UpstreamError) {
        failures.append((exchange, error))
        onFailure()
    }

    func upstreamUnfit(exchange: UInt64, because trouble: DatagramTrouble) {
        troubles.append((exchange, trouble))
        onTrouble(exchange)
    }

    func roundBegan(now: Int64) {
        rounds += 1
        onRoundBegan()
    }
    func roundEnded() {}
    func tick(now: Int64) { ticks += 1 }

    func answersSent() { sentAfter.append(queries.count) }

    func messages() {
        messagesCount += 1
        onMessages()
    }
}

/// A running loop on a queue of its own, listening on a port of the system's choice.
final class LoopbackServer {
    let queue = DispatchQueue(label: "loopback")
    let loop: NetworkLoop
    let handler = ScriptedHandler()
    let address: SocketAddress

    /// Its turns are short, for `onQueue` waits until one is over.
    init(
        _ host: String? = "127.0.0.1", limits: TransportLimits = TransportLimits(),
        turn: Int64 = MonotonicClock.nanosecondsPerMillisecond,
        census: ConnectionCensus = ConnectionCensus(),
        answer: @escaping ([UInt8]) -> Scripted = { .now($0) }
    ) throws {
        loop = try NetworkLoop(queue: queue, limits: limits, census: census, turn: turn)
        handler.answer = answer
        if let host {
            let pair = try ListeningSockets.open(try endpoint(host), workers: 1)[0]
            address = pair.address
            try loop.add(pair)
        } else {
            address = try endpoint("127.0.0.1")
        }
        loop.start(handler)
    }

    /// Runs the body on the loop's queue.
    func onQueue<Result>(_ body: (NetworkLoop, ScriptedHandler) throws -> Result) rethrows -> Result
    {
        try queue.sync { try body(loop, handler) }
    }

    /// Sends the answer to the path taken as number `index`: its query, unless another is given.
    func answer(_ index: Int, with octets: [UInt8]? = nil) {
        onQueue { loop, handler in
            let (path, query) = handler.paths[index]
            let answer = octets ?? query
            loop.send(answer.span, to: path)
        }
    }

    /// Waits until the condition holds on the loop's queue, five seconds at most.
    func waitUntil(
        _ condition: (NetworkLoop, ScriptedHandler) -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let deadline = MonotonicClock.now() + 5 * MonotonicClock.nanosecondsPerSecond
        while !onQueue(condition) {
            guard MonotonicClock.now() < deadline else {
                Issue.record("the condition did not come true", sourceLocation: sourceLocation)
                return
            }
            pause(milliseconds: 2)
        }
    }

    /// Stops the loop and waits until its descriptors are closed.
    func stop() {
        let done = DispatchSemaphore(value: 0)
        queue.sync { loop.stop { done.signal() } }
        #expect(done.wait(timeout: .now() + 5) == .success)
    }
}
