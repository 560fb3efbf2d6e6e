import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    /// CoreDNS has no such thing (CA7); RFC 8020 §2 says that nothing is below a name that does not
    /// exist, for any type.
    @Suite("What a cached denial says about other questions")
    struct DenialTests {
        private static func denying(
            withSOA: Bool, isValidated: Bool = true
        ) throws -> (upstream: ScriptedUpstream, server: Server) {
            let flags =
                Header.Flag.recursionAvailable | (isValidated ? Header.Flag.authenticData : 0)
            let upstream = try ScriptedUpstream { query in
                let soa = withSOA ? [try query.soa()] : []
                return [.init(query.reply(authority: soa, rcode: .nameError, flags: flags))]
            }
            return (upstream, try Server.forwarding(Forwarded("example.net", upstream)))
        }

        /// Questions at and below `a.example.net`.
        private static let below: [(String, RRType)] = [
            ("x.a.example.net", .a), ("a.example.net", .txt), ("very.deep.x.a.example.net", .https),
            ("X.A.Example.net", .aaaa),
        ]

        @Test("CA7 an NXDOMAIN that nobody has validated says nothing about the names below")
        func unvalidated() throws {
            let (upstream, server) = try Self.denying(withSOA: true, isValidated: false)
            #expect(try server.client.ask("a.example.net", .a).isNameErrorWithSOA)
            #expect(try server.client.ask("a.example.net", .txt).isNameErrorWithSOA)
            #expect(upstream.everything.count == 1)
            upstream.change { [.init($0.reply([$0.address()]))] }
            #expect(try server.client.ask("x.a.example.net", .a).hosts == [1])
        }

        @Test("CA7 after a validated NXDOMAIN the name has no other type, and nothing is below it")
        func cut() throws {
            let (upstream, server) = try Self.denying(withSOA: true)
            #expect(try server.client.ask("a.example.net", .a).isNameErrorWithSOA)
            for (name, type) in Self.below {
                let response = try server.client.ask(name, type)
                #expect(response.isNameErrorWithSOA, "\(name) \(type)")
                #expect(response.authority.allSatisfy { (1...30).contains($0.ttl) })
                #expect(!response.isAuthoritative && response.offersRecursion)
            }
            #expect(upstream.everything.count == 1)
        }

        @Test("CA7 it says nothing about names beside it, above it, or that only look alike")
        func others() throws {
            let (upstream, server) = try Self.denying(withSOA: true)
            #expect(try server.client.ask("a.b.example.net", .a).rcode == .nameError)
            for name in ["xa.b.example.net", "a.bb.example.net", "c.b.example.net"] {
                #expect(try server.client.ask(name, .a).rcode == .nameError)
                #expect(try upstream.received(name).count == 1)
            }
            upstream.change { [.init($0.reply([$0.address()]))] }
            #expect(try server.client.ask("b.example.net", .a).hosts == [1])
        }

        @Test("CA7 NXDOMAIN without SOA denies nothing but its own question")
        func withoutSOA() throws {
            let (upstream, server) = try Self.denying(withSOA: false)
            #expect(try server.client.ask("a.example.net", .a).rcode == .nameError)
            upstream.change { [.init($0.reply([$0.address()]))] }
            #expect(try server.client.ask("x.a.example.net", .a).hosts == [1])
            #expect(try server.client.ask("a.example.net", .a).rcode == .nameError)
        }

        @Test("CA7 NODATA for one type says nothing about another")
        func noData() throws {
            let upstream = try ScriptedUpstream { query in
                [
                    .init(
                        query.question.type == .a
                            ? query.reply([query.address()])
                            : query.reply(authority: [try query.soa()]))
                ]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            for _ in 0..<2 {
                #expect(try server.client.ask("www.example.net", .aaaa).isNoDataWithSOA)
                #expect(try server.client.ask("www.example.net", .a).hosts == [1])
            }
            #expect(try upstream.received("www.example.net").count == 2)
        }

        @Test("CA13 FW9 a reply to another question is not stored for that one either")
        func otherQuestion() throws {
            let upstream = try ScriptedUpstream { query in
                guard query.label == "asked", query.transport == .udp else {
                    return [.init(query.reply([query.address()]))]
                }
                let other = Question(name: try DomainName("victim.example.net"), type: .a)
                let forged = try Record.a("victim.example.net", "198.51.100.6")
                return [
                    .init(query.reply([forged], question: other)),
                    .init(query.reply([query.address()]), after: .milliseconds(100)),
                ]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            #expect(try server.client.ask("asked.example.net", .a).hosts == [1])
            #expect(try server.client.ask("victim.example.net", .a).hosts == [1])
            #expect(try upstream.received("victim.example.net").count == 1)
        }
    }
}
