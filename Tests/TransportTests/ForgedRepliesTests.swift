import DNS
import Testing

@testable import Transport

@Suite("Forged replies from upstream")
struct ForgedRepliesTests {
    private let query = message(0xffff, "twelve octets and more")
    /// As many forgeries as a socket's exchanges outlast.
    private let tolerated = TransportLimits().upstreamForgeries - 1

    /// One socket an upstream, so that it is known which one a query leaves from.
    private var oneSocket: TransportLimits {
        var limits = TransportLimits()
        limits.upstreamSockets = 1
        return limits
    }

    private func reply(_ query: [UInt8], _ text: String = "a reply") -> [UInt8] {
        query.prefix(2) + Array(text.utf8)
    }

    /// Replies with so many IDs, each another one and none that of the query.
    private func forgeries(of query: [UInt8], _ count: Int) -> [[UInt8]] {
        (1...count).map { [query[0], query[1] ^ UInt8($0)] + Array("forged".utf8) }
    }

    @Test("After a wrong ID a socket has no new queries, and still waits for its own")
    func replacesSocket() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: oneSocket)
        defer { server.stop() }
        let address = try upstream.local
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(address), over: .udp, exchange: 1)
        }
        let (first, port) = try upstream.receiveFrom()
        try upstream.send(forgeries(of: first, 1)[0], to: port)
        server.waitUntil { loop, _ in loop.counters.upstreamSocketsSuspected == 1 }
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(address), over: .udp, exchange: 2)
        }
        let (second, otherPort) = try upstream.receiveFrom()
        #expect(otherPort != port)
        try upstream.send(reply(first), to: port)
        try upstream.send(reply(second), to: otherPort)
        server.waitUntil { loop, handler in handler.replies.count == 2 }
        server.onQueue { loop, handler in
            #expect(handler.troubles.isEmpty)
            #expect(loop.counters.upstreamWrongID == 1)
            #expect(loop.counters.upstreamSocketsClosed == 1)
            #expect(loop.counters.upstreamSocketsAbandoned == 0)
        }
    }

    @Test("A socket that waits for nothing is closed by its first wrong ID")
    func closesIdleSocket() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: oneSocket)
        defer { server.stop() }
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 1)
        }
        let (octets, port) = try upstream.receiveFrom()
        try upstream.send(reply(octets), to: port)
        for forgery in forgeries(of: octets, tolerated + 1) { try upstream.send(forgery, to: port) }
        server.waitUntil { loop, _ in loop.counters.upstreamSocketsClosed == 1 }
        server.onQueue { loop, handler in
            #expect(loop.counters.upstreamSocketsSuspected == 1)
            #expect(loop.counters.upstreamSocketsAbandoned == 0)
            #expect(handler.troubles.isEmpty)
        }
    }

    @Test("A reply to a query that is over is no forgery, however often it comes")
    func passesOverLateReplies() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: oneSocket)
        defer { server.stop() }
        try server.onQueue { loop, _ in
            for exchange in UInt64(1)...2 {
                try loop.sendUpstream(
                    query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: exchange
                )
            }
        }
        let (answered, port) = try upstream.receiveFrom()
        let (cancelled, _) = try upstream.receiveFrom()
        try upstream.send(reply(answered), to: port)
        server.waitUntil { _, handler in handler.replies.count == 1 }
        server.onQueue { loop, _ in loop.cancelUpstream(exchange: 2) }
        for _ in 0...tolerated {
            try upstream.send(reply(answered), to: port)
            try upstream.send(reply(cancelled, "something else"), to: port)
        }
        let sent = UInt64(2 * (tolerated + 1))
        server.waitUntil { loop, _ in loop.counters.upstreamLate == sent }
        server.onQueue { loop, _ in
            #expect(loop.counters.upstreamWrongID == 0)
            #expect(loop.counters.upstreamSocketsSuspected == 0)
        }
        // The socket still takes queries, and a wrong ID is what it was.
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 3)
        }
        let (next, samePort) = try upstream.receiveFrom()
        #expect(samePort == port)
        let over = [answered, cancelled].map { $0.prefix(2) }
        let wrong = try #require(forgeries(of: next, 3).first { !over.contains($0.prefix(2)) })
        try upstream.send(wrong, to: port)
        server.waitUntil { loop, _ in loop.counters.upstreamSocketsSuspected == 1 }
        server.onQueue { _, handler in #expect(handler.replies.count == 1) }
    }

    @Test("The right reply is taken after as many forgeries as are tolerated", arguments: [0, 3])
    func toleratesFew(refused: Int) throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try server.onQueue { loop, handler in
            handler.takesReply = { $0.count != 11 }
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 1)
        }
        let (octets, port) = try upstream.receiveFrom()
        for forgery in forgeries(of: octets, tolerated - refused) {
            try upstream.send(forgery, to: port)
        }
        for _ in 0..<refused { try upstream.send(reply(octets, "elevenths"), to: port) }
        try upstream.send(reply(octets), to: port)
        server.waitUntil { _, handler in handler.replies.count == 1 }
        server.onQueue { loop, handler in
            #expect(handler.replies[0].octets == reply(octets))
            #expect(loop.counters.upstreamWrongID == UInt64(tolerated - refused))
            #expect(loop.counters.upstreamRejected == UInt64(refused))
            #expect(handler.troubles.isEmpty)
        }
    }

    @Test("After more, the socket's exchanges are moved, the others fail, and the port is closed")
    func abandonsSocket() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let address = try upstream.local
        let stream = try LoopbackPeer(.tcp, bound: address, backlog: 1)
        let server = try LoopbackServer(nil, limits: oneSocket)
        defer { server.stop() }
        let query = query
        try server.onQueue { loop, handler in
            handler.onTrouble = { [unowned loop] exchange in
                guard exchange == 1 else { return }
                try? loop.sendUpstream(
                    query.span, to: UpstreamEndpoint(address), over: .tcp, exchange: exchange)
            }
            for exchange in UInt64(1)...2 {
                try loop.sendUpstream(
                    query.span, to: UpstreamEndpoint(address), over: .udp, exchange: exchange)
            }
        }
        let (octets, port) = try upstream.receiveFrom()
        // Two IDs are out: none of these is either.
        let (other, _) = try upstream.receiveFrom()
        let wrong = forgeries(of: octets, tolerated + 2).filter { $0.prefix(2) != other.prefix(2) }
        for forgery in wrong.prefix(tolerated + 1) { try upstream.send(forgery, to: port) }
        server.waitUntil { _, handler in !handler.failures.isEmpty }
        server.onQueue { loop, handler in
            #expect(handler.troubles.map(\.exchange).sorted() == [1, 2])
            #expect(handler.troubles.allSatisfy { $0.trouble == .forgeries })
            #expect(handler.failures.map(\.exchange) == [2])
            #expect(handler.failures.map(\.error) == [.closed])
            #expect(loop.counters.upstreamForged == 2)
            #expect(loop.counters.upstreamSocketsSuspected == 1)
            #expect(loop.counters.upstreamSocketsAbandoned == 1)
            #expect(loop.counters.upstreamSocketsClosed == 1)
        }
        // The right IDs come too late: nobody has the port any more.
        for late in [octets, other] { try upstream.send(reply(late, "forged"), to: port) }
        let connection = try stream.accept()
        let moved = try #require(connection.receiveMessage())
        try connection.send(framed(reply(moved)))
        server.waitUntil { _, handler in handler.replies.count == 1 }
        // The next question goes by UDP again, from another port.
        try server.onQueue { loop, handler in
            #expect(handler.replies.map(\.octets) == [reply(moved)])
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(address), over: .udp, exchange: 3)
        }
        let (next, newPort) = try upstream.receiveFrom()
        #expect(newPort != port)
        try upstream.send(reply(next), to: newPort)
        server.waitUntil { _, handler in handler.replies.count == 2 }
    }

    @Test("Replies with the right ID that are refused again and again count alike")
    func countsRefusedReplies() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try server.onQueue { loop, handler in
            handler.takesReply = { _ in false }
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 1)
        }
        let (octets, port) = try upstream.receiveFrom()
        for _ in 0...tolerated { try upstream.send(reply(octets), to: port) }
        server.waitUntil { _, handler in !handler.failures.isEmpty }
        server.onQueue { loop, handler in
            #expect(handler.troubles.map(\.trouble) == [.forgeries])
            #expect(loop.counters.upstreamRejected == UInt64(tolerated + 1))
        }
    }

    @Test("A reply larger than the buffer is reported, and the exchange waits on")
    func reportsOversized() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 1)
        }
        let (octets, port) = try upstream.receiveFrom()
        let large = [UInt8](repeating: 0, count: DatagramLimits.received)
        try upstream.send(forgeries(of: octets, 1)[0] + large, to: port)
        try upstream.send(reply(octets) + large, to: port)
        server.waitUntil { _, handler in !handler.troubles.isEmpty }
        server.onQueue { loop, handler in
            #expect(handler.troubles.map(\.exchange) == [1])
            #expect(handler.troubles.map(\.trouble) == [.oversized])
            #expect(loop.counters.upstreamTruncated == 1)
            #expect(loop.counters.upstreamWrongID == 1)
            #expect(loop.exchanges.count == 1)
        }
        try upstream.send(reply(octets), to: port)
        server.waitUntil { _, handler in handler.replies.count == 1 }
    }

    @Test("An ID stays taken, and replies to it are late once it is over")
    func remembersIDs() {
        let ids = UpstreamIDs()
        #expect(ids.match(5) == .unknown)
        ids.begin(70, id: 5)
        ids.begin(71, id: 6)
        #expect(ids.match(5) == .exchange(70) && ids.match(5) == .exchange(70))
        ids.end(99, id: 5)
        #expect(ids.waitingCount == 2)
        ids.end(70, id: 5)
        ids.end(id: 5)
        #expect(ids.waitingCount == 1 && ids.waiting.map(\.exchange) == [71])
        #expect(ids.isTaken(5) && ids.isTaken(6) && !ids.isTaken(7))
        #expect(ids.match(5) == .late && ids.match(5) == .late && ids.isTaken(5))
        #expect(ids.match(7) == .unknown && ids.match(6) == .exchange(71))
    }
}
