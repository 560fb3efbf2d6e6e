import DNS
import Foundation
import Testing

extension ServiceTests {
    @Suite(
        "A host with one family of addresses",
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct AddressFamilyTests {
        private typealias Address = HomeNetwork.Address

        /// The default listen addresses, upstreams of both families, and both of them in use.
        private static let configuration =
            "listen: ['0.0.0.0:53', '[::]:53']\n"
            + "forward: {.: ['\(Address.outside.v6)', \(Address.outside.v4)]}\n"

        private static func answer(
            _ client: Client, _ network: HomeNetwork, _ transport: Transport = .udp
        ) throws -> [String] {
            try network.clients.inside {
                try client.ask("www.example.com", .a, over: transport).data(.a)
            }
        }

        @Test("IPv6 alone: no IPv4 address anywhere, not even on lo")
        func ipv6Only() throws {
            let network = try HomeNetwork()
            for (host, interfaces) in [
                (network.clients, ["lo", "lan0"]), (network.server, ["lo", "lan0", "wan0"]),
                (network.outside, ["wan0"]),
            ] {
                for interface in interfaces {
                    let flush = ["ip", "-4", "addr", "flush", "dev", interface]
                    let (output, status) = try run(host.entrance + flush)
                    guard status == .exited(0) else { throw Failure("ip: \(output)") }
                }
            }
            let knot = try KnotUpstream(in: network.outside)
            for configuration in [
                Self.configuration, "listen: '[::]:53'\nforward: {.: '\(Address.outside.v6)'}\n",
            ] {
                let server = try network.serve(configuration)
                for transport in Transport.allCases {
                    #expect(
                        try Self.answer(try network.client6, network, transport)
                            == [PublicZones.edge4])
                }
                #expect(try server.stop() == .exited(0))
            }
            #expect(knot.process.status == nil)
        }

        @Test("IPv4 alone: IPv6 is turned off by the kernel's settings")
        func ipv6Disabled() throws {
            let network = try HomeNetwork()
            for interface in ["all", "default", "lo", "lan0", "wan0"] {
                try network.server.set("net/ipv6/conf/\(interface)/disable_ipv6", to: "1")
            }
            let knot = try KnotUpstream(in: network.outside)
            for listen in ["'0.0.0.0:53', '[::]:53'", "'0.0.0.0:53', '[::1]:53'"] {
                let server = try network.serve(
                    "listen: [\(listen)]\n"
                        + "forward: {.: ['\(Address.outside.v6)', \(Address.outside.v4)]}\n")
                #expect(try Self.answer(try network.client, network) == [PublicZones.edge4])
                #expect(try server.stop() == .exited(0))
            }
            #expect(knot.process.status == nil)
        }

        @Test("IPv4 alone: the kernel was booted without IPv6")
        func withoutIPv6() throws {
            let network = try HomeNetwork()
            let directory = try TemporaryDirectory()
            let library = directory.file("no-ipv6.so")
            let source = Server.repository + "/Tests/ServiceTests/Scripts/no_ipv6.c"
            let (output, status) = try run([
                "/usr/bin/cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                source,
            ])
            guard status == .exited(0) else { throw Failure("no_ipv6.c: \(output)") }
            let knot = try KnotUpstream(in: network.outside)
            for (listen, left) in [
                ("'0.0.0.0:53', '[::]:53'", "[::]:53"),
                ("\(Address.server.v4), '\(Address.server.v6)'", "[\(Address.server.v6)]:53"),
            ] {
                let server = try network.serve(
                    "listen: [\(listen)]\n"
                        + "forward: {.: ['\(Address.outside.v6)', \(Address.outside.v4)]}\n",
                    environment: ["LD_PRELOAD": library])
                #expect(try Self.answer(try network.client, network) == [PublicZones.edge4])
                #expect(server.log.contains("not listening on \(left): this host has no IPv6"))
                #expect(!server.log.contains(", \(left)\n"), "it does not claim to serve there")
                try server.reload()
                #expect(server.log.contains("reloaded: "))
                #expect(try Self.answer(try network.client, network) == [PublicZones.edge4])
                #expect(try server.stop() == .exited(0))
            }
            #expect(knot.process.status == nil)
        }
    }
}
