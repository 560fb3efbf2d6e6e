import DNS
import Testing

@testable import Transport

@Suite("Queries to upstreams that leave in one round")
struct UpstreamRoundTests {
    private let query = message(0xffff, "twelve octets and more")

    /// Has a round send queries with these exchanges.
    private func send(
        _ exchanges: ClosedRange<UInt64>, to address: SocketAddress, _ server: LoopbackServer
    ) {
        let query = query
        let loop = server.loop
        server.onQueue { _, handler in
            let before = handler.messagesCount
            handler.onMessages = { [unowned loop, unowned handler] in
                guard handler.messagesCount == before + 1 else { return }
                for exchange in exchanges {
                    try? loop.sendUpstream(
                        query.span, to: UpstreamEndpoint(address), over: .udp, exchange: exchange)
                }
            }
        }
        server.loop.wakeUp.wake()
    }

    @Test("They have one port, drawn anew for each round, and IDs of their own")
    func sharesPort() throws {
        var limits = TransportLimits()
        limits.upstreamSocketQueries = 10_000
        limits.upstreamSocketLifetime = 60 * MonotonicClock.nanosecondsPerSecond
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        var ports: Set<UInt16> = []
        var ids: Set<[UInt8]> = []
        for round in UInt64(0)..<200 {
            send(3 * round...3 * round + 2, to: try upstream.local, server)
            var portsOfRound: Set<UInt16> = []
            for _ in 0..<3 {
                let (octets, sender) = try upstream.receiveFrom()
                #expect(octets.dropFirst(2) == query.dropFirst(2))
                portsOfRound.insert(sender.port)
                ids.insert(Array(octets.prefix(2)))
            }
            #expect(portsOfRound.count == 1)
            ports.formUnion(portsOfRound)
        }
        // 200 random choices of 16 sockets miss one with a chance of some 16 * (15/16)^200.
        #expect((14...16).contains(ports.count))
        // Chance repeats about three of them.
        #expect(ids.count > 580)
    }

    @Test("A port serves so many queries and no more, also within a round")
    func replacesUsedSocket() throws {
        var limits = TransportLimits()
        limits.upstreamSocketQueries = 4
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        send(1...40, to: try upstream.local, server)
        var queries: [UInt16: Int] = [:]
        for _ in 0..<40 {
            let (octets, sender) = try upstream.receiveFrom()
            queries[sender.port, default: 0] += 1
            try upstream.send(octets, to: sender)
        }
        #expect(queries.values.allSatisfy { $0 <= 4 })
        server.waitUntil { loop, handler in
            handler.replies.count == 40 && loop.exchanges.count == 0
        }
        server.onQueue { _, handler in
            #expect(Set(handler.replies.map(\.exchange)) == Set(1...40))
        }
    }

    @Test("A closed port is reported once for each of them")
    func reportsRefusal() throws {
        let closed = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let address = try closed.local
        closed.close()
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        send(1...5, to: address, server)
        server.waitUntil { loop, handler in
            handler.failures.count == 5 && loop.exchanges.count == 0
        }
        server.onQueue { _, handler in
            #expect(Set(handler.failures.map(\.exchange)) == [1, 2, 3, 4, 5])
            #expect(handler.failures.allSatisfy { $0.error == .refused })
        }
    }

    @Test("Exchanges are found by their number, whatever came and went before")
    func exchangeTable() {
        let table = ExchangeTable()
        var expected: [UInt64: ExchangePlace] = [:]
        var random = SystemRandomNumberGenerator()
        for step in 0..<20_000 {
            let exchange = UInt64.random(in: 0..<500, using: &random) << 20
            if Bool.random(using: &random) {
                let place = ExchangePlace.socket(
                    SlotKey(slot: UInt32(step), generation: 0), id: UInt16(step & 0xffff))
                table.set(place, for: exchange)
                expected[exchange] = place
            } else {
                table.remove(exchange)
                expected[exchange] = nil
            }
            guard step % 100 == 0 else { continue }
            #expect(table.count == expected.count)
            #expect((0..<500).allSatisfy { table[UInt64($0) << 20] == expected[UInt64($0) << 20] })
        }
    }
}
