import DNS
import Testing

@testable import Transport

@Suite("Limits of TCP connections")
struct StreamLimitsTests {
    private static let millisecond = MonotonicClock.nanosecondsPerMillisecond

    @Test("A connection without queries is closed when its time is over")
    func closesIdle() throws {
        var limits = TransportLimits()
        limits.idleTimeout = 100 * Self.millisecond
        let server = try LoopbackServer(limits: limits)
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        #expect(client.receiveMessage() == message(1))
        let start = MonotonicClock.now()
        #expect(client.isClosedByPeer())
        #expect(MonotonicClock.now() - start > 50 * Self.millisecond)
        server.onQueue { loop, _ in #expect(loop.counters.tcpTimedOut == 1) }
    }

    @Test("A first query must come in time, whole: single octets do not count")
    func closesSlowStarters() throws {
        var limits = TransportLimits()
        limits.firstQueryTimeout = 150 * Self.millisecond
        let server = try LoopbackServer(limits: limits)
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        for octet in framed(message(1)).prefix(5) {
            try client.send([octet])
            pause(milliseconds: 10)
        }
        #expect(client.isClosedByPeer())
        server.onQueue { loop, handler in
            #expect(loop.counters.tcpTimedOut == 1)
            #expect(handler.queries.isEmpty)
        }
    }

    @Test("A connection that waits for an answer is not idle")
    func keepsWaiting() throws {
        var limits = TransportLimits()
        limits.idleTimeout = 50 * Self.millisecond
        let server = try LoopbackServer(limits: limits) { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        #expect(!client.waits(for: 1, milliseconds: 250))
        server.answer(0, with: message(1))
        #expect(client.receiveMessage() == message(1))
    }

    @Test("In a full table the connection idle for the longest time makes room")
    func evictsTheIdlest() throws {
        var limits = TransportLimits()
        limits.connections = 3
        let server = try LoopbackServer(limits: limits)
        defer { server.stop() }
        let clients = try (0..<3).map { _ in try LoopbackPeer(.tcp, to: server.address) }
        // The first two are used after the third, the first last.
        for index in [2, 1, 0] {
            try clients[index].send(framed(message(1)))
            #expect(clients[index].receiveMessage() == message(1))
        }
        let newcomer = try LoopbackPeer(.tcp, to: server.address)
        try newcomer.send(framed(message(2)))
        #expect(newcomer.receiveMessage() == message(2))
        #expect(clients[2].isClosedByPeer())
        for client in [clients[0], clients[1]] {
            try client.send(framed(message(3)))
            #expect(client.receiveMessage() == message(3))
        }
        server.onQueue { loop, _ in
            #expect(loop.counters.tcpEvicted == 1)
            #expect(loop.counters.tcpOpen == 3)
        }
    }

    @Test("A client with too many connections loses its own idlest, never one that owes an answer")
    func limitsClients() throws {
        var limits = TransportLimits()
        limits.connectionsPerClient = 2
        let server = try LoopbackServer(limits: limits) { $0[1] == 9 ? .later : .now($0) }
        defer { server.stop() }
        let first = try LoopbackPeer(.tcp, to: server.address)
        let second = try LoopbackPeer(.tcp, to: server.address)
        for client in [second, first] {
            try client.send(framed(message(1)))
            #expect(client.receiveMessage() == message(1))
        }
        let third = try LoopbackPeer(.tcp, to: server.address)
        try third.send(framed(message(9)))
        #expect(second.isClosedByPeer())
        server.waitUntil { _, handler in handler.paths.count == 1 }
        try first.send(framed(message(9)))
        server.waitUntil { _, handler in handler.paths.count == 2 }
        // Both wait for an answer now: there is no room.
        let fourth = try LoopbackPeer(.tcp, to: server.address)
        #expect(fourth.isClosedByPeer())
        server.onQueue { loop, _ in
            #expect(loop.counters.tcpRefused == 1)
            #expect(loop.counters.tcpEvicted == 1)
        }
        server.answer(0)
        #expect(third.receiveMessage() == message(9))
        let fifth = try LoopbackPeer(.tcp, to: server.address)
        try fifth.send(framed(message(5)))
        #expect(fifth.receiveMessage() == message(5))
        #expect(third.isClosedByPeer())
    }

    @Test("Octets now and then neither hold a connection nor its slot")
    func closesSlowly() throws {
        var limits = TransportLimits()
        limits.idleTimeout = 100 * Self.millisecond
        limits.farewellTimeout = 100 * Self.millisecond
        let server = try LoopbackServer(limits: limits)
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        #expect(client.receiveMessage() == message(1))
        let start = MonotonicClock.now()
        // It goes on after the server's end.
        for octet in framed(message(2, String(repeating: "a", count: 300))) {
            guard (try? client.send([octet])) != nil else { break }
            pause(milliseconds: 10)
            if server.onQueue({ loop, _ in loop.counters.tcpOpen == 0 }) { break }
        }
        #expect(MonotonicClock.now() - start < 2000 * Self.millisecond)
        server.onQueue { loop, handler in
            #expect(loop.counters.tcpOpen == 0)
            #expect(loop.counters.tcpTimedOut == 1)
            #expect(handler.queries.count == 1)
        }
    }

    @Test("A connection whose answers never come is closed")
    func closesUnanswered() throws {
        var limits = TransportLimits()
        limits.answerTimeout = 100 * Self.millisecond
        let server = try LoopbackServer(limits: limits) { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        #expect(client.isClosedByPeer())
        server.onQueue { loop, _ in #expect(loop.counters.tcpTimedOut == 1) }
    }

    @Test("An octet now and then does not give a client more time to take its answers")
    func demandsProgress() throws {
        let peer = KernelAddress(try endpoint("127.0.0.1"))
        let connection = TCPConnection(-1, SlotKey(slot: 0, generation: 0), peer, now: 0)
        connection.output.append(message(1).span)
        connection.noteWritten(0, now: 10)
        #expect(connection.blockedSince == 10)
        for now in Int64(11)..<20 { connection.noteWritten(1, now: now) }
        #expect(connection.blockedSince == 10)
        connection.noteWritten(16 * 1024, now: 30)
        #expect(connection.blockedSince == 30)
        connection.noteWritten(100, now: 40)
        #expect(connection.blockedSince == 30)
    }

    @Test("A client that never reads is not read from for long, and closed")
    func closesNeverReading() throws {
        var limits = TransportLimits()
        limits.queuedOctets = 100_000
        limits.writeTimeout = 200 * Self.millisecond
        let long = [UInt8](repeating: 1, count: 60_000)
        let server = try LoopbackServer(limits: limits) { _ in .now(long) }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        // Answers far beyond what both kernels buffer.
        try client.send((UInt16(0)..<2000).flatMap { framed(message($0)) })
        server.waitUntil { loop, _ in loop.counters.tcpTimedOut == 1 }
        server.onQueue { loop, _ in
            #expect(loop.counters.tcpOpen == 0)
            #expect(loop.counters.tcpReceived < 2000)
        }
    }

    @Test("Long answers that come all at once for a client that does not read are not kept")
    func closesOverrun() throws {
        var limits = TransportLimits()
        limits.queuedOctets = 64 * 1024
        let server = try LoopbackServer(limits: limits) { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send((UInt16(0)..<64).flatMap { framed(message($0)) })
        server.waitUntil { _, handler in handler.paths.count == 64 }
        let long = [UInt8](repeating: 1, count: 60_000)
        server.onQueue { loop, handler in
            var kept = 0
            for (path, _) in handler.paths {
                loop.send(long.span, to: path)
                kept = max(kept, loop.streams.connections.elements.first?.output.kept ?? 0)
            }
            // What the kernel took stays in memory until it is half of what is there.
            #expect(kept > 500_000 && kept < 1_200_000)
        }
        server.waitUntil { loop, _ in loop.counters.tcpOpen == 0 }
        server.onQueue { loop, _ in #expect(loop.counters.tcpOverrun == 1) }
    }

    @Test(
        "All connections together hold so much: those go that were idle for longest and hold some")
    func shedsTheIdlest() throws {
        let long = [UInt8](repeating: 1, count: 60_000)
        var limits = TransportLimits()
        limits.heldOctets = 1 << 20
        let server = try LoopbackServer(limits: limits) { query in
            query.count > 100 ? .now(long) : .now(message(1))
        }
        defer { server.stop() }
        let idle = try LoopbackPeer(.tcp, to: server.address)
        try idle.send(framed(message(1)))
        #expect(idle.receiveMessage() == message(1))
        // The kernel's buffers of a client take some megabytes at most; the rest waits here, at most
        // three of these answers.
        let query = framed(message(2) + [UInt8](repeating: 0, count: 100))
        let readers = try (0..<20).map { _ in
            let client = try LoopbackPeer(.tcp, to: server.address)
            try client.send((0..<120).flatMap { _ in query })
            return client
        }
        server.waitUntil { loop, _ in loop.counters.tcpOverrun > 0 }
        server.onQueue { loop, _ in
            #expect(loop.streams.held <= limits.heldOctets)
            let kept = loop.streams.connections.elements.reduce(0) {
                $0 + $1.input.count + $1.output.kept
            }
            #expect(loop.streams.held == kept)
        }
        // Who holds nothing stays, however idle.
        try idle.send(framed(message(3)))
        #expect(idle.receiveMessage() == message(1))
        withExtendedLifetime(readers) {}
    }

    @Test("A client that reads slowly gets every answer")
    func servesSlowReaders() throws {
        var limits = TransportLimits()
        limits.queuedOctets = 100_000
        let long = [UInt8](repeating: 1, count: 60_000)
        let server = try LoopbackServer(limits: limits) { _ in .now(long) }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send((UInt16(0)..<200).flatMap { framed(message($0)) })
        pause(milliseconds: 50)
        for _ in 0..<200 { #expect(client.receiveMessage() == long) }
        server.onQueue { loop, _ in #expect(loop.counters.tcpReceived == 200) }
    }

    @Test("An IPv6 /56 counts as one client, an IPv4 address as one")
    func groupsClients() throws {
        func prefix(_ text: String) throws -> ClientPrefix { ClientPrefix(try endpoint(text).ip) }
        #expect(try prefix("2001:db8:0:12::1") == prefix("2001:db8:0:34:ffff::"))
        #expect(try prefix("2001:db8:0:112::1") != prefix("2001:db8:0:12::1"))
        #expect(try prefix("192.0.2.1") != prefix("192.0.2.2"))
        #expect(try prefix("192.0.2.1") == prefix("::ffff:192.0.2.1"))
    }
}
