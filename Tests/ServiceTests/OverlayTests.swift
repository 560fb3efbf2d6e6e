import DNS
import Testing

extension ServiceTests {
    @Suite("An overlaid zone before a CDN's records")
    struct OverlayTests {
        private let edge = [
            PublicZones.edge4, PublicZones.edge6, "h3", "ech", "203.0.113", "2001:db8",
        ]

        /// Nothing of the public record in any section.
        private func expectNoEdge(_ response: Response, _ location: SourceLocation) {
            for record in response.records {
                for trace in edge {
                    #expect(!record.presentation.contains(trace), sourceLocation: location)
                }
            }
        }

        @Test(
            "Each row of the README's table, first and cached", arguments: Transport.allCases)
        func table(transport: Transport) throws {
            let site = try Site()
            let name = "argocd.vanillax.me"
            try firstAndCached(site.client, name, .a, over: transport) { response, location in
                #expect(response.rcode == .noError, sourceLocation: location)
                #expect(response.data(.a) == [Site.gateway], sourceLocation: location)
                #expect(response.answer.count == 1, sourceLocation: location)
                #expect(response.isAuthoritative, sourceLocation: location)
                expectNoEdge(response, location)
            }
            for (owner, type) in [
                (name, RRType.aaaa), (name, .https), (name, .svcb),
                ("_8443._https.\(name)", .https), ("_443._https.\(name)", .svcb),
            ] {
                try firstAndCached(site.client, owner, type, over: transport) {
                    response, location in
                    #expect(response.isNoDataWithSOA, "\(owner) \(type)", sourceLocation: location)
                    expectNoEdge(response, location)
                }
            }
            for (owner, type, expected) in [
                ("_acme-challenge.\(name)", RRType.txt, ["\"dns-01-token\""]),
                (name, .txt, ["\"public text\""]),
                ("vanillax.me", .mx, ["10 mail.vanillax.me."]),
                ("vanillax.me", .caa, ["0 issue \"letsencrypt.org\""]),
                ("vanillax.me", .ns, ["ns1.vanillax.me."]),
                (
                    "vanillax.me", .soa,
                    ["ns1.vanillax.me. hostmaster.vanillax.me. 2026110101 7200 3600 604800 1800"]
                ),
            ] {
                try firstAndCached(site.client, owner, type, over: transport) {
                    response, location in
                    #expect(
                        response.data(type) == expected, "\(owner) \(type)",
                        sourceLocation: location)
                }
            }
        }

        @Test("A name without a rule of its own and any depth below is covered by the wildcard")
        func depth() throws {
            let site = try Site()
            for name in ["grafana.vanillax.me", "a.b.c.vanillax.me", "GRAFANA.VanillaX.me"] {
                let response = try site.client.ask(name, .a)
                #expect(response.data(.a) == [Site.gateway])
                #expect(response.answer.first?.owner.description == name + ".", "0x20 is echoed")
            }
        }

        @Test("The apex is not covered by the wildcard and loses its h3 record only")
        func apex() throws {
            let site = try Site()
            #expect(try site.client.ask("vanillax.me", .a).data(.a) == [PublicZones.edge4])
            #expect(try site.client.ask("vanillax.me", .https).isNoDataWithSOA)
        }

        @Test("A name handed back keeps its public answers")
        func handedBack() throws {
            let site = try Site()
            #expect(try site.client.ask("plex.vanillax.me", .a).data(.a) == [PublicZones.edge4])
            #expect(
                try site.client.ask("plex.vanillax.me", .aaaa).data(.aaaa) == [PublicZones.edge6])
        }

        @Test("The answer over IPv6 is the same")
        func overIPv6() throws {
            let site = try Site()
            let loopback = try #require(IPAddress("::1"))
            let client = Client(server: Endpoint(loopback, site.server.port), source: loopback)
            for transport in Transport.allCases {
                let response = try client.ask("argocd.vanillax.me", .a, over: transport)
                #expect(response.data(.a) == [Site.gateway])
            }
        }

        @Test("NODATA of an owned name carries a SOA of 60 seconds")
        func negativeTTL() throws {
            let site = try Site()
            let response = try site.client.ask("argocd.vanillax.me", .aaaa)
            let soa = try #require(response.authority.first)
            #expect(soa.owner == (try DomainName("vanillax.me")))
            #expect(soa.ttl == 60)
            #expect(soa.minimum == 60)
        }

        @Test("An HTTPS record in the zone file is served as written")
        func writtenService() throws {
            let zone = """
                app:
                  - {type: A, value: 192.168.10.51}
                  - {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: {alpn: [h2]}}}

                """
            let site = try Site(files: ["zones/vanillax.me.yaml": zone])
            #expect(try site.client.ask("app.vanillax.me", .https).data(.https) == ["1 . alpn=h2"])
            #expect(try site.client.ask("app.vanillax.me", .svcb).isNoDataWithSOA)
        }

        @Test("An internal-only name has no data in public, and is not denied")
        func internalOnly() throws {
            let knot = try KnotUpstream()
            let server = try Server(
                """
                zones: {lab.example: {records: {nas: 192.168.10.60}}}
                forward: {.: {to: ["127.0.0.1:\(knot.port)"], cache: 30}}

                """)
            for transport in Transport.allCases {
                try firstAndCached(server.client, "nas.lab.example", .txt, over: transport) {
                    #expect($0.isNoDataWithSOA, sourceLocation: $1)
                }
                let other = try server.client.ask("missing.lab.example", .a, over: transport)
                #expect(other.isNameErrorWithSOA)
                let address = try server.client.ask("nas.lab.example", .a, over: transport)
                #expect(address.data(.a) == ["192.168.10.60"])
            }
        }

        @Test("A denial of a name above does not deny an owned name below it")
        func denialAbove() throws {
            let upstream = try ScriptedUpstream { query in
                let soa = try Record.soa("lab.example", ttl: 300, minimum: 300)
                return [.init(query.reply(authority: [soa], rcode: .nameError))]
            }
            let server = try Server(
                """
                zones: {lab.example: {records: {nas.rack: 192.168.10.60}}}
                forward: {.: {to: ["127.0.0.1:\(upstream.port)"], cache: 30}}

                """)
            _ = try server.client.ask("rack.lab.example", .txt)
            #expect(try server.client.ask("nas.rack.lab.example", .a).data(.a) == ["192.168.10.60"])
            #expect(try server.client.ask("nas.rack.lab.example", .txt).isNoDataWithSOA)
        }

        @Test("dig sees what the table promises")
        func dig() throws {
            let site = try Site()
            func dig(_ arguments: String...) throws -> String {
                let program = ["/usr/bin/dig", "@127.0.0.1", "-p", "\(site.server.port)"]
                let (output, status) = try run(program + ["+tries=1", "+time=3"] + arguments)
                #expect(status == .exited(0))
                return output
            }
            #expect(try dig("+short", "argocd.vanillax.me", "A") == "\(Site.gateway)\n")
            #expect(try dig("+short", "argocd.vanillax.me", "AAAA") == "")
            #expect(try dig("+short", "+tcp", "argocd.vanillax.me", "HTTPS") == "")
            #expect(
                try dig("+short", "_acme-challenge.argocd.vanillax.me", "TXT")
                    == "\"dns-01-token\"\n")
            let full = try dig("argocd.vanillax.me", "HTTPS")
            #expect(full.contains("status: NOERROR"))
            #expect(full.contains("flags: qr aa rd ra; QUERY: 1, ANSWER: 0, AUTHORITY: 1"))
            #expect(!full.contains("WARNING") && !full.contains("malformed"))
        }
    }
}
