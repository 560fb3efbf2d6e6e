import DNS
import Foundation
import Testing

extension SharingTests {
    @Suite(
        "The network is down at boot, or goes and comes back",
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct NetworkDownTests {
        private typealias Address = HomeNetwork.Address
        private static let zone = "zones: {vanillax.me: {records: {'*': 192.168.10.50}}}\n"

        private static func upstream(_ network: HomeNetwork) throws -> ScriptedUpstream {
            try network.outside.inside {
                try ScriptedUpstream(port: 53, address: .v4(0xc633_6402)) { query in
                    let record = Record(query.question.name, .a, ttl: 5, [203, 0, 113, 9])
                    return [.init(query.reply(query.question.type == .a ? [record] : []))]
                }
            }
        }

        /// Asks new names until one is forwarded, and says how long that took.
        private static func untilForwarded(_ network: HomeNetwork) throws -> Duration {
            let client = try network.client
            let (isForwarded, time) = try network.clients.inside {
                elapsed {
                    eventually {
                        let name = "\(UUID().uuidString.prefix(8)).example.net"
                        let answer = try? client.ask(name, .a, timeout: .milliseconds(500))
                        return answer?.data(.a) == ["203.0.113.9"]
                    }
                }
            }
            guard isForwarded else { throw Failure("nothing is forwarded") }
            return time
        }

        private static func connect(_ network: HomeNetwork) throws {
            try network.server.ip(
                "link set wan0 up", "link set lan0 up",
                "addr replace \(Address.server.v4)/24 dev lan0",
                "addr replace \(Address.router.v4)/24 dev wan0",
                "route replace default via \(Address.outside.v4)")
        }

        @Test("It starts with no interface but lo, and forwards within two seconds of the network")
        func boot() throws {
            let network = try HomeNetwork()
            let upstream = try Self.upstream(network)
            try network.server.ip(
                "addr flush dev lan0", "addr flush dev wan0", "link set lan0 down",
                "link set wan0 down", "link set lo down")
            let (server, start) = try elapsed {
                try network.serve(
                    "listen: ['0.0.0.0:53', '[::]:53', '\(Address.server.v4):53']\n" + Self.zone
                        + "forward: {.: {to: [\(Address.outside.v4), 203.0.113.7]}}\n")
            }
            #expect(start < .seconds(5), "ready when its own sockets are open: \(start)")
            try network.server.ip("link set lo up")
            let loopback = try HomeNetwork.client(of: "127.0.0.1", at: "127.0.0.1")
            let (local, failing) = try network.server.inside {
                (
                    try Timed { try loopback.ask("a.vanillax.me", .a) },
                    try (0..<20).map { number in
                        try Timed { try loopback.ask("n\(number).example.net", .a) }
                    }
                )
            }
            #expect(local.response.data(.a) == ["192.168.10.50"] && local.time < .milliseconds(300))
            for answer in failing {
                #expect(answer.response.rcode == .serverFailure)
                #expect(answer.time < .milliseconds(600), "at once: \(answer.time)")
            }
            // Long enough for any pause between attempts to have grown.
            pause(.seconds(5))
            try Self.connect(network)
            let time = try Self.untilForwarded(network)
            #expect(time < .seconds(2), "\(time)")
            #expect(!upstream.everything.isEmpty)
            #expect(try server.stop() == .exited(0))
        }

        @Test("A file of nameservers that is written once there is a network")
        func resolvConf() throws {
            let network = try HomeNetwork()
            let upstream = try Self.upstream(network)
            for text in [nil, "", "nameserver 127.0.0.1\n", "nameserver 192.168.99.1\n"] {
                let server = try network.serve(
                    Self.zone + "forward: {.: ./run/resolv.conf}\n",
                    files: text.map { ["run/resolv.conf": $0] } ?? [:])
                let client = try network.client
                let local = try network.clients.inside { try client.ask("a.vanillax.me", .a) }
                #expect(local.data(.a) == ["192.168.10.50"])
                if text?.isEmpty ?? true {
                    let other = try network.clients.inside { try client.ask("example.net", .a) }
                    #expect(other.rcode == .serverFailure)
                }
                if text == nil {
                    #expect(server.log.contains("does not exist: it is not asked until it does"))
                }
                try server.directory.write(
                    "nameserver \(Address.outside.v4)\n", to: "run/resolv.conf")
                let time = try Self.untilForwarded(network)
                #expect(time < .seconds(4), "it is looked at each two seconds: \(time)")
                #expect(try server.stop() == .exited(0))
            }
            #expect(!upstream.everything.isEmpty)
        }

        @Test("Stale answers are given while the upstream's route is gone, and new ones soon after")
        func routeGone() throws {
            let network = try HomeNetwork()
            let upstream = try Self.upstream(network)
            let server = try network.serve("forward: {.: \(Address.outside.v4)}\n")
            let client = try network.client
            let kept: @Sendable () throws -> Timed = {
                try Timed { try client.ask("kept.example.net", .a) }
            }
            #expect(try network.clients.inside(kept).response.data(.a) == ["203.0.113.9"])
            for wait in [1, 8] {
                try network.server.ip("link set wan0 down")
                let end = ContinuousClock.now + .seconds(wait)
                while ContinuousClock.now < end {
                    let answer = try network.clients.inside {
                        try Timed { try client.ask("new.example.net", .a) }
                    }
                    #expect(answer.response.rcode == .serverFailure)
                    #expect(answer.time < .milliseconds(600), "at once: \(answer.time)")
                    let stale = try network.clients.inside(kept)
                    #expect(stale.response.data(.a) == ["203.0.113.9"])
                    #expect(stale.time < .milliseconds(600), "at once: \(stale.time)")
                    pause(.milliseconds(100))
                }
                try Self.connect(network)
                let time = try Self.untilForwarded(network)
                #expect(time < .seconds(2), "after \(wait) seconds: \(time)")
            }
            #expect(!upstream.everything.isEmpty)
            #expect(try server.stop() == .exited(0))
        }

        struct Renumbering: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let isIPv4: Bool
            let isTCP: Bool
        }

        @Test(
            "No query fails when the host gets another address, and none waits longer than for a lost datagram",
            arguments: [
                Renumbering(testDescription: "IPv4", isIPv4: true, isTCP: false),
                Renumbering(testDescription: "IPv6", isIPv4: false, isTCP: false),
                Renumbering(testDescription: "IPv4 over TCP", isIPv4: true, isTCP: true),
            ])
        func renumbering(renumbering: Renumbering) throws {
            let network = try HomeNetwork()
            let outside = renumbering.isIPv4 ? Address.outside.v4 : Address.outside.v6
            let address = try #require(IPAddress(outside))
            let isTCP = renumbering.isTCP
            let upstream = try network.outside.inside {
                try ScriptedUpstream(port: 53, address: address, remembers: false) { query in
                    if isTCP, query.transport == .udp {
                        let flags = Header.Flag.recursionAvailable | Header.Flag.truncated
                        return [.init(query.reply(flags: flags))]
                    }
                    let record = Record(query.question.name, .a, ttl: 60, [203, 0, 113, 9])
                    return [.init(query.reply(query.question.type == .a ? [record] : []))]
                }
            }
            let server = try network.serve("forward: {.: '\(outside)'}\n")
            let client = try network.client
            let load = try network.clients.inside {
                PacedLoad(
                    rate: 200, server: client.server, from: client.source, isDear: { _ in false }
                ) { Question(name: try DomainName("n\($0).example.net"), type: .a) }
            }
            pause(.seconds(1))
            // The provider's new address comes first; then the old one goes.
            if renumbering.isIPv4 {
                try network.server.set("net/ipv4/conf/wan0/promote_secondaries", to: "1")
                try network.server.ip(
                    "addr add 198.51.100.77/24 dev wan0",
                    "addr del \(Address.router.v4)/24 dev wan0",
                    "route replace default via \(outside)")
            } else {
                try network.server.ip(
                    "addr add 2001:db8:20::77/64 dev wan0 nodad",
                    "addr del \(Address.router.v6)/64 dev wan0")
            }
            pause(.seconds(3))
            let count = try load.stop()
            #expect(count.sent > 300)
            #expect(count.lost == 0, "\(count)")
            // IPv4's sockets are told at once that their address has gone, some with a query in hand.
            #expect(count.failed <= 5, "\(count)")
            #expect(count.longest < .seconds(3), "\(count)")
            withExtendedLifetime(upstream) {}
            #expect(try server.stop() == .exited(0))
        }
    }
}
