import DNS
import Glibc
import Testing

@testable import Transport

@Suite("Upstreams over TCP")
struct UpstreamStreamsTests {
    private let query = message(0xffff, "twelve octets and more")

    private func send(_ exchange: UInt64, _ server: LoopbackServer, _ upstream: LoopbackPeer) throws
    {
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .tcp, exchange: exchange)
        }
    }

    @Test("Exchanges share a connection, with IDs of their own, in any order")
    func sharesConnection() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        for exchange in UInt64(1)...3 { try send(exchange, server, upstream) }
        let connection = try upstream.accept()
        var queries: [[UInt8]] = []
        for _ in 1...3 { queries.append(try #require(connection.receiveMessage())) }
        #expect(Set(queries.map { $0.prefix(2) }).count == 3)
        #expect(queries.allSatisfy { $0.dropFirst(2) == query.dropFirst(2) })
        try connection.send(queries.reversed().flatMap(framed))
        server.waitUntil { _, handler in handler.replies.count == 3 }
        server.onQueue { loop, handler in
            #expect(handler.replies.map(\.exchange) == [3, 2, 1])
            #expect(loop.counters.upstreamSocketsOpened == 1)
        }
        // And once more, some time later.
        try send(4, server, upstream)
        let later = try #require(connection.receiveMessage())
        try connection.send(framed(later))
        server.waitUntil { _, handler in handler.replies.count == 4 }
    }

    @Test("A reply with a wrong ID is ignored, and one in single octets is read")
    func ignoresWrongIDs() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try send(1, server, upstream)
        let connection = try upstream.accept()
        let received = try #require(connection.receiveMessage())
        try connection.send(framed([received[0] ^ 1] + received.dropFirst()))
        for octet in framed(received) {
            try connection.send([octet])
            pause(milliseconds: 1)
        }
        server.waitUntil { _, handler in handler.replies.count == 1 }
        server.onQueue { loop, _ in #expect(loop.counters.upstreamWrongID == 1) }
    }

    @Test("A connection with as many queries as it may have leaves further ones to another")
    func fullConnection() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        for exchange in UInt64(1)...1100 { try send(exchange, server, upstream) }
        for count in [1024, 76] {
            let connection = try upstream.accept()
            for _ in 0..<count {
                try connection.send(framed(try #require(connection.receiveMessage())))
            }
            #expect(connection.receiveMessage(milliseconds: 50) == nil)
        }
        server.waitUntil { _, handler in handler.replies.count == 1100 }
        server.onQueue { loop, _ in #expect(loop.counters.upstreamSocketsOpened == 2) }
    }

    @Test("A connection attempt that is refused is reported at once")
    func reportsRefusal() throws {
        let closed = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        // Bound, not listening: nobody else takes the port meanwhile.
        try send(1, server, closed)
        server.waitUntil { _, handler in handler.failures.count == 1 }
        server.onQueue { _, handler in #expect(handler.failures[0].error == .refused) }
    }

    @Test("A connection that ends before any reply fails its exchanges")
    func reportsEnd() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try send(1, server, upstream)
        try send(2, server, upstream)
        let connection = try upstream.accept()
        _ = connection.receiveMessage()
        _ = connection.receiveMessage()
        connection.close()
        server.waitUntil { _, handler in handler.failures.count == 2 }
        server.onQueue { loop, handler in
            #expect(handler.failures.map(\.exchange) == [1, 2])
            #expect(handler.failures.allSatisfy { $0.error == .closed })
            #expect(loop.exchanges.count == 0)
            #expect(loop.counters.upstreamSocketsOpened == 1)
            #expect(loop.counters.upstreamRetries == 0)
        }
    }

    @Test("A query on a used connection that ends is sent once more on a fresh one")
    func retriesOnce() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try send(1, server, upstream)
        let first = try upstream.accept()
        try first.send(framed(try #require(first.receiveMessage())))
        server.waitUntil { _, handler in handler.replies.count == 1 }
        // The upstream closes its idle connection just as the next query is on its way.
        try send(2, server, upstream)
        _ = first.receiveMessage()
        first.close()
        let second = try upstream.accept()
        let repeated = try #require(second.receiveMessage())
        #expect(repeated.dropFirst(2) == query.dropFirst(2))
        try second.send(framed(repeated))
        server.waitUntil { _, handler in handler.replies.count == 2 }
        server.onQueue { loop, handler in
            #expect(handler.failures.isEmpty)
            #expect(loop.counters.upstreamRetries == 1)
        }
        // Without replies on the fresh one, the next end is a failure.
        try send(3, server, upstream)
        _ = second.receiveMessage()
        second.close()
        let third = try upstream.accept()
        _ = third.receiveMessage()
        third.close()
        server.waitUntil { _, handler in handler.failures.count == 1 }
    }

    @Test("A server that closes after each reply is asked until all is answered, oldest first")
    func closesAfterReply() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        for exchange in UInt64(1)...20 { try send(exchange, server, upstream) }
        for round in UInt64(1)...20 {
            let connection = try upstream.accept()
            let received = try #require(connection.receiveMessage())
            // A later query does not come before those that wait.
            if round == 10 { try send(21, server, upstream) }
            try connection.send(framed(received))
            connection.close()
        }
        let last = try upstream.accept()
        try last.send(framed(try #require(last.receiveMessage())))
        server.waitUntil { _, handler in handler.replies.count == 21 }
        server.onQueue { loop, handler in
            #expect(handler.replies.map(\.exchange) == Array(1...21))
            #expect(handler.failures.isEmpty)
            #expect(loop.counters.upstreamSocketsOpened == 21)
            #expect(loop.counters.upstreamRetries == UInt64((1...19).reduce(0, +) + 11))
        }
    }

    @Test("A row of fresh connections ends with the first that has no reply")
    func endsWithoutProgress() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        for exchange in UInt64(1)...20 { try send(exchange, server, upstream) }
        for replies in [3, 2, 0] {
            let connection = try upstream.accept()
            for _ in 0..<replies {
                try connection.send(framed(try #require(connection.receiveMessage())))
            }
            if replies == 0 { _ = connection.receiveMessage() }
            connection.close()
        }
        server.waitUntil { _, handler in handler.failures.count == 15 }
        server.onQueue { loop, handler in
            #expect(handler.replies.map(\.exchange) == Array(1...5))
            #expect(handler.failures.map(\.exchange) == Array(6...20))
            #expect(loop.counters.upstreamSocketsOpened == 3)
            #expect(loop.counters.upstreamRetries == 17 + 15)
            #expect(loop.counters.upstreamFailures == 15)
        }
        #expect(!upstream.waits(for: POLLIN, milliseconds: 50))
    }

    @Test("A reply that came before a reset is read when writing meets the reset first")
    func readsBeforeReset() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try send(1, server, upstream)
        let first = try upstream.accept()
        let received = try #require(first.receiveMessage())
        try send(2, server, upstream)
        #expect(first.waits(for: POLLIN))
        try server.onQueue { loop, handler in
            // Unread octets make the kernel reset the connection.
            try first.send(framed(received))
            first.close()
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .tcp, exchange: 3)
            loop.upstreamStreams.flush(handler)
            #expect(handler.replies.map(\.exchange) == [1])
            #expect(loop.counters.upstreamSocketsClosed == 1)
            #expect(loop.counters.upstreamRetries == 2)
        }
        let second = try upstream.accept()
        for _ in 2...3 {
            try second.send(framed(try #require(second.receiveMessage())))
        }
        server.waitUntil { _, handler in handler.replies.map(\.exchange) == [1, 2, 3] }
    }

    @Test("A connection closed while idle is replaced without notice")
    func reconnects() throws {
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        for exchange in UInt64(1)...2 {
            try send(exchange, server, upstream)
            let connection = try upstream.accept()
            try connection.send(framed(try #require(connection.receiveMessage())))
            server.waitUntil { _, handler in handler.replies.count == Int(exchange) }
            connection.close()
            server.waitUntil { loop, _ in loop.counters.upstreamSocketsClosed == exchange }
        }
        server.onQueue { _, handler in #expect(handler.failures.isEmpty) }
    }

    @Test("An idle connection is closed, and one that fell silent takes no new query")
    func retires() throws {
        var limits = TransportLimits()
        limits.upstreamIdleTimeout = 100 * MonotonicClock.nanosecondsPerMillisecond
        let upstream = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        try send(1, server, upstream)
        let silent = try upstream.accept()
        _ = silent.receiveMessage()
        server.onQueue { loop, _ in loop.cancelUpstream(exchange: 1) }
        try send(2, server, upstream)
        let fresh = try upstream.accept()
        try fresh.send(framed(try #require(fresh.receiveMessage())))
        server.waitUntil { _, handler in handler.replies.count == 1 }
        #expect(silent.isClosedByPeer())
        #expect(fresh.isClosedByPeer())
    }
}
