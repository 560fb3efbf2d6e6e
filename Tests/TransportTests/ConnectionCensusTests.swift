import DNS
import Testing

@testable import Transport

@Suite("Connections of several loops")
struct ConnectionCensusTests {
    private static func limits(_ connections: Int, perClient: Int = 64) -> TransportLimits {
        var limits = TransportLimits()
        limits.connections = connections
        limits.connectionsPerClient = perClient
        return limits
    }

    private static func ask(_ client: LoopbackPeer, _ id: UInt16) throws {
        try client.send(framed(message(id)))
        #expect(client.receiveMessage() == message(id))
    }

    @Test("Each client has its share, and what leaves makes room")
    func countsClients() throws {
        let census = ConnectionCensus()
        let loops = try (0..<2).map { _ in census.join(try WakeUp()) }
        let limits = Self.limits(10, perClient: 2)
        let (one, other) = (ClientPrefix(.v4(1)), ClientPrefix(.v4(2)))
        #expect(census.admit(one, to: loops[0], limits))
        #expect(census.admit(one, to: loops[1], limits))
        #expect(!census.admit(one, to: loops[0], limits))
        #expect(census.admit(other, to: loops[0], limits))
        census.leave(one, from: loops[1])
        #expect(census.admit(one, to: loops[0], limits))
        #expect(census.open == 3)
        #expect(loops.map { census.debt(of: $0) } == [0, 0])
    }

    @Test(
        "In a full table the loop with most connections closes one, the newcomer's if it has as many"
    )
    func demands() throws {
        let census = ConnectionCensus()
        let loops = try (0..<3).map { _ in census.join(try WakeUp()) }
        let limits = Self.limits(6)
        let client = ClientPrefix(.v4(1))
        for loop in [0, 0, 0, 1, 1, 2] { #expect(census.admit(client, to: loops[loop], limits)) }
        func debts() -> [Int] { loops.map { census.debt(of: $0) } }
        #expect(debts() == [0, 0, 0])
        #expect(census.admit(client, to: loops[2], limits))
        #expect(debts() == [1, 0, 0])
        // All have two now.
        #expect(census.admit(client, to: loops[1], limits))
        #expect(debts() == [1, 1, 0])
        census.leave(client, from: loops[0])
        census.leave(client, from: loops[1])
        #expect(debts() == [0, 0, 0])
        #expect(census.open == 6)
        // A connection that ends by itself pays as well.
        #expect(census.admit(client, to: loops[2], limits))
        #expect(census.admit(client, to: loops[2], limits))
        #expect(census.open == 8)
        #expect(debts().reduce(0, +) == 2)
        census.shrink(to: 1, by: 0)
        #expect(debts().reduce(0, +) == 7)
        census.shrink(to: 0, by: 0)
        census.shrink(to: 0, by: 0)
        #expect(debts().reduce(0, +) == 8)
    }

    @Test("A full table makes room in another loop, and there the idlest goes")
    func evictsElsewhere() throws {
        let census = ConnectionCensus()
        let full = try LoopbackServer(limits: Self.limits(3), census: census)
        let empty = try LoopbackServer(limits: Self.limits(3), census: census)
        defer { for server in [full, empty] { server.stop() } }
        let clients = try (0..<3).map { _ in try LoopbackPeer(.tcp, to: full.address) }
        for index in [1, 2, 0] { try Self.ask(clients[index], 1) }
        let newcomer = try LoopbackPeer(.tcp, to: empty.address)
        try Self.ask(newcomer, 2)
        #expect(clients[1].isClosedByPeer())
        for client in [clients[0], clients[2], newcomer] { try Self.ask(client, 3) }
        #expect(census.open == 3)
        full.onQueue { loop, _ in #expect(loop.counters.tcpEvicted == 1) }
    }

    @Test("However full the table is and wherever, no newcomer is refused")
    func servesEveryNewcomer() throws {
        let census = ConnectionCensus()
        let servers = try (0..<2).map { _ in
            try LoopbackServer(limits: Self.limits(8, perClient: 1000), census: census)
        }
        defer { for server in servers { server.stop() } }
        var clients = try (0..<8).map { _ in try LoopbackPeer(.tcp, to: servers[0].address) }
        servers[0].waitUntil { loop, _ in loop.counters.tcpOpen == 8 }
        for number in UInt16(0)..<40 {
            let newcomer = try LoopbackPeer(.tcp, to: servers[number < 20 ? 1 : 0].address)
            try Self.ask(newcomer, number)
            clients.append(newcomer)
        }
        for server in servers {
            server.waitUntil { _, _ in census.open == 8 }
            server.onQueue { loop, _ in
                #expect(loop.counters.tcpRefused == 0)
                #expect(loop.counters.tcpOpen == 4)
            }
        }
        for client in clients.suffix(3) { try Self.ask(client, 99) }
    }

    @Test("A client's connections in all loops count, and its idle one here makes room")
    func limitsAcrossLoops() throws {
        let census = ConnectionCensus()
        let servers = try (0..<2).map { _ in
            try LoopbackServer(limits: Self.limits(8, perClient: 2), census: census)
        }
        defer { for server in servers { server.stop() } }
        let first = try LoopbackPeer(.tcp, to: servers[0].address)
        try Self.ask(first, 1)
        let second = try LoopbackPeer(.tcp, to: servers[0].address)
        try Self.ask(second, 2)
        // It has none of this client's that could go.
        let third = try LoopbackPeer(.tcp, to: servers[1].address)
        #expect(third.isClosedByPeer())
        let fourth = try LoopbackPeer(.tcp, to: servers[0].address)
        try Self.ask(fourth, 4)
        #expect(first.isClosedByPeer())
        #expect(census.open == 2)
    }

    @Test("New limits hold for connections that are open")
    func changes() throws {
        var limits = Self.limits(5)
        limits.queriesInFlight = 2
        let server = try LoopbackServer(limits: limits) { $0[1] > 100 ? .later : .now($0) }
        defer { server.stop() }
        let clients = try (0..<5).map { _ in try LoopbackPeer(.tcp, to: server.address) }
        for client in clients { try Self.ask(client, 1) }
        try clients[4].send([101, 102, 103].flatMap { framed(message($0)) })
        server.waitUntil { _, handler in handler.paths.count == 2 }
        limits.queriesInFlight = 3
        limits.connections = 2
        server.onQueue { loop, _ in loop.change(limits) }
        for client in clients[..<3] { #expect(client.isClosedByPeer()) }
        server.waitUntil { _, handler in handler.paths.count == 3 }
        limits.idleTimeout = 50 * MonotonicClock.nanosecondsPerMillisecond
        server.onQueue { loop, _ in loop.change(limits) }
        #expect(clients[3].isClosedByPeer())
        server.answer(2)
        #expect(clients[4].receiveMessage() == message(103))
    }
}
