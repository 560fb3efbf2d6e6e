import DNS
import Dispatch
import Testing

@testable import Transport

@Suite("The loop")
struct NetworkLoopTests {
    @Test("A wake-up from another thread reaches the handler")
    func wakes() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let wakeUp = server.loop.wakeUp
        DispatchQueue.global().async { wakeUp.wake() }
        server.waitUntil { _, handler in handler.messagesCount == 1 }
    }

    @Test("Wake-ups arrive within a turn, between queries")
    func wakesUnderLoad() throws {
        let server = try LoopbackServer(turn: 200 * MonotonicClock.nanosecondsPerMillisecond)
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, to: server.address)
        for id in UInt16(0)..<200 {
            try client.send(message(id))
            #expect(client.receive() == message(id))
            if id % 50 == 0 { server.loop.wakeUp.wake() }
        }
        server.waitUntil { _, handler in handler.messagesCount >= 4 }
    }

    @Test("Queries with pauses between them are answered in one turn")
    func keepsItsTurn() throws {
        let server = try LoopbackServer(turn: 2 * MonotonicClock.nanosecondsPerSecond)
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, to: server.address)
        try client.send(message(0))
        #expect(client.receive() == message(0))
        let isOver = DispatchSemaphore(value: 0)
        server.queue.async { isOver.signal() }
        for id in UInt16(1)..<5 {
            pause(milliseconds: 20)
            try client.send(message(id))
            #expect(client.receive() == message(id))
        }
        #expect(isOver.wait(timeout: .now()) == .timedOut)
        #expect(isOver.wait(timeout: .now() + 10) == .success)
    }

    @Test("A turn ends however much there is to do, and the next one follows")
    func endsItsTurn() throws {
        let server = try LoopbackServer(turn: 5 * MonotonicClock.nanosecondsPerMillisecond)
        defer { server.stop() }
        let wakeUp = server.loop.wakeUp
        server.onQueue { _, handler in handler.onMessages = { wakeUp.wake() } }
        wakeUp.wake()
        for _ in 0..<3 {
            let isOver = DispatchSemaphore(value: 0)
            server.queue.async { isOver.signal() }
            #expect(isOver.wait(timeout: .now() + 10) == .success)
        }
        let rounds = server.onQueue { _, handler in handler.rounds }
        server.waitUntil { _, handler in handler.rounds > rounds }
    }

    @Test("Ticks come while they are needed, and stop")
    func ticks() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        pause(milliseconds: 120)
        server.onQueue { loop, handler in
            #expect(handler.ticks == 0)
            loop.needsTicks = true
        }
        server.waitUntil { _, handler in handler.ticks >= 3 }
        let ticks = server.onQueue { loop, handler in
            loop.needsTicks = false
            return handler.ticks
        }
        pause(milliseconds: 120)
        server.onQueue { _, handler in #expect(handler.ticks <= ticks + 1) }
    }

    @Test("Ticks come while a TCP connection is open")
    func ticksForConnections() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        server.waitUntil { _, handler in handler.ticks >= 2 }
        client.close()
    }

    @Test("Removing a listener answers what is queued, and frees the port")
    func removesListeners() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, to: server.address)
        let stream = try LoopbackPeer(.tcp, to: server.address)
        try stream.send(framed(message(1)))
        #expect(stream.receiveMessage() == message(1))
        let address = server.address
        server.onQueue { loop, _ in
            for id in UInt16(0)..<90 { try? client.send(message(id)) }
            loop.remove(address: address)
        }
        for id in UInt16(0)..<90 { #expect(client.receive() == message(id)) }
        server.waitUntil { loop, _ in loop.udpListeners.count == 0 }
        // The connection that was open goes on; the port is free for another server.
        try stream.send(framed(message(2)))
        #expect(stream.receiveMessage() == message(2))
        let pairs = try ListeningSockets.open(address, workers: 1)
        for pair in pairs { pair.close() }
    }

    @Test("A listener may be removed by a query to it")
    func removesWithinARound() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let (loop, address) = (server.loop, server.address)
        server.onQueue { _, handler in
            handler.answer = { [unowned loop] octets in
                loop.remove(address: address)
                return .now(octets)
            }
        }
        let client = try LoopbackPeer(.udp, to: address)
        try client.send(message(1))
        #expect(client.receive() == message(1))
        server.waitUntil { loop, _ in loop.udpListeners.count == 0 && loop.tcpListeners.count == 0 }
    }

    @Test("Draining answers what is owed and then stops")
    func drains() throws {
        let server = try LoopbackServer { $0[1] == 1 ? .later : .now($0) }
        let idle = try LoopbackPeer(.tcp, to: server.address)
        let waiting = try LoopbackPeer(.tcp, to: server.address)
        try waiting.send(framed(message(1)))
        server.waitUntil { loop, handler in handler.paths.count == 1 && loop.counters.tcpOpen == 2 }
        let stopped = DispatchSemaphore(value: 0)
        server.onQueue { loop, _ in
            try? waiting.send(framed(message(2)))
            loop.drain(deadline: MonotonicClock.now() + 5 * MonotonicClock.nanosecondsPerSecond) {
                stopped.signal()
            }
        }
        #expect(idle.isClosedByPeer())
        #expect(waiting.receiveMessage() == message(2))
        #expect(stopped.wait(timeout: .now() + .milliseconds(100)) == .timedOut)
        server.answer(0, with: message(1))
        #expect(waiting.receiveMessage() == message(1))
        #expect(waiting.isClosedByPeer())
        #expect(stopped.wait(timeout: .now() + 5) == .success)
    }

    @Test("Draining ends at its deadline")
    func drainsUntilDeadline() throws {
        let server = try LoopbackServer { _ in .later }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        server.waitUntil { _, handler in handler.paths.count == 1 }
        let stopped = DispatchSemaphore(value: 0)
        server.onQueue { loop, _ in
            let soon = MonotonicClock.now() + 100 * MonotonicClock.nanosecondsPerMillisecond
            loop.drain(deadline: soon) { stopped.signal() }
        }
        #expect(stopped.wait(timeout: .now() + 5) == .success)
        #expect(client.isClosedByPeer())
    }

    @Test("Stopping releases the loop, the handler and the port")
    func releases() throws {
        weak var loop: NetworkLoop?
        weak var handler: ScriptedHandler?
        var address: SocketAddress?
        do {
            let server = try LoopbackServer()
            (loop, handler, address) = (server.loop, server.handler, server.address)
            server.stop()
        }
        // The dispatch source lets go of its closures shortly after its cancel handler.
        for _ in 0..<500 where loop != nil || handler != nil { pause(milliseconds: 2) }
        #expect(loop == nil)
        #expect(handler == nil)
        for pair in try ListeningSockets.open(try #require(address), workers: 1) { pair.close() }
    }

    @Test("A loop that never started lets go of its sockets")
    func releasesUnstarted() throws {
        let pair = try ListeningSockets.open(try endpoint("127.0.0.1"), workers: 1)[0]
        do {
            let loop = try NetworkLoop(
                queue: DispatchQueue(label: "idle"), limits: TransportLimits())
            try loop.add(pair)
        }
        for pair in try ListeningSockets.open(pair.address, workers: 1) { pair.close() }
    }
}
