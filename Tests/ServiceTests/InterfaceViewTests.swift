import DNS
import Glibc
import Testing

extension SharingTests {
    @Suite(
        "Views follow the host's interfaces",
        .enabled(
            if: NetworkNamespace.isPermitted, "needs the right to make network namespaces, and ip"))
    struct InterfaceViewTests {
        private static let zones = """
            zones:
              vanillax.me: {records: {'*': 192.168.10.50}}

            """
        private static let views =
            zones + """
                views:
                  here: {clients: [127.0.0.0/8, "::1"]}
                  lan: {clients: [interface: lan0]}
                  guest:
                    clients: [interface: guest0]
                    zones: [{vanillax.me: {records: {'*': 192.168.20.50}}}]

                """

        /// The addresses that clients have. They are the server's own host's, so that they can ask
        /// whatever its interface has.
        private static let clients = [
            "192.168.10.7", "192.168.20.7", "2001:db8:1::7", "2001:db8:2::7", "2001:db8:3::7",
        ]

        /// A network with clients and an interface `lan0` without an address.
        private static func network() throws -> NetworkNamespace {
            let network = try NetworkNamespace()
            for client in clients { try network.ip("addr add \(client) dev lo") }
            try Self.add("lan0", to: network)
            return network
        }

        private static func add(_ interface: String, to network: NetworkNamespace) throws {
            try network.ip(
                "link add name \(interface) type veth peer name \(interface)-peer",
                "link set \(interface) up", "link set \(interface)-peer up")
        }

        /// What a client is told: an address, or that it is refused.
        private static func answer(
            _ client: String, _ server: Server, _ network: NetworkNamespace
        ) throws -> String {
            var from = try server.client.from(client)
            if !from.source.isIPv4, let loopback = IPAddress("::1") {
                from.server.address = loopback
            }
            return try network.inside { [from] in
                let response = try from.ask("a.vanillax.me", .a)
                return response.rcode == .refused ? "refused" : response.data(.a).joined()
            }
        }

        /// Whether the client is told so within a second from now.
        private static func becomes(
            _ expected: String, for client: String, _ server: Server, _ network: NetworkNamespace
        ) throws -> Bool {
            try eventually(within: .seconds(1)) { try answer(client, server, network) == expected }
        }

        @Test("A network is served within a second after it came, and no more after it went")
        func comesAndGoes() throws {
            let network = try Self.network()
            let server = try Server(Self.views + "forward: {}\n", in: network)
            func becomes(_ expected: String, for client: String) throws -> Bool {
                try Self.becomes(expected, for: client, server, network)
            }
            for client in Self.clients {
                #expect(try Self.answer(client, server, network) == "refused")
            }
            try network.ip("addr add 192.168.10.1/24 dev lan0")
            #expect(try becomes("192.168.10.50", for: "192.168.10.7"))

            // A provider gives another prefix: the new one comes, then the old one goes.
            try network.ip("addr add 2001:db8:1::1/64 dev lan0 nodad")
            #expect(try becomes("192.168.10.50", for: "2001:db8:1::7"))
            try network.ip("addr add 2001:db8:2::1/64 dev lan0 nodad")
            #expect(try becomes("192.168.10.50", for: "2001:db8:2::7"))
            try network.ip("addr del 2001:db8:1::1/64 dev lan0")
            #expect(try becomes("refused", for: "2001:db8:1::7"))

            // Where DHCPv6 gives single addresses the router's advertisement says the prefix.
            try network.ip(
                "addr add 2001:db8:3::1/128 dev lan0 nodad",
                "route add 2001:db8:3::/64 dev lan0 proto ra")
            #expect(try becomes("192.168.10.50", for: "2001:db8:3::7"))
            try network.ip("route del 2001:db8:3::/64 dev lan0 proto ra")
            #expect(try becomes("refused", for: "2001:db8:3::7"))

            // An interface that was not there at the start.
            try Self.add("guest0", to: network)
            try network.ip("addr add 192.168.20.1/24 dev guest0")
            #expect(try becomes("192.168.20.50", for: "192.168.20.7"))
            try network.ip("link del lan0")
            #expect(try becomes("refused", for: "192.168.10.7"))
            #expect(try Self.answer("2001:db8:2::7", server, network) == "refused")
            #expect(try Self.answer("192.168.20.7", server, network) == "192.168.20.50")

            for line in [
                "there is no interface \"guest0\": it has no clients until it comes",
                "view lan: clients are none\n",
                "view lan: clients are now 192.168.10.0/24 (lan0)\n",
                "view lan: clients are now 192.168.10.0/24, 2001:db8:1::/64 (lan0)\n",
                "view guest: clients are now 192.168.20.0/24 (guest0)\n",
                "view lan: clients are now none\n",
            ] {
                #expect(server.log.contains(line), "\(line)")
            }
            #expect(!server.log.contains("view here"), "it follows nothing")
            #expect(try server.stop() == .exited(0))
        }

        @Test("No query and nothing cached is lost while addresses come and go")
        func storm() throws {
            let network = try Self.network()
            let upstream = try network.inside { try ScriptedUpstream.answering("203.0.113.1") }
            let server = try Server(
                Self.views + "forward: {.: {to: [\"127.0.0.1:\(upstream.port)\"]}}\n", in: network)
            let client = server.client
            let ask: @Sendable () throws -> [String] = {
                try client.ask("kept.example.net", .a).data(.a)
            }
            #expect(try network.inside(ask) == ["203.0.113.1"])
            let endpoint = Endpoint(port: server.port)
            let load = try network.inside {
                try Load(["a.vanillax.me", "kept.example.net"], server: endpoint)
            }
            for _ in 0..<8 {
                try network.ip("addr add 192.168.10.1/24 dev lan0")
                #expect(
                    try Self.becomes("192.168.10.50", for: "192.168.10.7", server, network))
                try network.ip("addr del 192.168.10.1/24 dev lan0")
                #expect(try Self.becomes("refused", for: "192.168.10.7", server, network))
            }
            let count = load.stop()
            #expect(count.sent > 1000)
            #expect(count.answered == count.sent && count.failed == 0, "\(count)")
            #expect(try network.inside(ask) == ["203.0.113.1"])
            #expect(try upstream.received("kept.example.net").count == 1)
            #expect(try server.stop() == .exited(0))
        }

        @Test(
            "More changes than the kernel keeps for a process that sleeps are all there afterwards")
        func overrun() throws {
            let network = try Self.network()
            let server = try Server(Self.views + "forward: {}\n", in: network)
            try network.ip("addr add 192.168.10.1/24 dev lan0")
            #expect(try Self.becomes("192.168.10.50", for: "192.168.10.7", server, network))
            server.process.signal(SIGSTOP)
            #expect(eventually { server.process.isStopped })
            try network.ip("addr del 192.168.10.1/24 dev lan0")
            for block in 0..<8 {
                let numbers = (0..<250).map { "addr add 10.\(block).\($0).1/32 dev lan0" }
                try network.ip(numbers.joined(separator: "\n"))
            }
            try network.ip("addr add 192.168.20.1/24 dev lan0")
            server.process.signal(SIGCONT)
            #expect(try Self.becomes("192.168.10.50", for: "192.168.20.7", server, network))
            #expect(try Self.answer("192.168.10.7", server, network) == "refused")
            #expect(try server.stop() == .exited(0))
        }

        @Test("A network is served no more when it ends by a message that does not name it")
        func unnamedEnds() throws {
            let network = try Self.network()
            try Self.add("wan0", to: network)
            try network.ip("addr add 2001:db8:9::1/64 dev wan0 nodad")
            let setting = "/proc/sys/net/ipv6/route/skip_notify_on_dev_down"
            let (_, status) = try run(network.entrance + ["/bin/sh", "-c", "echo 1 > \(setting)"])
            #expect(status == .exited(0))
            let server = try Server(Self.views + "forward: {}\n", in: network)
            func becomes(_ expected: String) throws -> Bool {
                try Self.becomes(expected, for: "2001:db8:3::7", server, network)
            }
            let route = "2001:db8:3::/64"
            for end in [
                // The prefix is behind another interface now.
                "route replace \(route) via 2001:db8:9::2 dev wan0 proto static metric 100",
                "route change \(route) dev lan0 proto static metric 100",
                "link set lan0 down",
            ] {
                try network.ip(
                    "link set lan0 up", "route replace \(route) dev lan0 proto ra metric 100")
                #expect(try becomes("192.168.10.50"), "before \(end)")
                try network.ip(end)
                #expect(try becomes("refused"), "\(end)")
            }
            #expect(try server.stop() == .exited(0))
        }

        @Test("A network that left is served no more while addresses change all the time elsewhere")
        func disturbed() throws {
            let network = try Self.network()
            try network.ip(
                "link add noise type bridge", "link set noise up",
                "addr add 192.168.10.1/24 dev lan0", "addr add 192.168.20.1/24 dev lan0")
            // Long answers, which are disturbed wherever something changes meanwhile.
            let many = (0..<4000).map { "addr add 10.1.\($0 / 250).\($0 % 250)/32 dev noise" }
            try network.ip(many.joined(separator: "\n"))
            let server = try Server(Self.views + "forward: {}\n", in: network)
            let directory = try TemporaryDirectory()
            let address = "10.2.0.1/32 dev noise\n"
            let changes = "addr add \(address)addr del \(address)"
            try directory.write(
                String(repeating: changes, count: 500_000), to: "changes")
            let noise = try ChildProcess(
                network.entrance + ["ip", "-batch", directory.file("changes")],
                output: directory.file("output"))
            pause(.seconds(1))
            for _ in 0..<3 {
                try network.ip("addr del 192.168.10.1/24 dev lan0")
                #expect(
                    try eventually(within: .seconds(3)) {
                        try Self.answer("192.168.10.7", server, network) == "refused"
                    })
                #expect(try Self.answer("192.168.20.7", server, network) == "192.168.10.50")
                try network.ip("addr add 192.168.10.1/24 dev lan0")
                #expect(
                    try eventually(within: .seconds(3)) {
                        try Self.answer("192.168.10.7", server, network) == "192.168.10.50"
                    })
            }
            #expect(noise.status == nil, "it went on all the time")
            #expect(try server.stop() == .exited(0))
        }

        @Test("A network that two interfaces have stays with the first view, and the log says so")
        func contested() throws {
            let network = try Self.network()
            try Self.add("guest0", to: network)
            let server = try Server(Self.views + "forward: {}\n", in: network)
            try network.ip(
                "addr add 192.168.10.2/24 dev guest0", "addr add 192.168.10.1/24 dev lan0")
            #expect(try Self.becomes("192.168.10.50", for: "192.168.10.7", server, network))
            let line = "warning: view guest: 192.168.10.0/24 (guest0) stays with view lan"
            #expect(eventually { server.log.contains(line) })
            try network.ip("addr del 192.168.10.1/24 dev lan0")
            #expect(try Self.becomes("192.168.20.50", for: "192.168.10.7", server, network))
            #expect(try server.stop() == .exited(0))
        }

        @Test("A reload begins to follow an interface, and ends it")
        func reload() throws {
            let network = try Self.network()
            try network.ip("addr add 192.168.10.1/24 dev lan0")
            let fixed = Self.zones + "views: {lan: {clients: [10.0.0.0/8]}}\nforward: {}\n"
            let server = try Server(fixed, in: network)
            #expect(try Self.answer("192.168.10.7", server, network) == "refused")
            try server.configure(
                Self.zones + "views: {lan: {clients: [interface: lan0]}}\nforward: {}\n")
            try server.reload()
            #expect(try Self.answer("192.168.10.7", server, network) == "192.168.10.50")
            try network.ip("addr add 192.168.20.1/24 dev lan0")
            #expect(try Self.becomes("192.168.10.50", for: "192.168.20.7", server, network))
            try server.reload()
            #expect(try Self.answer("192.168.20.7", server, network) == "192.168.10.50")
            try server.configure(fixed)
            try server.reload()
            #expect(try Self.answer("192.168.20.7", server, network) == "refused")
            #expect(try server.stop() == .exited(0))
        }

        @Test("`check` says which clients the views have just now, `explain` which interface it is")
        func commands() throws {
            let network = try Self.network()
            try network.ip("addr add 192.168.10.1/24 dev lan0")
            let directory = try TemporaryDirectory()
            try directory.write(Self.views + "forward: {}\n", to: "horizond.yaml")
            func output(_ arguments: String...) throws -> String {
                let (output, status) = try run(
                    network.entrance + [try Server.binary] + arguments
                        + ["--config", directory.file("horizond.yaml")])
                #expect(status == .exited(0))
                return output
            }
            let check = try output("check")
            #expect(check.contains("horizond.yaml:7:26: there is no interface \"guest0\""))
            let clients = "view lan: clients are 192.168.10.0/24 (lan0)\n"
            #expect(check.hasSuffix("\n\(clients)view guest: clients are none\n"))
            let explanation = try output("explain", "a.vanillax.me", "--client", "192.168.10.7")
            #expect(explanation.contains("\nview lan, by 192.168.10.0/24 of lan0 ("))
        }
    }
}
