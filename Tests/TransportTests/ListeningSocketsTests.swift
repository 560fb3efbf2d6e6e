import DNS
import Testing

@testable import Transport

@Suite("Listening sockets")
struct ListeningSocketsTests {
    static let hosts = hasIPv6 ? ["127.0.0.1", "0.0.0.0", "::1", "::"] : ["127.0.0.1", "0.0.0.0"]

    @Test("The workers of one server share a port and its load", arguments: hosts)
    func sharesThePort(host: String) throws {
        let pairs = try ListeningSockets.open(try endpoint(host), workers: 4)
        defer { for pair in pairs { pair.close() } }
        #expect(Set(pairs.map(\.address)).count == 1)
        var target = pairs[0].address
        if target.isWildcard {
            target.ip = try #require(IPAddress(target.isIPv6 ? "::1" : "127.0.0.1"))
        }
        for _ in 0..<200 { try LoopbackPeer(.udp, to: target).send(message(1)) }
        var shares: [Int] = []
        let batch = ReceiveBatch()
        for pair in pairs {
            var share = 0
            while case let count = batch.receive(from: pair.udp, tellsLocal: false), count > 0 {
                share += count
            }
            shares.append(share)
        }
        #expect(shares.reduce(0, +) == 200)
        // All of 200 going past one of four has a chance of 3/4 to the 200th.
        #expect(shares.allSatisfy { $0 > 0 })
    }

    @Test("TCP connections are shared, too")
    func sharesConnections() throws {
        let pairs = try ListeningSockets.open(try endpoint("127.0.0.1"), workers: 2)
        defer { for pair in pairs { pair.close() } }
        let clients = try (0..<64).map { _ in try LoopbackPeer(.tcp, to: pairs[0].address) }
        for pair in pairs {
            let accepted = Syscalls.accept(pair.tcp).descriptor
            #expect(accepted >= 0)
            Syscalls.close(accepted)
        }
        #expect(clients.count == 64)
    }

    @Test("A second server at the same address is told so", arguments: hosts)
    func refusesSecondServer(host: String) throws {
        let first = try ListeningSockets.open(try endpoint(host), workers: 2)
        defer { for pair in first { pair.close() } }
        let address = first[0].address
        #expect(throws: TransportError.addressInUse(address, .udp)) {
            try ListeningSockets.open(address, workers: 2)
        }
    }

    @Test("A foreign socket is in the way even when it would share", arguments: hosts)
    func refusesForeignSharing(host: String) throws {
        let udp = try LoopbackPeer(.udp, bound: endpoint(host), reusingPort: true)
        let taken = try udp.local
        #expect(throws: TransportError.addressInUse(taken, .udp)) {
            try ListeningSockets.open(taken, workers: 1)
        }
        let tcp = try LoopbackPeer(.tcp, bound: endpoint(host), reusingPort: true, backlog: 1)
        let other = try tcp.local
        #expect(throws: TransportError.addressInUse(other, .tcp)) {
            try ListeningSockets.open(other, workers: 1)
        }
    }

    @Test("A failure leaves no socket open")
    func closesOnFailure() throws {
        let tcp = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 1)
        let address = try tcp.local
        #expect(throws: TransportError.addressInUse(address, .tcp)) {
            try ListeningSockets.open(address, workers: 3)
        }
        // The UDP half is free again.
        try LoopbackPeer(.udp, bound: address).close()
    }

    @Test("An earlier process's closed connections do not keep the port")
    func reopensInTimeWait() throws {
        let first = try ListeningSockets.open(try endpoint("127.0.0.1"), workers: 1)[0]
        let client = try LoopbackPeer(.tcp, to: first.address)
        let accepted = Syscalls.accept(first.tcp).descriptor
        #expect(accepted >= 0)
        // The side that closes first keeps the TIME_WAIT.
        Syscalls.close(accepted)
        #expect(client.isClosedByPeer())
        client.close()
        first.close()
        let second = try ListeningSockets.open(first.address, workers: 2)
        for pair in second { pair.close() }
    }

    @Test("An address of no interface is refused as such")
    func refusesForeignAddress() throws {
        // TEST-NET-1, RFC 5737.
        let address = try endpoint("192.0.2.1", 5353)
        #expect(throws: TransportError.addressNotAvailable(address)) {
            try ListeningSockets.open(address, workers: 1)
        }
    }

    @Test("An address that may come later is listened at")
    func allowsAbsentAddress() throws {
        let pairs = try ListeningSockets.open(
            try endpoint("192.0.2.1", 0), workers: 2, mayBeAbsent: true)
        #expect(pairs.count == 2)
        for pair in pairs { pair.close() }
    }

    @Test("Messages say what is wrong and what to look at")
    func describes() throws {
        let dns = try endpoint("0.0.0.0", 53)
        #expect(
            TransportError.addressInUse(dns, .udp).description
                == "address already in use: 0.0.0.0:53/udp; `ss -lnp sport = :53` says by whom,"
                + " often systemd-resolved (see horizond(8))")
        #expect(
            TransportError.addressInUse(try endpoint("::1", 5353), .tcp).description
                == "address already in use: [::1]:5353/tcp; `ss -lnp sport = :5353` says by whom")
        #expect(
            TransportError.addressNotAvailable(try endpoint("192.0.2.7", 53)).description
                == "no interface has 192.0.2.7, so that 192.0.2.7:53 cannot be listened at;"
                + " take it out of \"listen\", or give the address to an interface first")
        #expect(
            TransportError.permissionDenied(dns, .tcp).description
                == "permission denied: 0.0.0.0:53/tcp;"
                + " needs CAP_NET_BIND_SERVICE or a port above 1023")
        #expect(
            TransportError.notPassed(dns, .udp).description
                == "permission denied: 0.0.0.0:53/udp;"
                + " needs CAP_NET_BIND_SERVICE or a port above 1023,"
                + " or a socket unit that passes it")
        #expect(
            TransportError.system(operation: "socket", errno: 24).description
                == "the system call socket failed: Too many open files")
    }
}
