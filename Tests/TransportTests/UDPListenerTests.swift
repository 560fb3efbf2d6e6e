import DNS
import Testing

@testable import Transport

@Suite("UDP listeners")
struct UDPListenerTests {
    @Test("A query is answered from the address that it was sent to")
    func answersFromTheAskedAddress() throws {
        let server = try LoopbackServer("0.0.0.0")
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let asked = try endpoint("127.0.0.5", server.address.port)
        try client.send(message(1), to: asked)
        let (octets, sender) = try client.receiveFrom()
        #expect(octets == message(1))
        #expect(sender == asked)
    }

    @Test("A later answer leaves from the address that was asked, too")
    func answersLaterFromTheAskedAddress() throws {
        let server = try LoopbackServer("0.0.0.0") { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let asked = try endpoint("127.0.0.5", server.address.port)
        try client.send(message(2), to: asked)
        server.waitUntil { _, handler in handler.paths.count == 1 }
        server.answer(0, with: message(2, "an answer"))
        let (octets, sender) = try client.receiveFrom()
        #expect(octets == message(2, "an answer"))
        #expect(sender == asked)
    }

    @Test("IPv6 queries to :: are answered from the address asked", .enabled(if: hasIPv6))
    func answersIPv6() throws {
        let server = try LoopbackServer("::")
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, bound: endpoint("::1"))
        let asked = try endpoint("::1", server.address.port)
        try client.send(message(3), to: asked)
        let (octets, sender) = try client.receiveFrom()
        #expect(octets == message(3))
        #expect(sender == asked)
        let local = try client.local
        server.onQueue { _, handler in #expect(handler.queries.first?.client == local) }
    }

    @Test(
        "An IPv4 client of an inherited socket that serves both families comes as IPv4",
        .enabled(if: hasIPv6))
    func mapsDualStackClients() throws {
        // As a service manager may hand it over: IPV6_V6ONLY is not set.
        let tcp = Syscalls.socket(ipv6: true, stream: true)
        let udp = Syscalls.socket(ipv6: true, stream: false)
        // TCP chooses the port: its many connections are the likelier ones to have it already.
        #expect(Syscalls.bind(tcp, KernelAddress(try endpoint("::"))) == 0)
        let address = try #require(Syscalls.localAddress(tcp))
        #expect(Syscalls.bind(udp, KernelAddress(address)) == 0)
        #expect(Syscalls.listen(tcp, backlog: 8) == 0)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        try server.onQueue { loop, _ in
            try loop.add(ListeningSocketPair(udp: udp, tcp: tcp, address: address))
        }
        let client = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let asked = try endpoint("127.0.0.7", address.port)
        try client.send(message(4), to: asked)
        #expect(try client.receiveFrom().sender == asked)
        let local = try client.local
        server.onQueue { _, handler in #expect(handler.queries.first?.client == local) }
    }

    @Test("A burst of more than a batch is answered whole, each to its sender")
    func answersBursts() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let clients = try (0..<5).map { _ in try LoopbackPeer(.udp, to: server.address) }
        server.onQueue { _, _ in
            // The queue is busy while the burst piles up.
            for id in UInt16(0)..<60 {
                for client in clients { try? client.send(message(id, "from \(client.descriptor)")) }
            }
        }
        for client in clients {
            var ids: [[UInt8]] = []
            for _ in 0..<60 { ids.append(try #require(client.receive())) }
            #expect(ids == (UInt16(0)..<60).map { message($0, "from \(client.descriptor)") })
        }
        server.waitUntil { loop, _ in loop.counters.sent == 300 }
        server.onQueue { loop, _ in #expect(loop.counters.received == 300) }
    }

    @Test("Later answers to more clients than a batch holds all go out")
    func answersManyLater() throws {
        let server = try LoopbackServer { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, to: server.address)
        for id in UInt16(0)..<100 { try client.send(message(id)) }
        server.waitUntil { _, handler in handler.paths.count == 100 }
        server.onQueue { loop, handler in
            for (path, octets) in handler.paths { loop.send(octets.span, to: path) }
        }
        for id in UInt16(0)..<100 { #expect(client.receive() == message(id)) }
    }

    @Test("Nothing is sent for a dropped query, and the next one is answered")
    func dropsQueries() throws {
        let server = try LoopbackServer { $0[1] == 1 ? .drop : .now($0) }
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, to: server.address)
        try client.send(message(1))
        try client.send(message(2))
        #expect(client.receive() == message(2))
        server.onQueue { loop, _ in #expect(loop.counters.sent == 1) }
    }

    @Test("A datagram longer than the buffer is dropped and counted")
    func dropsTruncated() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, to: server.address)
        try client.send([UInt8](repeating: 7, count: DatagramLimits.received + 1))
        try client.send(message(9))
        #expect(client.receive() == message(9))
        server.onQueue { loop, handler in
            #expect(loop.counters.droppedTruncated == 1)
            #expect(handler.queries.count == 1)
        }
    }

    @Test("A datagram from port 0 is dropped and counted", .enabled(if: RawSender.isAllowed))
    func dropsSourcePortZero() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        try RawSender().send(message(1), fromPort: 0, to: server.address)
        server.waitUntil { loop, _ in loop.counters.droppedSourcePortZero == 1 }
        server.onQueue { _, handler in #expect(handler.queries.isEmpty) }
    }

    @Test(
        "A datagram that claims to come from a listener is dropped",
        .enabled(if: RawSender.isAllowed))
    func dropsOwnAddress() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let other = try ListeningSockets.open(try endpoint("127.0.0.1"), workers: 1)[0]
        try server.onQueue { loop, _ in try loop.add(other) }
        let (address, port) = (server.address, server.address.port)
        // From the listener that gets it, from another one, and from ports that look alike.
        try RawSender().send(message(1), fromPort: port, to: address)
        try RawSender().send(message(2), fromPort: other.address.port, to: address)
        let similar = port ^ 0x4000
        try RawSender().send(message(3), fromPort: similar, to: address)
        server.waitUntil { loop, handler in
            loop.counters.droppedOwnAddress == 2 && handler.queries.count == 1
        }
        server.onQueue { loop, handler in
            #expect(handler.queries.map(\.octets) == [message(3)])
            loop.remove(address: other.address)
        }
        server.waitUntil { loop, _ in loop.udpListeners.count == 1 }
        try RawSender().send(message(4), fromPort: other.address.port, to: address)
        server.waitUntil { _, handler in handler.queries.count == 2 }
    }

    @Test(
        "At all addresses a datagram from where it was sent to is dropped",
        .enabled(if: RawSender.isAllowed))
    func dropsOwnAddressAtWildcard() throws {
        let server = try LoopbackServer("0.0.0.0")
        defer { server.stop() }
        let (own, port) = (try endpoint("127.0.0.1", server.address.port), server.address.port)
        try RawSender().send(message(1), fromPort: port, to: own)
        try RawSender().send(message(2), fromPort: port ^ 1, to: own)
        server.waitUntil { _, handler in handler.queries.count == 1 }
        server.onQueue { loop, handler in
            #expect(handler.queries.map(\.octets) == [message(2)])
            #expect(loop.counters.droppedOwnAddress == 1)
        }
    }

    @Test("A later answer longer than UDP takes is dropped and counted")
    func dropsOversized() throws {
        let server = try LoopbackServer { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, to: server.address)
        try client.send(message(1))
        server.waitUntil { _, handler in handler.paths.count == 1 }
        server.onQueue { loop, handler in
            let long = [UInt8](repeating: 1, count: 1233)
            loop.send(long.span, to: handler.paths[0].path)
            #expect(loop.counters.droppedOversized == 1)
            loop.send(long.span.extracting(0..<1232), to: handler.paths[0].path)
        }
        #expect(client.receive()?.count == 1232)
    }

    @Test("An answer that nobody takes any more does not stop the listener")
    func survivesRefusals() throws {
        let server = try LoopbackServer { _ in .later }
        defer { server.stop() }
        let gone = try LoopbackPeer(.udp, to: server.address)
        try gone.send(message(1))
        server.waitUntil { _, handler in handler.paths.count == 1 }
        gone.close()
        server.onQueue { loop, handler in
            loop.send(message(1).span, to: handler.paths[0].path)
            handler.answer = { .now($0) }
        }
        let client = try LoopbackPeer(.udp, to: server.address)
        try client.send(message(2))
        #expect(client.receive() == message(2))
    }
}
