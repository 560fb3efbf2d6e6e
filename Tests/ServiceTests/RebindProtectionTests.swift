import DNS
import Testing

extension ServiceTests {
    @Suite("The rebind protection")
    struct RebindProtectionTests {
        /// Public zones with addresses of the site in them.
        private static let zones = [
            "rebind.example.": PublicZones.head("rebind.example.") + """
                private A 192.168.1.1
                private AAAA fd00::1
                mixed A 192.168.1.1
                mixed A 203.0.113.40
                embedded AAAA 64:ff9b::a00:1
                alias CNAME private
                into CNAME argocd.vanillax.me.
                aside CNAME host.plex.direct.
                service HTTPS 1 . mandatory=ipv6hint alpn=h2 ipv4hint=10.0.0.1,203.0.113.40 ipv6hint=fd00::1
                @ MX 10 private

                """,
            "plex.direct.": PublicZones.head("plex.direct.") + "*.plex.direct. A 192.168.1.9\n",
            "home.arpa.": PublicZones.head("home.arpa.") + "nas A 192.168.1.8\n",
        ]

        private struct Place {
            let knot: KnotUpstream
            let server: Server

            init() throws {
                knot = try KnotUpstream(zones: zones)
                let upstream = "\"127.0.0.1:\(knot.port)\""
                server = try Server(
                    """
                    rebind-protection: {allow: [plex.direct]}
                    zones:
                      vanillax.me: {records: {'*': 192.168.10.50}}
                    views:
                      careful: {clients: [127.0.0.0/16, "::1"]}
                      trusting: {clients: [127.0.1.0/24], rebind-protection: false}
                      tailnet:
                        clients: [127.0.2.0/24]
                        rebind-protection: {allow: [192.168.1.0/24]}
                    forward:
                      .: [\(upstream)]
                      home.arpa: [\(upstream)]

                    """)
            }
        }

        private static let text = "private addresses removed (rebind-protection)"

        @Test("An answer that is emptied is NODATA and says why", arguments: Transport.allCases)
        func emptied(transport: Transport) throws {
            let place = try Place()
            let client = place.server.client
            for (name, type) in [
                ("private.rebind.example", RRType.a), ("private.rebind.example", .aaaa),
                ("embedded.rebind.example", .aaaa),
            ] {
                try firstAndCached(client, name, type, over: transport) {
                    #expect($0.isNoDataWithSOA, "\(name) \(type)", sourceLocation: $1)
                    #expect($0.extendedError?.code == 17, sourceLocation: $1)
                    #expect($0.extendedError?.text == Self.text, sourceLocation: $1)
                }
            }
            try firstAndCached(client, "alias.rebind.example", .a, over: transport) {
                #expect(
                    $0.lines == ["alias.rebind.example. CNAME private.rebind.example."],
                    sourceLocation: $1)
                #expect($0.authority.map(\.type) == [.soa], sourceLocation: $1)
            }
        }

        @Test("What is public in an answer stays", arguments: Transport.allCases)
        func changed(transport: Transport) throws {
            let place = try Place()
            let client = place.server.client
            try firstAndCached(client, "mixed.rebind.example", .a, over: transport) {
                #expect($0.data(.a) == ["203.0.113.40"], sourceLocation: $1)
                #expect($0.extendedError?.code == 4, sourceLocation: $1)
                #expect($0.extendedError?.text == Self.text, sourceLocation: $1)
            }
            try firstAndCached(client, "service.rebind.example", .https, over: transport) {
                #expect(
                    $0.data(.https) == ["1 . alpn=h2 ipv4hint=203.0.113.40"], sourceLocation: $1)
                #expect($0.extendedError?.code == 4, sourceLocation: $1)
            }
            try firstAndCached(client, "rebind.example", .mx, over: transport) {
                #expect($0.data(.mx) == ["10 private.rebind.example."], sourceLocation: $1)
                #expect(
                    !$0.records.contains { $0.type == .a || $0.type == .aaaa }, sourceLocation: $1)
            }
            try firstAndCached(client, "www.example.com", .a, over: transport) {
                #expect($0.data(.a) == [PublicZones.edge4], sourceLocation: $1)
                #expect($0.extendedError == nil, sourceLocation: $1)
            }
        }

        @Test(
            "Names of the site, allowed domains and chosen upstreams keep their addresses",
            arguments: Transport.allCases)
        func exempt(transport: Transport) throws {
            let place = try Place()
            let client = place.server.client
            for (name, address) in [
                ("argocd.vanillax.me", "192.168.10.50"), ("into.rebind.example", "192.168.10.50"),
                ("x.plex.direct", "192.168.1.9"), ("nas.home.arpa", "192.168.1.8"),
            ] {
                try firstAndCached(client, name, .a, over: transport) {
                    #expect($0.data(.a) == [address], "\(name)", sourceLocation: $1)
                    #expect($0.extendedError == nil, "\(name)", sourceLocation: $1)
                }
            }
            // The browser's origin is the name that it asked for.
            try firstAndCached(client, "aside.rebind.example", .a, over: transport) {
                #expect($0.data(.a) == [], sourceLocation: $1)
            }
        }

        @Test("Views that differ in it never see each other's cached answers")
        func viewsApart() throws {
            let place = try Place()
            for _ in 0..<2 {
                for (source, addresses) in [
                    ("127.0.0.1", []), ("127.0.1.1", ["192.168.1.1"]),
                    ("127.0.2.1", ["192.168.1.1"]),
                ] {
                    let client = try place.server.client.from(source)
                    #expect(
                        try client.ask("private.rebind.example", .a).data(.a) == addresses,
                        "\(source)")
                }
            }
            let tailnet = try place.server.client.from("127.0.2.1")
            #expect(try tailnet.ask("private.rebind.example", .aaaa).isNoDataWithSOA)
        }
    }
}
