import DNS
import Testing

extension ServiceTests {
    @Suite("CNAMEs between the public and the local side")
    struct CanonicalNameTests {
        @Test(
            "A public CNAME that leads into an owned name is answered locally",
            arguments: Transport.allCases)
        func intoOverlay(transport: Transport) throws {
            let site = try Site()
            let into = "into.example.com"
            try firstAndCached(site.client, into, .a, over: transport) { response, location in
                #expect(
                    response.lines == [
                        "argocd.vanillax.me. A \(Site.gateway)",
                        "into.example.com. CNAME argocd.vanillax.me.",
                    ], sourceLocation: location)
            }
            for type in [RRType.aaaa, .https, .svcb] {
                try firstAndCached(site.client, into, type, over: transport) { response, location in
                    #expect(
                        response.lines == ["into.example.com. CNAME argocd.vanillax.me."],
                        "\(type)",
                        sourceLocation: location)
                    #expect(response.authority.map(\.type) == [.soa], sourceLocation: location)
                }
            }
        }

        @Test("What a resolver sends along with such a CNAME is left out")
        func chainFromResolver() throws {
            let upstream = try ScriptedUpstream { query in
                let chain = [
                    try Record.cname("shop.example.net", "argocd.vanillax.me"),
                    try Record.a("argocd.vanillax.me", PublicZones.edge4),
                ]
                return [.init(query.reply(query.question.type == .a ? chain : [chain[0]]))]
            }
            let server = try Server(
                Site.configuration(upstream: upstream.port),
                files: ["zones/vanillax.me.yaml": Site.overlay])
            for _ in 0..<2 {
                #expect(
                    try server.client.ask("shop.example.net", .a).data(.a) == [Site.gateway])
                #expect(try server.client.ask("shop.example.net", .https).data(.https) == [])
            }
        }

        @Test("A local CNAME is answered for every type and its public target is looked up")
        func toPublic() throws {
            let zone = "shop: {type: CNAME, value: www.example.com.}\n"
            let site = try Site(files: ["zones/vanillax.me.yaml": zone])
            let link = "shop.vanillax.me. CNAME www.example.com."
            for transport in Transport.allCases {
                try firstAndCached(site.client, "shop.vanillax.me", .a, over: transport) {
                    #expect(
                        $0.lines == [link, "www.example.com. A \(PublicZones.edge4)"],
                        sourceLocation: $1)
                }
                // The h3 record of the public target goes, as for everyone.
                try firstAndCached(site.client, "shop.vanillax.me", .https, over: transport) {
                    #expect(
                        $0.data(.https) == ["2 alt.example.com. alpn=h2 port=8443"],
                        sourceLocation: $1)
                }
                try firstAndCached(site.client, "shop.vanillax.me", .mx, over: transport) {
                    #expect($0.lines == [link], sourceLocation: $1)
                }
                #expect(
                    try site.client.ask("shop.vanillax.me", .cname, over: transport).lines == [link]
                )
            }
        }

        @Test("A local CNAME to an owned name stays local")
        func toOverlay() throws {
            let zone = """
                '*': \(Site.gateway)
                alias: {type: CNAME, value: argocd.vanillax.me.}

                """
            let site = try Site(files: ["zones/vanillax.me.yaml": zone])
            let link = "alias.vanillax.me. CNAME argocd.vanillax.me."
            #expect(
                try site.client.ask("alias.vanillax.me", .a).lines
                    == [link, "argocd.vanillax.me. A \(Site.gateway)"].sorted())
            let service = try site.client.ask("alias.vanillax.me", .https)
            #expect(service.lines == [link])
            #expect(service.authority.map(\.type) == [.soa])
        }

        @Test("A local CNAME that leads back to itself ends")
        func loop() throws {
            let zone = """
                ping: {type: CNAME, value: pong.vanillax.me.}
                pong: {type: CNAME, value: ping.vanillax.me.}

                """
            let site = try Site(files: ["zones/vanillax.me.yaml": zone])
            let (response, time) = try elapsed { try site.client.ask("ping.vanillax.me", .a) }
            #expect(response.data(.a) == [])
            #expect(time < .seconds(1))
        }
    }
}
