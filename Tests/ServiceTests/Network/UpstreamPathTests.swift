import DNS
import Foundation
import Testing

extension SharingTests {
    @Suite(
        "The way to upstreams and back to clients fails",
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct UpstreamPathTests {
        private typealias Address = HomeNetwork.Address
        private static let zone = "zones: {vanillax.me: {records: {'*': 192.168.10.50}}}\n"

        /// An upstream at an address of the outside.
        private static func upstream(_ network: HomeNetwork, at text: String) throws
            -> ScriptedUpstream
        {
            guard let address = IPAddress(text) else { throw Failure(text) }
            return try network.outside.inside {
                try ScriptedUpstream(port: 53, address: address) { query in
                    let record = Record(query.question.name, .a, ttl: 60, [203, 0, 113, 9])
                    return [.init(query.reply(query.question.type == .a ? [record] : []))]
                }
            }
        }

        struct DeadEnd: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let upstream: String
            var server: [String] = []
            var outside: [String] = []
            /// What a router says that a route may lack for a moment, the kernel does not take for an
            /// end (RFC 1122 §4.1.3.3): the first question has to wait as for a server that is silent.
            var isPassing = false
        }

        static let deadEnds = [
            DeadEnd(testDescription: "a port that nobody has, IPv4", upstream: "198.51.100.2"),
            DeadEnd(testDescription: "a port that nobody has, IPv6", upstream: "2001:db8:20::2"),
            DeadEnd(
                testDescription: "no route, IPv4", upstream: "203.0.113.7",
                server: ["route add unreachable 203.0.113.0/24"]),
            DeadEnd(
                testDescription: "no route, IPv6", upstream: "2001:db8:30::7",
                server: ["route add unreachable 2001:db8:30::/64"]),
            DeadEnd(
                testDescription: "a router that says host unreachable", upstream: "203.0.113.7",
                outside: ["route add unreachable 203.0.113.0/24"], isPassing: true),
            DeadEnd(
                testDescription: "a router that says prohibited", upstream: "203.0.113.7",
                outside: ["route add prohibit 203.0.113.0/24"]),
            DeadEnd(
                testDescription: "a router that says no route, IPv6", upstream: "2001:db8:30::7",
                outside: ["route add unreachable 2001:db8:30::/64"], isPassing: true),
        ]

        @Test("The next upstream is asked when the network says no", arguments: deadEnds)
        func deadEnd(deadEnd: DeadEnd) throws {
            let network = try HomeNetwork()
            try network.outside.set("net/ipv4/ip_forward", to: "1")
            try network.outside.set("net/ipv6/conf/all/forwarding", to: "1")
            try network.outside.set("net/ipv4/icmp_ratelimit", to: "0")
            try network.outside.set("net/ipv6/icmp/ratelimit", to: "0")
            if !deadEnd.server.isEmpty {
                try network.server.ip(deadEnd.server.joined(separator: "\n"))
            }
            if !deadEnd.outside.isEmpty {
                try network.outside.ip(deadEnd.outside.joined(separator: "\n"))
            }
            try network.outside.ip("addr add 198.51.100.3/24 dev wan0")
            let good = try Self.upstream(network, at: "198.51.100.3")
            let server = try network.serve(
                "forward: {.: {to: ['\(deadEnd.upstream)', 198.51.100.3], policy: sequential}}\n")
            let client = try network.client
            for number in 0..<3 {
                let answer = try network.clients.inside {
                    try Timed { try client.ask("a\(number).example.net", .a) }
                }
                #expect(answer.response.data(.a) == ["203.0.113.9"])
                // A silent one is given 800 ms.
                let limit = Duration.milliseconds(deadEnd.isPassing && number == 0 ? 1500 : 600)
                #expect(answer.time < limit, "\(answer.time)")
            }
            #expect(try good.received("a0.example.net").count == 1)
            #expect(try server.stop() == .exited(0))
        }

        /// Asks one after the other from a port of its own, and counts what gets no answer within a second. The
        /// port may have been another's, whose late answers are not counted.
        private static func lost(of count: Int, _ client: Client) throws -> Int {
            let socket = try Socket(.udp, local: Endpoint(client.source, 0))
            try socket.connect(to: client.server)
            var lost = 0
            for number in 0..<count {
                let name = try DomainName("a\(number).vanillax.me")
                let query = Query(question: Question(name: name, type: .a))
                try socket.send(query.octets)
                var answer: Response?
                repeat {
                    answer = try socket.receive(timeout: .seconds(1)).map { try Response($0) }
                } while answer != nil && answer?.question != query.question
                if answer?.data(.a) != ["192.168.10.50"] { lost += 1 }
            }
            return lost
        }

        @Test("Clients that have gone when their answers come do not disturb others")
        func goneClients() throws {
            let network = try HomeNetwork()
            for setting in ["net/ipv4/icmp_ratelimit", "net/ipv6/icmp/ratelimit"] {
                try network.clients.set(setting, to: "0")
            }
            for setting in ["net/ipv4/icmp_msgs_per_sec", "net/ipv4/icmp_msgs_burst"] {
                // Older kernels have these for the whole host alone, which are enough, too.
                try? network.clients.set(setting, to: "100000")
            }
            for listen in [HomeNetwork.listen, "listen: ['0.0.0.0', '::']\n"] {
                let server = try network.serve(listen + Self.zone + "forward: {}\nworkers: 1\n")
                for client in [try network.client, try network.client6] {
                    let dropped = try network.server.inside { try droppedDatagrams() }
                    let gone = try network.clients.inside {
                        Background {
                            let query = Query(
                                question: Question(name: try DomainName("b.vanillax.me"), type: .a))
                            for _ in 0..<2000 {
                                // It asks and closes its port, so that the kernel tells the server.
                                let socket = try Socket(.udp, local: Endpoint(client.source, 0))
                                for _ in 0..<4 { try socket.send(query.octets, to: client.server) }
                            }
                        }
                    }
                    let lost = try network.clients.inside { try Self.lost(of: 1000, client) }
                    try gone.value
                    // On a busy machine the kernel may have no room for all of them.
                    let room = try network.server.inside { try droppedDatagrams() } - dropped
                    #expect(lost <= room && room < 100, "\(lost) lost, \(room) dropped")
                }
                let told = try network.server.inside {
                    (
                        try kernelCounter("Icmp", "InDestUnreachs"),
                        try kernelCounter6("Icmp6InDestUnreachs")
                    )
                }
                #expect(told.0 > 100 && told.1 > 100, "the server was told: \(told)")
                if ProcessInfo.processInfo.environment["HORIZOND_FIGURES"] != nil {
                    print("gone clients: port unreachable \(told)")
                }
                #expect(try server.stop() == .exited(0))
            }
        }

        @Test("A router that lies about the path's MTU ends no query", arguments: [4, 6])
        func lieToQueries(family: Int) throws {
            let network = try HomeNetwork(faultyWAN: true)
            let address = family == 4 ? Address.outside.v4 : Address.outside.v6
            let upstream = try Self.upstream(network, at: address)
            let server = try network.serve("forward: {.: ['\(address)']}\n")
            let wan = try #require(network.wan)
            // The lie is there long before the answer.
            try wan.set(.init(falseMTU: family == 4 ? 552 : 1280), from: .left)
            try wan.set(.init(delay: .milliseconds(100)), from: .right)
            let client = try network.client
            for number in 0..<20 {
                let data = try network.clients.inside {
                    try client.ask("a\(number).example.net", .a).data(.a)
                }
                #expect(data == ["203.0.113.9"])
            }
            #expect(try wan.counts(from: .left).lies >= 20)
            #expect(try upstream.received("a0.example.net").count == 1)
            #expect(try server.stop() == .exited(0))
        }

        @Test("A path with an MTU of 1280 sees no fragment, also when it lies about less")
        func smallMTU() throws {
            let network = try HomeNetwork(faultyLAN: true, faultyWAN: true)
            let (lan, wan) = (try #require(network.lan), try #require(network.wan))
            for (host, interface) in [
                (network.clients, "lan0"), (network.server, "lan0"), (network.server, "wan0"),
                (network.outside, "wan0"),
            ] { try host.ip("link set \(interface) mtu 1280") }
            // Nearly all that a datagram of 1232 octets may have.
            let strings = (0..<10).map {
                "full TXT \"\($0)\(String(repeating: "y", count: 99))\"\n"
            }
            let knot = try KnotUpstream(
                zones: ["full.example.": PublicZones.head("full.example.") + strings.joined()],
                in: network.outside)
            let server = try network.serve(
                "forward: {.: \(Address.outside.v4), full.example: '\(Address.outside.v6)'}\n")
            for round in 0..<2 {
                for client in [try network.client, try network.client6] {
                    let (large, whole, full) = try network.clients.inside {
                        (
                            try client.ask("large.example.com", .txt),
                            try client.ask("large.example.com", .txt, over: .tcp),
                            try client.ask("full.full.example", .txt)
                        )
                    }
                    #expect(large.isTruncated)
                    #expect(whole.answer.count == 20)
                    #expect(full.answer.count == 10, "in one datagram, round \(round)")
                }
                // From now on clients' routers say that less passes.
                try lan.set(.init(falseMTU: 600), from: .right)
            }
            #expect(try lan.counts(from: .right).lies > 0)
            for (link, side) in [
                (lan, FaultyLink.Side.left), (lan, .right), (wan, .left), (wan, .right),
            ] {
                let counts = try link.counts(from: side)
                #expect(counts.fragments == 0 && counts.longest <= 1294, "\(counts)")
            }
            #expect(knot.process.status == nil)
            #expect(try server.stop() == .exited(0))
        }
    }
}
