import DNS
import Testing

@testable import Transport

@Suite("Upstreams over UDP")
struct UpstreamDatagramsTests {
    /// A query as the handler sends it: an ID that the loop replaces, then a header's rest and more.
    private let query = message(0xffff, "twelve octets and more")

    private func reply(_ octets: [UInt8], _ text: String = "a reply") -> [UInt8] {
        octets.prefix(2) + Array(text.utf8)
    }

    @Test(
        "A query goes out with an ID of its own and its reply ends the exchange",
        arguments: hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"])
    func exchanges(host: String) throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint(host))
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 7)
        }
        let (octets, sender) = try upstream.receiveFrom()
        #expect(octets.dropFirst(2) == query.dropFirst(2))
        try upstream.send(reply(octets), to: sender)
        server.waitUntil { _, handler in handler.replies.count == 1 }
        server.onQueue { loop, handler in
            #expect(handler.replies[0].exchange == 7)
            #expect(handler.replies[0].octets == reply(octets))
        }
        // The same reply once more is late.
        try upstream.send(reply(octets), to: sender)
        server.waitUntil { loop, _ in loop.counters.upstreamLate == 1 }
        server.onQueue { loop, handler in
            #expect(handler.replies.count == 1)
            #expect(loop.counters.upstreamReceived == 1)
        }
    }

    @Test("A reply with a wrong ID, or one that the handler refuses, lets the exchange wait on")
    func ignoresForgeries() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try server.onQueue { loop, handler in
            handler.takesReply = { $0.count > 9 }
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 1)
        }
        let (octets, sender) = try upstream.receiveFrom()
        try upstream.send([octets[0] ^ 1] + reply(octets).dropFirst(), to: sender)
        try upstream.send(reply(octets), to: sender)
        try upstream.send([octets[0]], to: sender)
        try upstream.send(reply(octets, "the right question"), to: sender)
        server.waitUntil { _, handler in handler.replies.count == 1 }
        server.onQueue { loop, handler in
            #expect(handler.replies[0].octets == reply(octets, "the right question"))
            #expect(loop.counters.upstreamWrongID == 2)
            #expect(loop.counters.upstreamRejected == 1)
        }
    }

    @Test("A datagram from anybody else does not reach the exchange")
    func ignoresStrangers() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let stranger = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 1)
        }
        let (octets, sender) = try upstream.receiveFrom()
        try stranger.send(reply(octets, "a forged reply"), to: sender)
        try upstream.send(reply(octets), to: sender)
        server.waitUntil { _, handler in handler.replies.count == 1 }
        server.onQueue { _, handler in #expect(handler.replies[0].octets == reply(octets)) }
    }

    @Test("A refusal is reported at once, for every exchange of the socket")
    func reportsRefusal() throws {
        var limits = TransportLimits()
        limits.upstreamSockets = 1
        let closed = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let address = try closed.local
        closed.close()
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        let start = MonotonicClock.now()
        try server.onQueue { loop, _ in
            for exchange in UInt64(1)...3 {
                try loop.sendUpstream(
                    query.span, to: UpstreamEndpoint(address), over: .udp, exchange: exchange)
            }
        }
        server.waitUntil { _, handler in handler.failures.count == 3 }
        #expect(MonotonicClock.now() - start < MonotonicClock.nanosecondsPerSecond)
        server.onQueue { loop, handler in
            #expect(Set(handler.failures.map(\.exchange)) == [1, 2, 3])
            #expect(handler.failures.allSatisfy { $0.error == .refused })
            #expect(loop.exchanges.count == 0)
        }
    }

    @Test("An exchange that is sent again from its reply goes on there")
    func sendsAgainFromReply() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        let address = try upstream.local
        let query = query
        let loop = server.loop
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(address), over: .udp, exchange: 1)
        }
        server.onQueue { _, handler in
            handler.takesReply = { [unowned loop] octets in
                if octets.count == 9 {
                    try? loop.sendUpstream(
                        query.span, to: UpstreamEndpoint(address), over: .udp, exchange: 1)
                }
                return true
            }
        }
        let (first, firstSender) = try upstream.receiveFrom()
        try upstream.send(reply(first), to: firstSender)
        let (second, secondSender) = try upstream.receiveFrom()
        try upstream.send(reply(second, "another reply"), to: secondSender)
        server.waitUntil { _, handler in handler.replies.count == 2 }
        server.onQueue { loop, handler in
            #expect(handler.replies.map(\.exchange) == [1, 1])
            #expect(loop.exchanges.count == 0)
        }
    }

    @Test("Queries leave from many ports, and IDs differ")
    func varies() throws {
        var limits = TransportLimits()
        limits.upstreamSocketQueries = 200
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        var ports: Set<UInt16> = []
        var ids: Set<[UInt8]> = []
        for exchange in UInt64(0)..<200 {
            try server.onQueue { loop, _ in
                try loop.sendUpstream(
                    query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: exchange
                )
            }
            let (octets, sender) = try upstream.receiveFrom()
            ports.insert(sender.port)
            ids.insert(Array(octets.prefix(2)))
        }
        // 200 random choices of 16 sockets miss one with a chance of some 16 * (15/16)^200.
        #expect((14...16).contains(ports.count))
        #expect(ports.allSatisfy { $0 >= 1024 })
        #expect(ids.count > 190)
    }

    @Test("A socket is replaced after its queries, and waits for its last reply")
    func replacesUsedSockets() throws {
        var limits = TransportLimits()
        limits.upstreamSockets = 1
        limits.upstreamSocketQueries = 4
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        var received: [(octets: [UInt8], sender: SocketAddress)] = []
        for exchange in UInt64(0)..<12 {
            try server.onQueue { loop, _ in
                try loop.sendUpstream(
                    query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: exchange
                )
            }
            received.append(try upstream.receiveFrom())
        }
        #expect(Set(received.map(\.sender.port)).count == 3)
        server.onQueue { loop, _ in #expect(loop.counters.upstreamSocketsClosed == 0) }
        for (octets, sender) in received { try upstream.send(reply(octets), to: sender) }
        server.waitUntil { loop, handler in
            handler.replies.count == 12 && loop.counters.upstreamSocketsClosed == 3
        }
    }

    @Test("A socket is replaced after its time")
    func replacesOldSockets() throws {
        var limits = TransportLimits()
        limits.upstreamSockets = 1
        limits.upstreamSocketLifetime = 50 * MonotonicClock.nanosecondsPerMillisecond
        limits.longestExchange = 100 * MonotonicClock.nanosecondsPerMillisecond
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        try server.onQueue { loop, _ in
            try loop.sendUpstream(
                query.span, to: UpstreamEndpoint(upstream.local), over: .udp, exchange: 1)
        }
        // Without a reply the socket waits for the longest exchange, which then ends.
        server.waitUntil { loop, handler in
            loop.counters.upstreamSocketsClosed == 1 && handler.failures.count == 1
        }
        server.onQueue { _, handler in #expect(handler.failures[0].error == .closed) }
    }

    @Test("Exchanges cancelled by the failure of another are not reported")
    func cancelsFromFailure() throws {
        var limits = TransportLimits()
        limits.upstreamSockets = 1
        let closed = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let address = try closed.local
        closed.close()
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        try server.onQueue { loop, handler in
            handler.onFailure = { [unowned loop] in
                for exchange in UInt64(1)...3 { loop.cancelUpstream(exchange: exchange) }
            }
            for exchange in UInt64(1)...3 {
                try loop.sendUpstream(
                    query.span, to: UpstreamEndpoint(address), over: .udp, exchange: exchange)
            }
        }
        server.waitUntil { _, handler in !handler.failures.isEmpty }
        server.onQueue { loop, handler in
            #expect(handler.failures.count == 1)
            #expect(loop.counters.upstreamFailures == 1)
        }
    }

    @Test("A query shorter than a header is not sent")
    func refusesShortQueries() throws {
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let address = try upstream.local
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        let short = [UInt8](repeating: 0, count: 11)
        server.onQueue { loop, _ in
            #expect(throws: UpstreamError.self) {
                try loop.sendUpstream(
                    short.span, to: UpstreamEndpoint(address), over: .udp, exchange: 1)
            }
            #expect(loop.exchanges.count == 0)
        }
    }

    @Test("A random ID is one that is not taken, if there is any")
    func choosesFreeIDs() {
        let random = RandomSource()
        let even = UpstreamExchanges.randomID(random) { $0 % 2 == 1 }
        #expect(even.map { $0 % 2 } == 0)
        #expect(UpstreamExchanges.randomID(random) { _ in true } == nil)
    }

    @Test("Bounds on exchanges and descriptors hold")
    func isBounded() throws {
        var limits = TransportLimits()
        limits.upstreamDescriptors = 2
        limits.upstreamSocketQueries = 3
        limits.exchanges = 5
        let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let server = try LoopbackServer(nil, limits: limits)
        defer { server.stop() }
        let address = try upstream.local
        server.onQueue { loop, _ in
            var refused = 0
            for exchange in UInt64(1)...9 {
                do throws(UpstreamError) {
                    try loop.sendUpstream(
                        query.span, to: UpstreamEndpoint(address), over: .udp, exchange: exchange)
                } catch {
                    #expect(error == .exhausted)
                    refused += 1
                }
            }
            #expect(refused == 4)
            #expect(loop.exchanges.openDescriptors <= 2)
        }
    }
}
