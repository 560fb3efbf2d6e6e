import DNS
import Dispatch
import Foundation
import Synchronization

/// An upstream that does what a test says and keeps what it was sent.
final class ScriptedUpstream: Sendable {
    /// A query that came in.
    struct Received: Sendable {
        let octets: [UInt8]
        let header: Header
        let question: Question
        let transport: Transport
        /// Who sent it; nil over TCP.
        let source: Endpoint?

        /// The reply to this query: its ID, its question, these records.
        func reply(
            _ answer: [Record] = [], authority: [Record] = [], additional: [Record] = [],
            rcode: RCode = .noError, flags: UInt16 = Header.Flag.recursionAvailable,
            id: UInt16? = nil, question other: Question? = nil
        ) -> [UInt8] {
            var builder = MessageBuilder()
            builder.write(
                Header(
                    id: id ?? header.id,
                    flags: Header.Flag.response | header.flags & Header.Flag.recursionDesired
                        | flags | rcode.rawValue,
                    questionCount: 1, answerCount: UInt16(answer.count),
                    authorityCount: UInt16(authority.count),
                    additionalCount: UInt16(additional.count)))
            builder.write(other ?? question)
            for record in answer + authority + additional { builder.write(record) }
            return builder.octets
        }
    }

    /// Octets to send back, and when, counted from the arrival of the query.
    struct Reply: Sendable {
        let octets: [UInt8]
        let delay: Duration

        init(_ octets: [UInt8], after delay: Duration = .zero) {
            self.octets = octets
            self.delay = delay
        }
    }

    typealias Script = @Sendable (Received) throws -> [Reply]

    let port: UInt16
    private let log = Mutex<[Received]>([])
    private let script: Mutex<Script>
    private let isOver = Atomic<Bool>(false)
    private let datagrams: Socket

    /// Listens on UDP and TCP; `script` gives the replies to a query, none for silence.
    init(port: UInt16? = nil, _ script: @escaping Script) throws {
        self.port = try port ?? freePort()
        self.script = Mutex(script)
        datagrams = try Socket(.udp, local: Endpoint(port: self.port))
        let listener = try Socket(.tcp, local: Endpoint(port: self.port))
        try listener.listen()
        Self.loop(self) { try $0.answerDatagram() }
        Self.loop(self) { try $0.answerConnection(listener) }
    }

    /// An upstream that gives every name the same address.
    static func answering(
        _ address: String = "203.0.113.99", ttl: UInt32 = 300, after delay: Duration = .zero,
        port: UInt16? = nil
    ) throws -> ScriptedUpstream {
        try ScriptedUpstream(port: port) { query in
            let record = Record(
                query.question.name, .a, ttl: ttl, IPAddress(address)?.octets ?? [])
            return [Reply(query.reply(query.question.type == .a ? [record] : []), after: delay)]
        }
    }

    deinit { isOver.store(true, ordering: .relaxed) }

    /// What came in for `name`, in order; health probes ask for other names.
    func received(_ name: String) throws -> [Received] {
        let name = try DomainName(name)
        return log.withLock { $0.filter { $0.question.name == name } }
    }

    /// Sends a datagram that nobody asked for from the upstream's own address and port: what a forger
    /// of source addresses does.
    func send(_ octets: [UInt8], to target: Endpoint) throws {
        try datagrams.send(octets, to: target)
    }

    func change(_ script: @escaping Script) { self.script.withLock { $0 = script } }

    /// Runs `body` again and again on a thread of its own, as long as the upstream is there.
    private static func loop(
        _ upstream: ScriptedUpstream, _ body: @escaping @Sendable (ScriptedUpstream) throws -> Void
    ) {
        let thread = Thread { [weak upstream] in
            while let upstream, !upstream.isOver.load(ordering: .relaxed) { try? body(upstream) }
        }
        thread.start()
    }

    private func answerDatagram() throws {
        let socket = datagrams
        guard let (octets, source) = try socket.receiveWithSource(timeout: .milliseconds(100)),
            let source
        else { return }
        for reply in try answer(octets, .udp, source) {
            Self.after(reply.delay) { try? socket.send(reply.octets, to: source) }
        }
    }

    private func answerConnection(_ listener: Socket) throws {
        guard let connection = try listener.accept(timeout: .milliseconds(100)) else { return }
        let thread = Thread { [weak self] in
            var stream = MessageStream(connection)
            while let octets = try? stream.receive(timeout: .seconds(10)), let self,
                let replies = try? self.answer(octets, .tcp, nil)
            {
                let writer = stream
                for reply in replies { Self.after(reply.delay) { try? writer.send(reply.octets) } }
            }
        }
        thread.start()
    }

    private static func after(_ delay: Duration, _ body: @escaping @Sendable () -> Void) {
        guard delay > .zero else { return body() }
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .nanoseconds(Int(delay / .nanoseconds(1))), execute: body)
    }

    private func answer(
        _ octets: [UInt8], _ transport: Transport, _ source: Endpoint?
    ) throws -> [Reply] {
        // Two upstreams that answered each other's replies would not end.
        guard let header = Header(octets.span), !header.isResponse else { return [] }
        var reader = MessageReader(octets.span, at: Header.length)
        let query = Received(
            octets: octets, header: header, question: try reader.readQuestion(),
            transport: transport, source: source)
        log.withLock { $0.append(query) }
        return try script.withLock { $0 }(query)
    }
}
