import DNS
import Testing

extension ServiceTests {
    @Suite("The policies for HTTPS and SVCB records from upstream")
    struct HTTPSRecordPolicyTests {
        struct Expectation: Sendable, CustomTestStringConvertible {
            let policy: String
            /// What is left of the public zone's records of these names.
            let www: [String]
            var h3only: [String] = []
            var quiconly: [String] = []
            var mandatory: [String] = []
            var mandatoryh3: [String] = []
            var h2only = ["1 . alpn=h2"]

            var testDescription: String { policy }
        }

        private static let hints = "ipv4hint=\(PublicZones.edge4)"
        private static let hint6 = "ipv6hint=\(PublicZones.edge6)"
        private static let second = "2 alt.example.com. alpn=h2 port=8443"

        static let expectations = [
            Expectation(policy: "remove-h3", www: [second]),
            Expectation(
                policy: "rewrite-h3", www: ["1 . alpn=h2 \(hints) ech=12 \(hint6)", second],
                h3only: ["1 ."], mandatory: ["1 . mandatory=key1 alpn=h2"]),
            Expectation(
                policy: "rewrite-h3-ech", www: ["1 . alpn=h2 \(hints) \(hint6)", second],
                h3only: ["1 ."], mandatory: ["1 . mandatory=key1 alpn=h2"]),
            Expectation(policy: "remove", www: [], h2only: []),
            Expectation(
                policy: "pass", www: ["1 . alpn=h3,h2 \(hints) ech=12 \(hint6)", second],
                h3only: ["1 . alpn=h3"], quiconly: ["1 . alpn=h3,h3-29 no-default-alpn"],
                mandatory: ["1 . mandatory=key1 alpn=h3,h2"],
                mandatoryh3: ["1 . mandatory=key1 alpn=h3"]),
        ]

        @Test("Each policy, direct and behind a CNAME, first and cached", arguments: expectations)
        func policies(expected: Expectation) throws {
            let site = try Site("https-records: \(expected.policy)\n")
            let link = "cdn.example.com. CNAME www.example.com."
            for transport in Transport.allCases {
                for (name, records) in [
                    ("www.example.com", expected.www), ("h3only.example.com", expected.h3only),
                    ("quiconly.example.com", expected.quiconly),
                    ("mandatory.example.com", expected.mandatory),
                    ("mandatoryh3.example.com", expected.mandatoryh3),
                    ("h2only.example.com", expected.h2only),
                ] {
                    try firstAndCached(site.client, name, .https, over: transport) {
                        #expect($0.rcode == .noError, sourceLocation: $1)
                        #expect($0.data(.https) == records, "\(name)", sourceLocation: $1)
                        #expect(
                            $0.isNoDataWithSOA == records.isEmpty, "\(name)", sourceLocation: $1)
                    }
                }
                try firstAndCached(site.client, "cdn.example.com", .https, over: transport) {
                    #expect(
                        $0.lines
                            == ([link] + expected.www.map { "www.example.com. HTTPS \($0)" })
                            .sorted(),
                        sourceLocation: $1)
                    #expect(
                        $0.authority.contains { $0.type == .soa } == expected.www.isEmpty,
                        sourceLocation: $1)
                }
                // An owned name gets nothing of the public record, whatever the policy.
                try firstAndCached(site.client, "argocd.vanillax.me", .https, over: transport) {
                    #expect($0.isNoDataWithSOA, sourceLocation: $1)
                }
                #expect(try site.client.ask("www.example.com", .a).data(.a) == [PublicZones.edge4])
            }
        }

        @Test("DNS resolvers' SVCB records over QUIC are not HTTP/3 and stay")
        func resolverOverQUIC() throws {
            let site = try Site()
            try firstAndCached(site.client, "_dns.resolver.example.com", .svcb, over: .udp) {
                #expect($0.data(.svcb) == ["1 dot.example.com. alpn=doq,dot"], sourceLocation: $1)
            }
        }

        @Test("A record in alias mode stays")
        func aliasMode() throws {
            let site = try Site()
            try firstAndCached(site.client, "service.example.com", .https, over: .udp) {
                #expect(
                    $0.answer.first { $0.owner.description == "service.example.com." }?.presentation
                        == "0 www.example.com.", sourceLocation: $1)
                #expect(
                    $0.records.allSatisfy { !$0.presentation.contains("h3") }, sourceLocation: $1)
            }
        }

        @Test("The most specific setting wins: a name over its forward rule over the default")
        func precedence() throws {
            let knot = try KnotUpstream()
            let server = try Server(
                """
                https-records: {default: remove-h3, www.example.com: pass}
                forward:
                  .: {to: ["127.0.0.1:\(knot.port)"], cache: 30}
                  vanillax.me: {to: ["127.0.0.1:\(knot.port)"], https-records: rewrite-h3-ech}

                """)
            let pass = try #require(Self.expectations.last)
            let client = server.client
            for _ in 0..<2 {
                #expect(try client.ask("www.example.com", .https).data(.https) == pass.www)
                #expect(try client.ask("h3only.example.com", .https).isNoDataWithSOA)
                #expect(
                    try client.ask("x.vanillax.me", .https).data(.https)
                        == ["1 . alpn=h2 \(Self.hints) \(Self.hint6)"])
            }
        }

        @Test("Two views with different policies never see each other's cached answers")
        func viewsApart() throws {
            let knot = try KnotUpstream()
            let server = try Server(
                """
                views:
                  careful: {clients: [127.0.0.0/8], https-records: remove}
                  trusting: {clients: [127.0.1.0/24], https-records: pass}
                forward: {.: {to: ["127.0.0.1:\(knot.port)"], cache: 30}}

                """)
            let trusting = try server.client.from("127.0.1.1")
            let pass = try #require(Self.expectations.last)
            for _ in 0..<2 {
                #expect(try server.client.ask("www.example.com", .https).isNoDataWithSOA)
                #expect(try trusting.ask("www.example.com", .https).data(.https) == pass.www)
            }
        }

        @Test("Records in the additional section obey the policy too")
        func additional() throws {
            let upstream = try ScriptedUpstream { query in
                let name = query.question.name
                let service = Record(name, .https, ttl: 300, Self.h3Service)
                let address = Record(name, .a, ttl: 300, [203, 0, 113, 9])
                return [.init(query.reply([address], additional: [service]))]
            }
            let server = try Server.forwarding(to: upstream.port)
            for _ in 0..<2 {
                let response = try server.client.ask("shop.example.net", .a)
                #expect(response.data(.a) == ["203.0.113.9"])
                #expect(!response.records.contains { $0.type == .https })
            }
        }

        @Test("An altered answer loses its signatures and its AD bit, an untouched one keeps both")
        func signatures() throws {
            let upstream = try ScriptedUpstream { query in
                let name = query.question.name
                let isQUIC = name == (try DomainName("quic.example.net"))
                let signature = Record(name, .rrsig, ttl: 300, try Self.signature(of: .https))
                let service = Record(
                    name, .https, ttl: 300, isQUIC ? Self.h3Service : Self.h2Service)
                let flags = Header.Flag.authenticData | Header.Flag.recursionAvailable
                return [.init(query.reply([service, signature], flags: flags))]
            }
            let server = try Server.forwarding(to: upstream.port)
            for _ in 0..<2 {
                let quic = try askWithDNSSEC(server.client, "quic.example.net")
                #expect(quic.answer.isEmpty && !quic.isAuthenticated)
                let plain = try askWithDNSSEC(server.client, "plain.example.net")
                #expect(plain.answer.map(\.type) == [.https, .rrsig] && plain.isAuthenticated)
            }
        }

        @Test(
            "A malformed HTTPS record is removed", arguments: [[0, 1], [0, 1, 0, 0, 1, 0, 9, 2]])
        func malformed(rdata: [UInt8]) throws {
            let upstream = try ScriptedUpstream { query in
                let record = Record(query.question.name, .https, ttl: 300, rdata)
                return [.init(query.reply([record]))]
            }
            let server = try Server.forwarding(to: upstream.port)
            #expect(try server.client.ask("bad.example.net", .https).isNoDataWithSOA)
        }

        private static let h3Service: [UInt8] = [0, 1, 0, 0, 1, 0, 6, 2, 0x68, 0x33, 2, 0x68, 0x32]
        private static let h2Service: [UInt8] = [0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32]

        /// An RRSIG record that covers `type`; nobody here looks at the signature itself.
        private static func signature(of type: RRType) throws -> [UInt8] {
            var rdata = MessageBuilder()
            rdata.write(type.rawValue)
            rdata.write([13, 3])
            for value: UInt32 in [300, 4_000_000_000, 1_600_000_000] { rdata.write(value) }
            rdata.write(UInt16(4711))
            rdata.write(try DomainName("example.net"))
            rdata.write([UInt8](repeating: 7, count: 64))
            return rdata.octets
        }

        private func askWithDNSSEC(_ client: Client, _ name: String) throws -> Response {
            let question = Question(name: try DomainName(name), type: .https)
            let query = Query(question: question, dnssecOK: true)
            return try Response(
                client.exchange(query.octets, over: .udp, timeout: .seconds(3)))
        }
    }
}
