import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("Chains of aliases from upstream, and what does not belong to them")
    struct AliasTests {
        /// Names of `example.net` by their first label: an alias of each to the next.
        private static func chain(_ labels: [String]) throws -> [Record] {
            try zip(labels, labels.dropFirst()).map {
                try .cname("\($0).example.net", "\($1).example.net", ttl: 60)
            }
        }

        private static func answer(
            _ records: [Record], authority: [Record] = [], additional: [Record] = []
        ) throws -> Response {
            let upstream = try ScriptedUpstream {
                [.init($0.reply(records, authority: authority, additional: additional))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let first = try server.client.ask("c0.example.net", .a)
            let again = try server.client.ask("c0.example.net", .a)
            #expect(first.lines == again.lines && first.rcode == again.rcode)
            return first
        }

        @Test("A chain of up to 15 aliases is passed on in its order", arguments: [1, 5, 15])
        func long(count: Int) throws {
            let aliases = try Self.chain((0...count).map { "c\($0)" })
            let address = try Record.a("c\(count).example.net", "203.0.113.7")
            // In any order from upstream.
            let response = try Self.answer([address] + aliases.reversed())
            #expect(response.answer.map(\.owner) == aliases.map(\.owner) + [address.owner])
            #expect(response.hosts == [7])
        }

        @Test("A longer one is SERVFAIL and says why", arguments: [17, 40])
        func tooLong(count: Int) throws {
            let aliases = try Self.chain((0...count).map { "c\($0)" })
            let address = try Record.a("c\(count).example.net", "203.0.113.7")
            let response = try Self.answer(aliases + [address])
            #expect(response.rcode == .serverFailure && response.answer.isEmpty)
            #expect(response.extendedError != nil)
        }

        @Test(
            "A loop is SERVFAIL and says why",
            arguments: [["c0", "c0"], ["c0", "c1", "c0"], ["c0", "c1", "c2", "c1"]])
        func loop(labels: [String]) throws {
            let response = try Self.answer(try Self.chain(labels))
            #expect(response.rcode == .serverFailure && response.answer.isEmpty)
            #expect(response.extendedError != nil)
        }

        @Test("Records beside the chain, of other types and out of bailiwick are dropped")
        func unrelated() throws {
            let address = try Record.a("c1.example.net", "203.0.113.7", ttl: 60)
            let server = try DomainName("ns.example.org").octets
            let evil = try Record.a("bank.example.com", "198.51.100.6")
            let other = try Record.a("c2.example.net", "198.51.100.7")
            let text = try Record.txt("c1.example.net", ["beside"])
            let delegation = Record(try DomainName("example.com"), .ns, ttl: 60, server)
            let response = try Self.answer(
                try Self.chain(["c0", "c1"]) + [evil, other, text, address],
                authority: [delegation, evil, try .soa("example.com", ttl: 60, minimum: 60)],
                additional: [evil, other])
            #expect(
                response.lines == ["c0.example.net. CNAME c1.example.net.", address.line].sorted())
            #expect(response.authority.isEmpty)
            #expect(response.additional.map(\.type) == [.opt])
        }

        @Test("What is dropped is not cached: its own name is asked upstream")
        func notCached() throws {
            let upstream = try ScriptedUpstream { query in
                query.label == "bank"
                    ? [.init(query.reply([query.address(7)]))]
                    : [
                        .init(
                            query.reply(
                                [query.address(), try .a("bank.example.net", "198.51.100.6")],
                                additional: [try .a("bank.example.net", "198.51.100.6")]))
                    ]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            #expect(try server.client.ask("www.example.net", .a).hosts == [1])
            #expect(try server.client.ask("bank.example.net", .a).hosts == [7])
        }

        @Test("A DNAME goes with the alias that it makes (RFC 6672 §3.1)")
        func tail() throws {
            let tail = Record(
                try DomainName("example.net"), .dname, ttl: 60,
                try DomainName("example.org").octets)
            let alias = try Record.cname("c0.example.net", "c0.example.org", ttl: 60)
            let response = try Self.answer([
                tail, alias, try .a("c0.example.org", "203.0.113.7", ttl: 60),
            ])
            #expect(response.answer.map(\.type) == [.dname, .cname, .a])
        }
    }
}
