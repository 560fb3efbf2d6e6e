import DNS
import Testing

@testable import Transport

@Suite("The end of TCP connections")
struct StreamLifetimeTests {
    private static let millisecond = MonotonicClock.nanosecondsPerMillisecond

    private static func limits(lifetime: Int64) -> TransportLimits {
        var limits = TransportLimits()
        limits.lifetime = lifetime * millisecond
        return limits
    }

    @Test("An old connection ends, and a client that is just sending sees no reset")
    func endsOld() throws {
        let server = try LoopbackServer(limits: Self.limits(lifetime: 150))
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        #expect(client.receiveMessage() == message(1))
        #expect(client.waits(for: 1))
        // The client has not looked yet: its queries cross the server's end.
        for id in UInt16(2)...20 {
            try client.send(framed(message(id)))
            pause(milliseconds: 2)
        }
        #expect(client.receive() == [])
        #expect(client.receive() == [])
        client.shutDownOutput()
        server.waitUntil { loop, _ in loop.counters.tcpOpen == 0 }
        server.onQueue { loop, handler in
            #expect(loop.counters.tcpRetired == 1)
            #expect(loop.counters.tcpTimedOut == 0)
            #expect(handler.queries.count == 1)
        }
    }

    @Test("A client that does not end its half is not waited for")
    func endsAlone() throws {
        var limits = Self.limits(lifetime: 50)
        limits.farewellTimeout = 50 * Self.millisecond
        let server = try LoopbackServer(limits: limits)
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        #expect(client.isClosedByPeer())
        server.waitUntil { loop, _ in loop.counters.tcpOpen == 0 }
    }

    @Test("An old connection goes on while it owes an answer, also to later queries")
    func paysFirst() throws {
        let server = try LoopbackServer(limits: Self.limits(lifetime: 100)) {
            $0[1] == 1 ? .later : .now($0)
        }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        #expect(!client.waits(for: 1, milliseconds: 300))
        try client.send(framed(message(2)))
        #expect(client.receiveMessage() == message(2))
        server.answer(0)
        #expect(client.receiveMessage() == message(1))
        #expect(client.receive() == [])
    }

    @Test("What has come in when an old connection ends is answered first")
    func readsLast() throws {
        var limits = TransportLimits()
        let server = try LoopbackServer(limits: limits)
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        #expect(client.receiveMessage() == message(1))
        try server.onQueue { loop, _ in
            // Its time is over with a query and half of another one in the kernel.
            try client.send(framed(message(2)) + framed(message(3)).prefix(5))
            let connection = try #require(loop.streams.connections.elements.first)
            loop.context.now = connection.acceptedAt + limits.lifetime + 1
            loop.streams.sweep(ScriptedHandler())
            #expect(loop.counters.tcpReceived == 2)
            #expect(loop.counters.tcpRetired == 0)
            loop.streams.flush()
        }
        #expect(client.receiveMessage() == message(2))
        try client.send(Array(framed(message(3)).dropFirst(5)))
        #expect(client.receiveMessage() == message(3))
        limits.lifetime = 1
        server.onQueue { loop, _ in loop.change(limits) }
        #expect(client.receive() == [])
    }

    @Test("A client that always has a query waiting cannot put the end off for ever")
    func endsBusy() throws {
        var limits = Self.limits(lifetime: 50)
        limits.answerTimeout = 600 * Self.millisecond
        limits.queriesInFlight = 1000
        let server = try LoopbackServer(limits: limits) { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        var sent: UInt16 = 0
        repeat {
            try client.send(framed(message(sent)))
            sent += 1
            pause(milliseconds: 10)
        } while server.onQueue { loop, _ in loop.counters.tcpRetired == 0 } && sent < 500
        // What comes now is not taken any more.
        try client.send(framed(message(sent)))
        let asked = server.onQueue { _, handler in handler.paths.count }
        #expect(asked == Int(sent) || asked == Int(sent) - 1)
        for index in 0..<asked { server.answer(index) }
        for index in 0..<asked { #expect(client.receiveMessage() == message(UInt16(index))) }
        #expect(client.receive() == [])
    }
}
