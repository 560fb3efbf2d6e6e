import DNS
import Foundation
import Testing

extension SharingTests {
    @Suite(
        "Listen addresses come and go",
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct ListenAddressTests {
        private typealias Address = HomeNetwork.Address
        private static let zone = "zones: {vanillax.me: {records: {'*': 192.168.10.50}}}\n"

        /// Whether the local name is answered at both of the server's addresses over both transports.
        private static func isServed(
            _ network: HomeNetwork, within limit: Duration = .seconds(2)
        ) throws -> Bool {
            let clients = [try network.client, try network.client6]
            return try network.clients.inside {
                eventually(within: limit) {
                    clients.allSatisfy { client in
                        Transport.allCases.allSatisfy { transport in
                            let answer = try? client.ask(
                                "a.vanillax.me", .a, over: transport, timeout: .milliseconds(300))
                            return answer?.data(.a) == ["192.168.10.50"]
                        }
                    }
                }
            }
        }

        private static func give(_ network: NetworkNamespace, _ interface: String) throws {
            try network.ip(
                "addr add \(Address.server.v4)/24 dev \(interface)",
                "addr add \(Address.server.v6)/64 dev \(interface) nodad")
        }

        private static func take(_ network: NetworkNamespace, _ interface: String) throws {
            try network.ip(
                "addr del \(Address.server.v4)/24 dev \(interface)",
                "addr del \(Address.server.v6)/64 dev \(interface)")
        }

        @Test("An address that is not there at the start, goes, comes back and moves is answered")
        func explicit() throws {
            let network = try HomeNetwork()
            try Self.take(network.server, "lan0")
            let server = try network.serve(Self.zone + "forward: {}\n")
            for address in [Address.server.v4, Address.server.v6] {
                #expect(server.log.contains("warning: no interface has \(address) yet; "))
            }
            for _ in 0..<2 {
                try Self.give(network.server, "lan0")
                #expect(try Self.isServed(network))
                try Self.take(network.server, "lan0")
            }
            // To another interface, as when a bridge takes over the LAN.
            try network.server.ip(
                "link add br0 type bridge", "link set br0 up", "link set lan0 master br0")
            try Self.give(network.server, "br0")
            #expect(try Self.isServed(network))
            // And with the interface, which is made anew.
            try network.server.ip("link del br0", "link del lan0")
            try network.server.join("lan0", with: network.clients, as: "lan0")
            try Self.give(network.server, "lan0")
            try network.clients.ip(
                "addr add \(Address.client.v4)/24 dev lan0",
                "addr add \(Address.client.v6)/64 dev lan0 nodad")
            #expect(try Self.isServed(network))
            #expect(try server.stop() == .exited(0))
        }

        @Test("An address that is in doubt, or another host's, is answered once it is not")
        func duplicateAddressDetection() throws {
            let network = try HomeNetwork()
            // The kernel's second for duplicate address detection; then that fails.
            let address = "\(Address.server.v6)/64 dev lan0"
            try network.server.ip("addr del \(address)", "addr add \(address)")
            let server = try network.serve(Self.zone + "forward: {}\n")
            #expect(server.log.contains("no interface has \(Address.server.v6) yet"))
            #expect(try Self.isServed(network, within: .seconds(5)))
            try network.server.ip("addr del \(address)")
            try network.clients.ip("addr add \(address) nodad")
            try network.server.ip("addr add \(address)")
            let hasFailed = try eventually {
                try run(network.server.entrance + ["ip", "-6", "addr", "show", "dadfailed"])
                    .output.contains(Address.server.v6)
            }
            #expect(hasFailed)
            let client = try network.client
            let other = try network.clients.inside {
                try client.ask("a.vanillax.me", .a).data(.a)
            }
            #expect(other == ["192.168.10.50"])
            try network.clients.ip("addr del \(address)")
            try network.server.ip("addr del \(address)", "addr add \(address)")
            #expect(try Self.isServed(network, within: .seconds(5)))
            #expect(try server.stop() == .exited(0))
        }

        @Test("All addresses beside one of them, which is there or not, are listened at")
        func wildcardBesideOne() throws {
            let network = try HomeNetwork()
            for address in [Address.server.v4, "192.168.10.77"] {
                for listen in [["0.0.0.0", address], [address, "0.0.0.0"]] {
                    let server = try network.serve(
                        "listen: [\(listen.joined(separator: ", ")), \"[::]:53\"]\n" + Self.zone
                            + "forward: {}\n")
                    #expect(try Self.isServed(network))
                    #expect(try server.stop() == .exited(0))
                }
            }
        }

        @Test("At all addresses, those that come are answered from where they were asked")
        func wildcard() throws {
            let network = try HomeNetwork()
            let server = try network.serve(
                "listen: ['0.0.0.0', '::']\n" + Self.zone + "forward: {}\n")
            for number in 3...5 {
                // The client's socket is connected and takes nothing from elsewhere.
                for (address, from, length) in [
                    ("192.168.10.\(number)0", Address.client.v4, "24"),
                    ("fd00:10::\(number)0", Address.client.v6, "64 nodad"),
                ] {
                    let words = length.split(separator: " ").map(String.init)
                    let options = words.dropFirst().joined(separator: " ")
                    try network.server.ip("addr add \(address)/\(words[0]) dev lan0 \(options)")
                    let client = try HomeNetwork.client(of: address, at: from)
                    for transport in Transport.allCases {
                        let data = try network.clients.inside {
                            try client.ask("a.vanillax.me", .a, over: transport).data(.a)
                        }
                        #expect(data == ["192.168.10.50"], "\(address) \(transport)")
                    }
                    try network.server.ip("addr del \(address)/\(words[0]) dev lan0")
                }
            }
            // A link-local address, of which the kernel makes another one for a new interface.
            for _ in 0..<2 {
                #expect(try Self.linkLocalAnswer(network) == "192.168.10.50\n")
                try network.server.ip("link del lan0")
                try network.server.join("lan0", with: network.clients, as: "lan0")
            }
            #expect(try server.stop() == .exited(0))
        }

        private static func linkLocalAnswer(_ network: HomeNetwork) throws -> String {
            var answer = ""
            _ = try eventually {
                let (output, _) = try run(
                    network.server.entrance + ["ip", "-6", "-o", "addr", "show", "dev", "lan0"])
                // It is not to be in doubt any more.
                let line = output.split(separator: "\n").first {
                    $0.contains(" fe80:") && !$0.contains("tentative")
                }
                guard
                    let field = line?.split(separator: " ").first(where: { $0.hasPrefix("fe80:") })
                else { return false }
                let address = field.prefix { $0 != "/" }
                answer = try run(
                    network.clients.entrance + [
                        "/usr/bin/dig", "+short", "+tries=1", "+time=2", "@\(address)%lan0",
                        "a.vanillax.me",
                    ]
                ).output
                return answer.hasPrefix("192.")
            }
            return answer
        }

        @Test("An answer whose address has left is dropped; those beside it arrive")
        func leavesMeanwhile() throws {
            let network = try HomeNetwork()
            let upstream = try network.outside.inside {
                try ScriptedUpstream(port: 53, address: .v4(0xc633_6402)) { query in
                    let record = Record(query.question.name, .a, ttl: 60, [203, 0, 113, 9])
                    return [.init(query.reply([record]), after: .milliseconds(400))]
                }
            }
            for (address, other, from) in [
                ("192.168.10.9/24", Address.server.v4, Address.client.v4),
                ("fd00:10::9/64", Address.server.v6, Address.client.v6),
            ] {
                let server = try network.serve(
                    "listen: ['0.0.0.0', '::']\n" + Self.zone
                        + "forward: {.: \(Address.outside.v4)}\n"
                        + "workers: 1\n")
                let suffix = from == Address.client.v6 ? " nodad" : ""
                try network.server.ip("addr add \(address) dev lan0\(suffix)")
                let asked = String(address.prefix { $0 != "/" })
                let leaving = try HomeNetwork.client(of: asked, at: from)
                let staying = try HomeNetwork.client(of: other, at: from)
                let results = try network.clients.inside {
                    [
                        Background { try leaving.ask("a.example.net", .a, timeout: .seconds(1)) },
                        Background { try staying.ask("a.example.net", .a, timeout: .seconds(1)) },
                        Background { try staying.ask("b.example.net", .a, timeout: .seconds(1)) },
                    ]
                }
                pause(.milliseconds(200))
                try network.server.ip("addr del \(address) dev lan0")
                #expect(throws: Failure.self) { try results[0].value }
                #expect(try results[1].value.data(.a) == ["203.0.113.9"])
                #expect(try results[2].value.data(.a) == ["203.0.113.9"])
                #expect(try server.stop() == .exited(0))
            }
            #expect(try upstream.received("a.example.net").count == 2)
        }

        @Test(
            "A port that another process has ends the start, and changes nothing at a reload",
            arguments: Transport.allCases)
        func taken(transport: Transport) throws {
            let network = try HomeNetwork()
            let address = try #require(IPAddress(Address.server.v4))
            let other = try network.server.inside {
                let socket = try Socket(transport, local: Endpoint(address, 53))
                if transport == .tcp { try socket.listen() }
                return socket
            }
            let name = transport.rawValue.lowercased()
            let complaint =
                "address already in use: \(address):53/\(name); `ss -lnp sport = :53` says by whom"
            for own in [[], ["[\(Address.server.v6)]:53"]] {
                let listen = (own + ["\(address):53"]).map { "'\($0)'" }.joined(separator: ", ")
                do {
                    _ = try network.serve("listen: [\(listen)]\n" + Self.zone + "forward: {}\n")
                    Issue.record("it started")
                } catch let failure as Failure {
                    #expect(failure.description.contains("error: " + complaint))
                }
            }
            let server = try network.serve(
                "listen: ['[\(Address.server.v6)]:53']\n" + Self.zone + "forward: {}\n")
            try server.configure(
                "listen: ['[\(Address.server.v6)]:53', '\(address):53']\nforward: {}\n")
            try server.reload()
            #expect(server.log.contains(complaint))
            #expect(
                server.log.contains("the reload failed; what was served before is still served"))
            let client = try network.client6
            #expect(
                try network.clients.inside { try client.ask("a.vanillax.me", .a).data(.a) }
                    == ["192.168.10.50"])
            // Once it is free the same reload succeeds.
            withExtendedLifetime(other) {}
            #expect(try server.stop() == .exited(0))
        }
    }
}
