import DNS
import Testing

extension ServiceTests {
    @Suite(
        "The network of three hosts that other tests use",
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct HomeNetworkTests {
        @Test("Clients ask the server, and it the world outside, over IPv4 and IPv6")
        func asks() throws {
            let network = try HomeNetwork(faultyLAN: true, faultyWAN: true)
            let knot = try KnotUpstream(in: network.outside)
            for upstream in [HomeNetwork.Address.outside.v4, HomeNetwork.Address.outside.v6] {
                let server = try network.serve("forward: {.: {to: [\"\(upstream)\"]}}\n")
                for client in [try network.client, try network.client6] {
                    for transport in Transport.allCases {
                        let data = try network.clients.inside {
                            try client.ask("www.example.com", .a, over: transport).data(.a)
                        }
                        #expect(data == [PublicZones.edge4])
                    }
                }
                #expect(try server.stop() == .exited(0))
            }
            #expect(knot.process.status == nil)
            #expect(try #require(network.wan).counts(from: .right).delivered > 0)
        }
    }
}
