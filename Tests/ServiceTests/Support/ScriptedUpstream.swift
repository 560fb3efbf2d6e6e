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
        let arrival = ContinuousClock.now

        /// The name's first label in lower case: a resolver may ask in any spelling.
        var label: String {
            question.name.lowercased.labels.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        }

        /// The query, read in full.
        var message: Response { get throws { try Response(octets) } }

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
        /// Whether a datagram comes from another port than the one that was asked.
        let isFromElsewhere: Bool

        init(_ octets: [UInt8], after delay: Duration = .zero, isFromElsewhere: Bool = false) {
            self.octets = octets
            self.delay = delay
            self.isFromElsewhere = isFromElsewhere
        }
    }

    typealias Script = @Sendable (Received) throws -> [Reply]

    let port: UInt16
    private let address: IPAddress
    private let log = Mutex<[Received]>([])
    private let script: Mutex<Script>
    private let sockets = Mutex<Sockets?>(nil)
    private let isOver = Atomic<Bool>(false)
    private let remembers: Bool
    private let closesConnections: Bool

    private struct Sockets {
        let datagrams: Socket
        let listener: Socket
    }

    /// Listens on UDP and TCP; `script` gives the replies to a query, none for silence. Without
    /// `remembers` it keeps nothing of what it was sent; with `closesConnections` it closes each
    /// TCP connection after one reply.
    init(
        port: UInt16? = nil, address: IPAddress = .v4(0x7f00_0001), remembers: Bool = true,
        closesConnections: Bool = false, _ script: @escaping Script
    ) throws {
        self.port = try port ?? freePort()
        self.address = address
        self.remembers = remembers
        self.closesConnections = closesConnections
        self.script = Mutex(script)
        try open()
        Self.loop(self) { try $0.answerDatagram($1.datagrams) }
        Self.loop(self) { try $0.answerConnection($1.listener) }
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
        try sockets.withLock { $0?.datagrams }?.send(octets, to: target)
    }

    /// Everything that came in, health probes too.
    var everything: [Received] { log.withLock { $0 } }

    func change(_ script: @escaping Script) { self.script.withLock { $0 = script } }

    /// Closes the ports: who sends there is told so by the system. Connections that are open stay.
    func close() {
        weak let datagrams = sockets.withLock { $0?.datagrams }
        weak let listener = sockets.withLock { $0?.listener }
        processCreation.withLock { _ in
            sockets.withLock { $0 = nil }
            // They close when the threads that wait on them let go.
            _ = eventually { datagrams == nil && listener == nil }
        }
    }

    /// Opens the ports again. The server under test sends from random ports, and may have one of
    /// them for a while.
    func open() throws {
        let local = Endpoint(address, port)
        let isOpen = eventually {
            guard let datagrams = try? Socket(.udp, local: local),
                let listener = try? Socket(.tcp, local: local), (try? listener.listen()) != nil
            else { return false }
            sockets.withLock { $0 = Sockets(datagrams: datagrams, listener: listener) }
            return true
        }
        guard isOpen else { throw Failure("\(local) is in use") }
    }

    /// How long a thread waits on a socket at a time.
    private static let patience = Duration.milliseconds(40)

    /// Runs `body` again and again on a thread of its own, as long as the upstream is there.
    private static func loop(
        _ upstream: ScriptedUpstream,
        _ body: @escaping @Sendable (ScriptedUpstream, Sockets) throws -> Void
    ) {
        let thread = Thread { [weak upstream] in
            while let upstream, !upstream.isOver.load(ordering: .relaxed) {
                if let sockets = upstream.sockets.withLock({ $0 }) {
                    try? body(upstream, sockets)
                } else {
                    pause(.milliseconds(5))
                }
            }
        }
        thread.start()
    }

    private func answerDatagram(_ socket: Socket) throws {
        guard let (octets, source) = try socket.receiveWithSource(timeout: Self.patience),
            let source
        else { return }
        for reply in try answer(octets, .udp, source) {
            Self.after(reply.delay) { [weak socket] in
                let sender = reply.isFromElsewhere ? try? Socket(.udp, local: Self.anyPort) : socket
                try? sender?.send(reply.octets, to: source)
            }
        }
    }

    /// A port of the kernel's choice.
    private static let anyPort = Endpoint(port: 0)

    private func answerConnection(_ listener: Socket) throws {
        guard let connection = try listener.accept(timeout: Self.patience) else { return }
        let thread = Thread { [weak self] in
            var stream = MessageStream(connection)
            while let octets = try? stream.receive(timeout: .seconds(10)), let self,
                let replies = try? self.answer(octets, .tcp, nil)
            {
                let writer = stream
                for reply in replies { Self.after(reply.delay) { try? writer.send(reply.octets) } }
                if closesConnections { return }
            }
        }
        thread.start()
    }

    /// Of its own: tests block the global queues' few threads, and further ones come within a second.
    private static let delays = DispatchQueue(label: "scripted upstreams' delays")

    private static func after(_ delay: Duration, _ body: @escaping @Sendable () -> Void) {
        guard delay > .zero else { return body() }
        delays.asyncAfter(
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
        if remembers { log.withLock { $0.append(query) } }
        return try script.withLock { $0 }(query)
    }
}
