import DNS
import Testing

extension ServiceTests {
    /// Without these the other suites could pass because there was nothing to leak.
    @Suite("The world outside, as the other suites rely on it")
    struct PublicZonesTests {
        @Test("The upstream publishes the edge for every name", arguments: Transport.allCases)
        func edge(transport: Transport) throws {
            let knot = try KnotUpstream()
            let client = Client(server: Endpoint(port: knot.port))
            let service = "1 . alpn=h3,h2 ipv4hint=203.0.113.10 ech=12 ipv6hint=2001:db8:cd::10"
            for name in ["argocd.vanillax.me", "grafana.vanillax.me", "www.example.com"] {
                func data(_ type: RRType) throws -> [String] {
                    try client.ask(name, type, over: transport).data(type)
                }
                #expect(try data(.a) == [PublicZones.edge4])
                #expect(try data(.aaaa) == [PublicZones.edge6])
                #expect(try data(.https).first == service)
                #expect(try data(.svcb) == [service])
            }
            #expect(
                try client.ask("_8443._https.argocd.vanillax.me", .https).data(.https) == [service])
            #expect(try client.ask("nas.lab.example", .txt).isNameErrorWithSOA)
            let large = try client.ask("large.example.com", .txt, over: .tcp)
            #expect(large.answer.count == 20 && large.size > 1232)
        }

        @Test("A scripted upstream answers and remembers", arguments: Transport.allCases)
        func scripted(transport: Transport) throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(50))
            let client = Client(server: Endpoint(port: upstream.port))
            let (response, time) = try elapsed {
                try client.ask("www.example.net", .a, over: transport)
            }
            #expect(response.data(.a) == ["203.0.113.99"])
            #expect(time >= .milliseconds(50))
            let received = try #require(try upstream.received("www.example.net").first)
            #expect(received.transport == transport)
        }
    }
}
