import DNS
import Foundation
import Testing

extension ServiceTests.TCPTests {
    @Suite("Each limit of TCP at work")
    struct LimitsTests {
        typealias TCPTests = ServiceTests.TCPTests
        private static let local = TCPTests.local

        @Test("idle-timeout: a connection without queries ends, whatever octets come")
        func idle() throws {
            let server = try TCPTests.server("tcp: {idle-timeout: 1s}\n")
            let (quiet, slow) = (try TCPClient(server), try TCPClient(server))
            for client in [quiet, slow] { #expect(client.isServed(Self.local)) }
            let start = ContinuousClock.now
            for octet in try TCPClient.framed(Self.local, 2).prefix(8) {
                try slow.send([octet])
                pause(.milliseconds(100))
            }
            for client in [quiet, slow] { #expect(client.end(within: .seconds(3)) == .ended) }
            let time = ContinuousClock.now - start
            #expect(time > .milliseconds(900) && time < .milliseconds(1900), "\(time)")
        }

        @Test("first-query-timeout: the first whole query must come in time")
        func firstQuery() throws {
            let server = try TCPTests.server("tcp: {first-query-timeout: 1s}\n")
            let (silent, slow) = (try TCPClient(server), try TCPClient(server))
            let start = ContinuousClock.now
            for octet in try TCPClient.framed(Self.local, 2).prefix(8) {
                try slow.send([octet])
                pause(.milliseconds(100))
            }
            for client in [silent, slow] { #expect(client.end(within: .seconds(3)) != .open) }
            let time = ContinuousClock.now - start
            #expect(time > .milliseconds(900) && time < .milliseconds(1900), "\(time)")
        }

        @Test("write-timeout and queued: who never reads is closed, and holds little until then")
        func neverReading() throws {
            let text = String(repeating: "a", count: 200)
            let records = (0..<200).map { "\"\($0) \(text)\"" }.joined(separator: ", ")
            let server = try Server(
                """
                tcp: {write-timeout: 1s, queued: 64KiB}
                zones:
                  big.example:
                    mode: authoritative
                    records: {'': {type: TXT, values: [\(records)]}}
                forward: {}

                """)
            let (before, sockets) = (try server.memory(), try server.sockets())
            // 40 KB an answer: 4 MB for each client, far more than the kernel buffers.
            let query = try TCPClient.framed("big.example", 1, .txt)
            let clients = try (0..<50).map { _ in
                let client = try TCPClient(server)
                try client.send(Array(repeatElement(query, count: 100).joined()))
                return client
            }
            pause(.milliseconds(500))
            let taken = (try server.memory() - before) / clients.count
            #expect(taken < 256 << 10, "\(taken) octets a client")
            // The kernel may have given up as well: that the client is told of it is not certain.
            #expect(try eventually(within: .seconds(4)) { try server.sockets() == sockets })
            #expect(
                try server.client.ask("big.example", .txt, over: .tcp).answer.count == 200)
        }

        @Test("queries-in-flight: reading pauses, and goes on with each answer")
        func inFlight() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(300))
            let server = try TCPTests.server("tcp: {queries-in-flight: 2}\n", upstream: upstream)
            let client = try TCPClient(server)
            let (ids, time) = try elapsed {
                for id in UInt16(0)..<6 { try client.send("n\(id).example.net", id: id) }
                try client.send(Self.local, id: 6)
                return try client.receiveIDs(7)
            }
            #expect(Set(ids) == Set(0..<7))
            #expect(time > .milliseconds(850), "\(time)")
        }

        @Test("connections: the idlest makes room, and every newcomer is served")
        func connections() throws {
            let server = try TCPTests.server("workers: 3\ntcp: {connections: 6}\n")
            let sockets = try server.sockets()
            let clients = try (0..<60).map { index in
                let client = try TCPClient(server, from: "127.0.2.\(index)")
                #expect(client.isServed(Self.local), "newcomer \(index)")
                return client
            }
            #expect(try eventually { try server.sockets() == sockets + 6 })
            #expect(clients[59].isServed(Self.local))
        }

        @Test("connections-per-client: a client's idle one makes room for its new one")
        func perClient() throws {
            let server = try TCPTests.server("workers: 1\ntcp: {connections-per-client: 3}\n")
            let sockets = try server.sockets()
            let other = try TCPClient(server, from: "127.0.2.1")
            #expect(other.isServed(Self.local))
            let clients = try (0..<20).map { index in
                let client = try TCPClient(server)
                #expect(client.isServed(Self.local), "newcomer \(index)")
                return client
            }
            #expect(try server.sockets() == sockets + 4)
            #expect(clients[19].isServed(Self.local))
            #expect(other.isServed(Self.local))
        }

        @Test(
            "connections-per-client: in a home with IPv6 one host keeps no other out",
            .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
        func perHost() throws {
            let network = try HomeNetwork()
            let hosts = ["fd00:10::66", "fd00:10::7"]
            for host in hosts {
                try network.clients.ip("addr add \(host)/64 dev lan0 nodad")
            }
            let upstream = try network.server.inside { try ScriptedUpstream.silent() }
            let server = try network.serve(
                "workers: 1\ntcp: {connections-per-client: 4}\n"
                    + "zones: {vanillax.me: {records: {'*': 192.168.10.50}}}\n"
                    + "forward: {.: '127.0.0.1:\(upstream.port)'}\n")
            let seen = try network.clients.inside {
                let (greedy, modest) = (hosts[0], hosts[1])
                let waiting = try (0..<4).map { number in
                    let client = try Self.connect(from: greedy)
                    try client.send("dead\(number).example", id: 1)
                    return client
                }
                let neighbours = try (0..<2).map { number in
                    let client = try Self.connect(from: modest)
                    let isServed = client.isServed("a.vanillax.me")
                    try client.send("dead\(number).example", id: 2)
                    return (client: client, isServed: isServed)
                }
                // Now both have two that wait, and neither gives way.
                let further = try hosts.map { host in
                    try Self.connect(from: host).end(within: .seconds(1)) != .open
                }
                return (
                    served: neighbours.map(\.isServed), refused: further,
                    ended: waiting.count { $0.end(within: .milliseconds(100)) != .open },
                    answered: try neighbours.map { try $0.client.receive()?.header.id }
                )
            }
            #expect(seen.served == [true, true] && seen.refused == [true, true])
            #expect(seen.ended == 2 && seen.answered == [2, 2])
            #expect(server.process.status == nil)
        }

        /// Connects to the home's server, in the namespace of its clients.
        private static func connect(from host: String) throws -> TCPClient {
            let server = HomeNetwork.Address.server.v6
            guard let server = IPAddress(server), let host = IPAddress(host) else {
                throw Failure("\(host): no address")
            }
            return try TCPClient(Endpoint(server, 53), from: host)
        }

        @Test("Without descriptors the idlest makes room, too")
        func descriptors() throws {
            let server = try TCPTests.server("workers: 1\n")
            let limit = try run(["/usr/bin/prlimit", "--pid=\(server.process.pid)", "--nofile=40"])
            #expect(limit.status == .exited(0), "\(limit.output)")
            let clients = try (0..<60).map { index in
                let client = try TCPClient(server, from: "127.0.2.\(index)")
                #expect(client.isServed(Self.local), "newcomer \(index)")
                return client
            }
            #expect(try (10..<40).contains(server.sockets()))
            #expect(clients[59].isServed(Self.local))
        }

        @Test("lifetime: an old connection ends in order, and no query that was taken is lost")
        func lifetime() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(150))
            let server = try TCPTests.server("tcp: {lifetime: 1s}\n", upstream: upstream)
            var client = try TCPClient(server)
            var ends = 0
            let start = ContinuousClock.now
            var id: UInt16 = 0
            while ContinuousClock.now - start < .seconds(4) {
                // A name that has to wait for its answer.
                try client.send("n\(id).example.net", id: id)
                if try client.receive(timeout: .seconds(2))?.header.id == id {
                    id += 1
                } else {
                    // The query has crossed the end: no reset, and the client asks again.
                    #expect(client.end(within: .zero) == .ended)
                    client = try TCPClient(server)
                    ends += 1
                    continue
                }
                pause(.milliseconds(60))
                if client.end(within: .zero) == .ended {
                    client = try TCPClient(server)
                    ends += 1
                }
            }
            #expect((2...4).contains(ends), "\(ends) ends")
            #expect(id > 10)
        }

        @Test("A reload gives open connections the new limits")
        func reload() throws {
            let forward = TCPTests.zone + "forward: {.: {to: [127.0.0.1:9]}}\n"
            let server = try Server(forward + "tcp: {idle-timeout: 1m}\n")
            let sockets = try server.sockets()
            let clients = try (0..<8).map { _ in try TCPClient(server) }
            for client in clients { #expect(client.isServed(Self.local)) }
            try server.configure(forward + "tcp: {idle-timeout: 1m, connections: 3}\n")
            try server.reload()
            #expect(try eventually { try server.sockets() == sockets + 3 })
            #expect(clients.filter { $0.end(within: .zero) == .open }.count == 3)
            try server.configure(forward + "tcp: {idle-timeout: 1s}\n")
            try server.reload()
            for client in clients { #expect(client.end(within: .seconds(3)) != .open) }
        }
    }
}

extension Server {
    /// How many sockets the process has open.
    func sockets() throws -> Int {
        let directory = "/proc/\(process.pid)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: directory).count {
            let target = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "\(directory)/\($0)")
            return target?.hasPrefix("socket:") ?? false
        }
    }
}
