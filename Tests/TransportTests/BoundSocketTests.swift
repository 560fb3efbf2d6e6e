import DNS
import Dispatch
import Glibc
import Testing

@testable import Transport

@Suite("Sockets that were bound before")
struct BoundSocketTests {
    /// A UDP and a listening TCP socket at one port, as a service manager passes them.
    private static func passed(
        _ host: String = "127.0.0.1"
    ) throws -> (udp: LoopbackPeer, tcp: LoopbackPeer, both: [BoundSocket]) {
        let (udp, tcp) = try peers(host)
        let both = [
            try #require(BoundSocket(udp.descriptor)), try #require(BoundSocket(tcp.descriptor)),
        ]
        return (udp, tcp, both)
    }

    /// Some connection of this host may have the TCP port of a number that is free for UDP.
    private static func peers(_ host: String) throws -> (udp: LoopbackPeer, tcp: LoopbackPeer) {
        for _ in 0..<20 {
            let udp = try LoopbackPeer(.udp, bound: endpoint(host))
            do {
                return (udp, try LoopbackPeer(.tcp, bound: udp.local, backlog: 16))
            } catch TransportError.system(operation: "bind", errno: EADDRINUSE) {}
        }
        throw TransportError.system(operation: "bind", errno: EADDRINUSE)
    }

    @Test("What a descriptor is, is seen from it", arguments: ListeningSocketsTests.hosts)
    func inspects(host: String) throws {
        let (udp, tcp, both) = try Self.passed(host)
        #expect(both.map(\.transport) == [.udp, .tcp])
        #expect(both.map(\.descriptor) == [udp.descriptor, tcp.descriptor])
        let address = try udp.local
        #expect(both.allSatisfy { $0.address == address })
        #expect(both.allSatisfy { $0.takesIPv4 == (host == "::") })
    }

    @Test("A socket that does not listen, or a file, is of no use")
    func refuses() throws {
        let tcp = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"))
        #expect(BoundSocket(tcp.descriptor) == nil)
        #expect(BoundSocket(STDIN_FILENO) == nil)
        let event = Syscalls.eventDescriptor()
        defer { Syscalls.close(event) }
        #expect(BoundSocket(event) == nil)
        #expect(BoundSocket(-1) == nil)
    }

    @Test("A socket serves its own address, and IPv4 only as IPv4")
    func serves() throws {
        let socket = BoundSocket(3, .udp, try endpoint("::", 53))
        #expect(socket.serves(try endpoint("::", 53)))
        #expect(!socket.serves(try endpoint("::1", 53)))
        #expect(!socket.serves(try endpoint("::", 5353)))
        #expect(!socket.serves(try endpoint("0.0.0.0", 53)))
        #expect(
            !BoundSocket(3, .udp, try endpoint("::", 53), takesIPv4: true)
                .serves(try endpoint("::", 53)))
        // An interface's address knows its interface; `listen` does not.
        let scoped = SocketAddress(ip: try #require(IPAddress("fe80::1")), port: 53, scope: 2)
        #expect(BoundSocket(3, .udp, scoped).serves(try endpoint("fe80::1", 53)))
    }

    @Test("Fewer sockets than workers are shared, and stay the caller's")
    func shares() throws {
        let (udp, tcp, both) = try Self.passed()
        let pairs = try ListeningSockets.open(try udp.local, workers: 3, bound: both)
        #expect(pairs.count == 3)
        #expect(Set(pairs.flatMap { [$0.udp, $0.tcp] }).count == 6)
        for pair in pairs { pair.close() }
        let client = try LoopbackPeer(.udp, to: udp.local)
        try client.send(message(7))
        #expect(udp.waits(for: POLLIN))
        #expect(Syscalls.transport(of: tcp.descriptor) == .tcp)
    }

    @Test("More sockets than workers are all served")
    func servesSurplus() throws {
        let earlier = try ListeningSockets.open(try endpoint("127.0.0.1"), workers: 4)
        let bound = earlier.flatMap { [$0.udp, $0.tcp] }.compactMap { BoundSocket($0) }
        #expect(bound.count == 8)
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        for pair in try ListeningSockets.open(earlier[0].address, workers: 1, bound: bound) {
            try server.onQueue { loop, _ in try loop.add(pair) }
        }
        for pair in earlier { pair.close() }
        for id in UInt16(0)..<200 {
            let client = try LoopbackPeer(.udp, to: earlier[0].address)
            try client.send(message(id))
            #expect(client.receive() == message(id))
        }
    }

    @Test("What was passed for UDP alone is opened for TCP")
    func opensTheOther() throws {
        let udp = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let bound = try #require(BoundSocket(udp.descriptor))
        let pairs = try ListeningSockets.open(try udp.local, workers: 2, bound: [bound])
        defer { for pair in pairs { pair.close() } }
        #expect(pairs.count == 2)
        _ = try LoopbackPeer(.tcp, to: udp.local)
    }

    @Test("While one worker is busy another answers what comes to their one socket")
    func shareOfTheLoad() throws {
        let (udp, tcp, both) = try Self.passed()
        let address = try udp.local
        let servers = try (0..<2).map { _ in try LoopbackServer(nil) }
        defer { for server in servers { server.stop() } }
        let pairs = try ListeningSockets.open(address, workers: 2, bound: both)
        for (server, pair) in zip(servers, pairs) {
            try server.onQueue { loop, _ in try loop.add(pair) }
        }
        for (busy, other) in [(servers[0], servers[1]), (servers[1], servers[0])] {
            let goOn = DispatchSemaphore(value: 0)
            // A worker that is kept busy for ever would keep the test run, too.
            defer { goOn.signal() }
            busy.queue.async { goOn.wait() }
            let before = other.onQueue { _, handler in handler.queries.count }
            for id in UInt16(0)..<20 {
                let client = try LoopbackPeer(.udp, to: address)
                try client.send(message(id))
                #expect(client.receive() == message(id))
                let stream = try LoopbackPeer(.tcp, to: address)
                try stream.send(framed(message(id)))
                #expect(stream.receiveMessage() == message(id))
            }
            #expect(other.onQueue { _, handler in handler.queries.count } == before + 40)
            goOn.signal()
        }
        withExtendedLifetime(tcp) {}
    }

    @Test("A worker that leaves a shared socket hears no more of it")
    func leaves() throws {
        let (udp, tcp, both) = try Self.passed()
        let address = try udp.local
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        let pair = try ListeningSockets.open(address, workers: 1, bound: both)[0]
        try server.onQueue { loop, _ in
            try loop.add(pair)
            loop.remove(address: address)
        }
        server.waitUntil { loop, _ in loop.udpListeners.count == 0 && loop.tcpListeners.count == 0 }
        let rounds = server.onQueue { _, handler in handler.rounds }
        try LoopbackPeer(.udp, to: address).send(message(1))
        _ = try LoopbackPeer(.tcp, to: address)
        #expect(udp.waits(for: POLLIN) && tcp.waits(for: POLLIN))
        pause(milliseconds: 20)
        // One may be that of the removal's own waking.
        #expect(server.onQueue { _, handler in handler.rounds } <= rounds + 1)
        #expect(server.onQueue { _, handler in handler.queries.isEmpty })
    }
}
