import DNS
import Glibc
import Testing

extension ServiceTests {
    @Suite("Server cookies, beside Knot DNS and NSD with the same secret")
    struct CookieTests {
        private static let secret = "e5e973e5a6b2a43f48e7dc849e37bfcf"
        private static let other = "445536bcd2513298075a5d379663c962"
        private static let clientCookie: [UInt8] = [0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57]

        /// A refusal has no room for a cookie, unless the client has one: so the name is answered.
        private static func configuration(_ cookies: String) -> String {
            """
            zones:
              vanillax.me: {records: {'*': 192.168.10.50}}
              \(GeneratedZone.apex): {records: {'': 192.168.10.50}}
            forward: {}
            \(cookies)

            """
        }

        /// The COOKIE option of the answer to a query with `cookie`; nil when it has none.
        private static func cookie(
            _ client: Client, _ name: String, sending cookie: [UInt8] = clientCookie,
            over transport: Transport = .udp
        ) throws -> [UInt8]? {
            var query = Query(question: Question(name: try DomainName(name), type: .a))
            query.ednsSize = nil
            var message = MessageBuilder()
            message.write(Header(id: query.id, flags: 0, questionCount: 1, additionalCount: 1))
            message.write(query.question)
            let option = [0, 10, 0, UInt8(cookie.count)] + cookie
            message.write(Record(.root, .opt, rrClass: 1232, ttl: 0, option))
            let answer = try Response(
                try client.exchange(message.octets, over: transport, timeout: client.timeout))
            let options = try #require(answer.additional.first { $0.type == .opt }).rdata
            guard options.starts(with: [0, 10, 0, 24]) else { return nil }
            return Array(options[4..<28])
        }

        @Test("A cookie of one server is good at each of the others", arguments: Transport.allCases)
        func interoperability(transport: Transport) throws {
            let zone = try GeneratedZone(seed: 1)
            let peers = try PeerServer.Kind.allCases.map {
                try PeerServer($0, zone: zone, cookieSecret: Self.secret)
            }
            let server = try Server(Self.configuration("cookies: {secrets: [\(Self.secret)]}"))
            let clients = peers.map { Client(server: Endpoint(port: $0.port)) } + [server.client]
            for maker in clients {
                let name = GeneratedZone.apex
                let made = try #require(try Self.cookie(maker, name, over: transport))
                #expect(made.prefix(8) == Self.clientCookie[...])
                // One that is good and young comes back as it is.
                for client in clients {
                    #expect(
                        try Self.cookie(client, name, sending: made, over: transport) == made)
                }
            }
        }

        @Test("A secret is replaced by reloads, and no cookie is refused on the way")
        func rotation() throws {
            let old = "cookies: {secrets: [\(Self.secret), \(Self.other)]}"
            let server = try Server(Self.configuration(old))
            let name = "a.vanillax.me"
            let first = try #require(try Self.cookie(server.client, name))
            try server.configure(
                Self.configuration("cookies: {secrets: [\(Self.other), \(Self.secret)]}"))
            try server.reload()
            let second = try #require(try Self.cookie(server.client, name, sending: first))
            #expect(second != first)
            #expect(try Self.cookie(server.client, name, sending: second) == second)
            try server.directory.write("# the one in use\n\(Self.other)\n\n", to: "secrets")
            try server.configure(Self.configuration("cookies: {file: secrets}"))
            try server.reload()
            #expect(try Self.cookie(server.client, name, sending: second) == second)
        }

        @Test("A process's own secret outlives a reload, and cookies can be off")
        func ownSecret() throws {
            let server = try Server(Self.configuration(""))
            let name = "a.vanillax.me"
            let cookie = try #require(try Self.cookie(server.client, name))
            try server.reload()
            #expect(try Self.cookie(server.client, name, sending: cookie) == cookie)
            let another = try Server(Self.configuration(""))
            #expect(try Self.cookie(another.client, name, sending: cookie) != cookie)
            try server.configure(Self.configuration("cookies: false"))
            try server.reload()
            #expect(try Self.cookie(server.client, name) == nil)
        }

        @Test("A name server that demands cookies is shown its own from the second query on")
        func demanded() throws {
            let upstream = try KnotUpstream(demandsCookies: true)
            let server = try Server("workers: 1\nforward: {.: 127.0.0.1:\(upstream.port)}")
            for name in ["www.example.com", "example.com", "missing.example.com"] {
                let response = try server.client.ask(name, .a)
                #expect(response.rcode == .noError || response.rcode == .nameError)
            }
            server.process.signal(SIGUSR1)
            // BADCOOKIE for the first, whose answer took one query more.
            let counted = "127.0.0.1:\(upstream.port): well, 4 sent, 3 answered, 0 failed"
            #expect(eventually { server.log.contains(counted) }, "\(server.log)")
            #expect(server.log.contains(" 0 questions moved to TCP"))
        }
    }
}
