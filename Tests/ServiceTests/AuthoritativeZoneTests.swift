import DNS
import Testing

extension ServiceTests {
    @Suite("An authoritative zone")
    struct AuthoritativeZoneTests {
        private static let zone = """
            '':
              - type: SOA
                value: {mname: ns1.corp.example., rname: hostmaster.corp.example., serial: 7,
                        refresh: 3600, retry: 600, expire: 86400, minimum: 120}
              - {type: NS, value: ns1.corp.example.}
              - {type: MX, value: {preference: 10, exchange: mail.corp.example.}}
            ns1: 192.168.10.2
            mail: 192.168.10.3
            www: {type: A, ttl: 600, values: [192.168.10.4, 192.168.10.5]}
            alias: {type: CNAME, value: www.corp.example.}
            outside: {type: CNAME, value: www.example.com.}
            '*.apps': 192.168.10.6
            exact.apps: {type: TXT, value: only text}
            deep.in.ent: 192.168.10.7
            branch: {type: NS, value: ns.branch.corp.example.}
            ns.branch: 192.168.30.2

            """

        private static func site() throws -> (KnotUpstream, Server) {
            let knot = try KnotUpstream()
            let server = try Server(
                """
                zones: {corp.example: {file: zones/corp.yaml, mode: authoritative}}
                forward: {.: {to: ["127.0.0.1:\(knot.port)"], cache: 30}}

                """, files: ["zones/corp.yaml": zone])
            return (knot, server)
        }

        @Test("Data, CNAMEs and the apex", arguments: Transport.allCases)
        func data(transport: Transport) throws {
            let (knot, server) = try Self.site()
            let client = server.client
            let www = try client.ask("www.corp.example", .a, over: transport)
            #expect(www.data(.a) == ["192.168.10.4", "192.168.10.5"])
            #expect(www.isAuthoritative && www.answer.allSatisfy { $0.ttl == 600 })
            #expect(
                try client.ask("corp.example", .mx, over: transport).data(.mx)
                    == ["10 mail.corp.example."])
            #expect(
                try client.ask("corp.example", .soa, over: transport).data(.soa) == [
                    "ns1.corp.example. hostmaster.corp.example. 7 3600 600 86400 120"
                ])
            #expect(
                try client.ask("alias.corp.example", .a, over: transport).lines == [
                    "alias.corp.example. CNAME www.corp.example.",
                    "www.corp.example. A 192.168.10.4", "www.corp.example. A 192.168.10.5",
                ])
            #expect(
                try client.ask("outside.corp.example", .a, over: transport).lines == [
                    "outside.corp.example. CNAME www.example.com.",
                    "www.example.com. A \(PublicZones.edge4)",
                ])
            _ = knot
        }

        @Test("A wildcard covers what does not exist, and nothing else (RFC 4592)")
        func wildcard() throws {
            let (_, server) = try Self.site()
            let client = server.client
            for name in ["x.apps.corp.example", "x.y.apps.corp.example"] {
                let response = try client.ask(name, .a)
                #expect(response.lines == ["\(name). A 192.168.10.6"])
            }
            #expect(try client.ask("exact.apps.corp.example", .a).isNoDataWithSOA)
            #expect(try client.ask("x.exact.apps.corp.example", .a).isNameErrorWithSOA)
            #expect(try client.ask("x.apps.corp.example", .txt).isNoDataWithSOA)
            #expect(try client.ask("*.apps.corp.example", .a).data(.a) == ["192.168.10.6"])
        }

        @Test("An empty non-terminal exists; what is below it may not")
        func emptyNonTerminal() throws {
            let (_, server) = try Self.site()
            #expect(try server.client.ask("ent.corp.example", .a).isNoDataWithSOA)
            #expect(try server.client.ask("in.ent.corp.example", .a).isNoDataWithSOA)
            #expect(try server.client.ask("other.ent.corp.example", .a).isNameErrorWithSOA)
            #expect(
                try server.client.ask("deep.in.ent.corp.example", .a).data(.a) == ["192.168.10.7"])
        }

        @Test("A name that is not there is NXDOMAIN with the zone's SOA, and never asked upstream")
        func nameError() throws {
            let (_, server) = try Self.site()
            let response = try server.client.ask("missing.corp.example", .a)
            #expect(response.isNameErrorWithSOA && response.isAuthoritative)
            let soa = try #require(response.authority.first)
            #expect(soa.owner == (try DomainName("corp.example")))
            #expect(soa.ttl <= 120, "RFC 2308 §3: at most MINIMUM")
            #expect(try server.client.ask("www.corp.example", .https).isNoDataWithSOA)
        }

        @Test("A delegation is a referral with glue")
        func delegation() throws {
            let (_, server) = try Self.site()
            let response = try server.client.ask("host.branch.corp.example", .a)
            #expect(response.rcode == .noError && response.answer.isEmpty)
            #expect(
                response.authority.map(\.line)
                    == ["branch.corp.example. NS ns.branch.corp.example."])
            #expect(
                response.additional.filter { $0.type == .a }.map(\.line)
                    == ["ns.branch.corp.example. A 192.168.30.2"])
            #expect(!response.isAuthoritative)
        }
    }
}
