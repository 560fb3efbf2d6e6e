import DNS
import Foundation
import Glibc

/// Upstreams that fail in every way, each asked what the table of FW12 says, side by side.
struct FailingTimeline: Sendable {
    /// A query, its answer, and what the upstream was sent for it.
    struct Attempted: Sendable {
        let timed: Timed
        /// The queries for this name and when they came, counted from the client's.
        let sent: [(after: Duration, query: ScriptedUpstream.Received)]

        var rcode: RCode { timed.response.rcode }
        var time: Duration { timed.time }
        var error: UInt16? { timed.response.extendedError?.code }

        init(
            _ name: String, _ server: Server, _ upstream: ScriptedUpstream,
            over transport: Transport = .udp
        ) throws {
            let known = try upstream.received(name).count
            let start = ContinuousClock.now
            timed = try Timed { try server.client.ask(name, .a, over: transport) }
            sent = try upstream.received(name).dropFirst(known).map { ($0.arrival - start, $0) }
        }
    }

    /// The silent upstream: its first query, and one when it is known to be down.
    let silent: [Attempted]
    /// When the silent one was probed, counted from the first query.
    let probes: [Duration]
    /// Silent for this name only, so that it answers the probes; asked twice.
    let silentForName: [Attempted]
    /// Known to be down by probes that its closed port refused, then silent.
    let down: Attempted
    /// By the delay of the answers.
    let late: [Duration: Attempted]
    let overTCP: Attempted
    /// Its TCP port takes no connection and refuses none, as that of a host that is gone.
    let deafOverTCP: Timed
    /// It answers over UDP alone.
    let withoutTCP: Attempted
    let closed: Closed
    /// Silent, and back again.
    let recovered: [Attempted]
    let silentOfTwo: Pair
    let closedOfTwo: Pair

    struct Closed: Sendable {
        let attempts: [Timed]
        /// How many datagrams the closed ports of this machine got meanwhile, the least of some tries.
        let sent: Int
    }

    /// The first of two upstreams fails for a while.
    struct Pair: Sendable {
        let attempts: [Timed]
        /// How long the second one was asked yet, after the first had recovered.
        let recovery: Duration
        /// Who answered after that.
        let hosts: [UInt8]
    }

    static let delays: [Duration] = [.milliseconds(1900), .milliseconds(2200), .milliseconds(3500)]

    init() throws {
        let silent = Background { try Self.silent() }
        let silentForName = Background { try Self.silentForName() }
        let down = Background { try Self.down() }
        let late = Background {
            try sideBySide(Self.delays) { delay in
                let upstream = try ScriptedUpstream {
                    [.init($0.reply([$0.address()]), after: delay)]
                }
                let server = try Server.forwarding(Forwarded("example.net", upstream))
                return try Attempted("late.example.net", server, upstream)
            }
        }
        let overTCP = Background {
            let upstream = try ScriptedUpstream.silent()
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            return try Attempted("tcp.example.net", server, upstream, over: .tcp)
        }
        let deafOverTCP = Background { try Self.deafOverTCP() }
        let withoutTCP = Background {
            let upstream = try ScriptedUpstream { query in
                query.transport == .tcp ? [] : [.init(query.reply([query.address()]))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            return try Attempted("tcp.example.net", server, upstream, over: .tcp)
        }
        let recovered = Background { try Self.recovered() }
        let silentOfTwo = Background { try Self.pair { $0.change { _ in [] } } }
        let closedOfTwo = Background { try Self.pair { $0.close() } }
        closed = try Self.closed()
        (self.silent, probes) = try silent.value
        self.silentForName = try silentForName.value
        self.down = try down.value
        self.late = Dictionary(uniqueKeysWithValues: zip(Self.delays, try late.value))
        self.overTCP = try overTCP.value
        self.deafOverTCP = try deafOverTCP.value
        self.withoutTCP = try withoutTCP.value
        self.recovered = try recovered.value
        self.silentOfTwo = try silentOfTwo.value
        self.closedOfTwo = try closedOfTwo.value
    }

    private static func silent() throws -> ([Attempted], [Duration]) {
        let upstream = try ScriptedUpstream.silent()
        let server = try Server.forwarding(Forwarded("example.net", upstream))
        let start = ContinuousClock.now
        let first = try Attempted("first.example.net", server, upstream)
        // Three probes of a second each, half a second between them, after the first failed attempt: 6 s,
        // and the fourth one is under way.
        pause(start + .milliseconds(7250) - ContinuousClock.now)
        let second = try Attempted("second.example.net", server, upstream)
        let probes = upstream.everything.filter { $0.question.type == .ns }
        return ([first, second], probes.map { $0.arrival - start })
    }

    private static func silentForName() throws -> [Attempted] {
        let upstream = try ScriptedUpstream { query in
            query.label == "mute" ? [] : [.init(query.reply(rcode: .refused))]
        }
        let server = try Server.forwarding(Forwarded("example.net", upstream))
        return try (0..<2).map { _ in try Attempted("mute.example.net", server, upstream) }
    }

    private static func down() throws -> Attempted {
        let upstream = try ScriptedUpstream.silent()
        let server = try Server.forwarding(Forwarded("example.net", upstream))
        upstream.close()
        _ = try server.client.ask("first.example.net", .a)
        // Probes at once and each half second are refused: the third one after a second.
        pause(.milliseconds(2250))
        try upstream.open()
        return try Attempted("down.example.net", server, upstream)
    }

    private static func deafOverTCP() throws -> Timed {
        let port = try freePort()
        let upstream = (
            try Socket(.udp, local: Endpoint(port: port)),
            try Socket(.tcp, local: Endpoint(port: port))
        )
        // One connection that nobody accepts fills the queue; the kernel ignores the next ones.
        guard listen(upstream.1.descriptor, 0) == 0 else { throw SocketError("listen") }
        let first = try Socket(.tcp, local: Endpoint(port: 0))
        try first.connect(to: Endpoint(port: port))
        let server = try Server.forwarding(Forwarded("example.net", ports: [port]))
        return try withExtendedLifetime((upstream, first)) {
            try Timed { try server.client.ask("deaf.example.net", .a, over: .tcp) }
        }
    }

    private static func recovered() throws -> [Attempted] {
        let upstream = try ScriptedUpstream.silent()
        let server = try Server.forwarding(Forwarded("example.net", upstream))
        let first = try Attempted("back.example.net", server, upstream)
        upstream.change { [.init($0.reply([$0.address(8)]))] }
        return [first, try Attempted("back.example.net", server, upstream)]
    }

    private static func closed() throws -> Closed {
        let server = try Server.forwarding(Forwarded("example.net", ports: [try freePort()]))
        var attempts: [Timed] = []
        var counts: [Int] = []
        for number in 0..<4 {
            let before = try kernelCounter("Udp", "NoPorts")
            attempts.append(try Timed { try server.client.ask("n\(number).example.net", .a) })
            counts.append(try kernelCounter("Udp", "NoPorts") - before)
        }
        attempts.append(try Timed { try server.client.ask("tcp.example.net", .a, over: .tcp) })
        return Closed(attempts: attempts, sent: counts.min() ?? 0)
    }

    private static func pair(_ fail: (ScriptedUpstream) -> Void) throws -> Pair {
        let first = try ScriptedUpstream { [.init($0.reply([$0.address(1)]))] }
        let second = try ScriptedUpstream { [.init($0.reply([$0.address(2)]))] }
        let server = try Server.forwarding(Forwarded("example.net", first, second))
        fail(first)
        let attempts = try (0..<5).map { number in
            try Timed { try server.client.ask("n\(number).example.net", .a) }
        }
        first.change { [.init($0.reply([$0.address(1)]))] }
        try? first.open()
        let back = ContinuousClock.now
        var number = 0
        _ = try eventually {
            number += 1
            return try server.client.ask("r\(number).example.net", .a).hosts == [1]
        }
        let recovery = ContinuousClock.now - back
        let hosts = try (0..<10).flatMap {
            try server.client.ask("h\($0).example.net", .a).hosts
        }
        return Pair(attempts: attempts, recovery: recovery, hosts: hosts)
    }
}
