import DNS
import Testing

@testable import Nameserver

@Suite("Limits of clients")
struct ClientLimitTests {
    private static let secret = SipHash.Key(low: 1, high: 2)

    private static func site(
        rate: ClientLimit? = nil, responses: ClientLimit? = nil
    ) throws -> Site {
        var server = ServerDescription()
        server.cookies = .shared([secret])
        var view = ViewDescription(
            name: "any", clients: [Site.prefix("192.0.0.0/8"), Site.prefix("2000::/3")],
            zones: [
                try zone(
                    "vanillax.me",
                    [
                        ("*.vanillax.me", .a, [192, 168, 10, 50]),
                        ("moved.vanillax.me", .dname, wire("there.vanillax.me")),
                    ])
            ],
            forward: [Site.rule()])
        view.rateLimit = rate
        view.responseRateLimit = responses
        return Site([view], server: server, paces: PaceTable(secret: secret))
    }

    private static func limit(_ rate: Int, burst: Int, slip: Int = 2) -> ClientLimit {
        var limit = ClientLimit.queries(rate)
        limit.burst = burst
        limit.slip = slip
        return limit
    }

    /// How often each happened.
    private struct Outcome: Equatable {
        var answered = 0
        var cut = 0
        var refused = 0
        var dropped = 0

        mutating func add(_ answer: Answer?) {
            guard let answer else { return dropped += 1 }
            if answer.isTruncated {
                cut += 1
            } else if answer.rcode == 5 {
                refused += 1
            } else {
                answered += 1
            }
        }
    }

    private func ask(
        _ site: Site, _ count: Int, from client: String = "192.0.2.1",
        over transport: ClientTransport = .udp, _ name: (Int) -> String = { "h\($0).vanillax.me" }
    ) -> Outcome {
        var outcome = Outcome()
        for index in 0..<count {
            outcome.add(site.ask(name(index), .a, from: client, over: transport))
        }
        return outcome
    }

    /// A server cookie for a client.
    private func cookie(_ site: Site, _ client: IPAddress) throws -> [UInt8] {
        var query = Message("h.vanillax.me", .a, flags: 0x0100)
        query.addOPT(options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])
        let answer = try #require(
            site.process(query.octets, client: client, transport: .tcp, fresh: []))
        let option = try #require(try answer.edns?.option(10, in: answer.octets.span))
        return Array(answer.octets[option])
    }

    private func askWithCookie(_ site: Site, _ count: Int, _ client: IPAddress) throws -> Outcome {
        let cookie = try cookie(site, client)
        var outcome = Outcome()
        for index in 0..<count {
            var query = Message("h\(index).vanillax.me", .a, flags: 0x0100)
            query.addOPT(options: [0, 10, 0, UInt8(cookie.count)] + cookie)
            outcome.add(site.process(query.octets, client: client, transport: .udp, fresh: []))
        }
        return outcome
    }

    @Test("There is none unless it is set")
    func none() throws {
        #expect(ask(try Self.site(), 500) == Outcome(answered: 500))
    }

    @Test("Over its rate a client gets nothing, and every other time a cut answer")
    func rate() throws {
        let site = try Self.site(rate: Self.limit(10, burst: 20))
        #expect(ask(site, 40) == Outcome(answered: 20, cut: 10, dropped: 10))
        #expect(ask(site, 5, from: "192.0.2.2") == Outcome(answered: 5))
        site.advance(seconds: 1)
        #expect(ask(site, 12).answered == 10)
        let counts = site.processor.account.counted
        #expect(counts.limited(view: "any", .queryCut) == 11)
        #expect(counts.limited(view: "any", .queryDropped) == 11)
        #expect(counts.dropped == 11)
    }

    @Test("A cut answer is the query with TC, and no longer with any options")
    func cutAnswers() throws {
        let site = try Self.site(rate: Self.limit(1, burst: 1, slip: 1))
        _ = site.ask("a.vanillax.me", .a, from: "192.0.2.1")
        for options in [[], [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8], [0, 3, 0, 0]] as [[UInt8]] {
            var query = Message("h.vanillax.me", .a, flags: 0x0100)
            query.addOPT(options: options)
            let answer = try #require(
                site.process(
                    query.octets, client: .v4(0xc000_0201), transport: .udp, fresh: []))
            #expect(answer.isTruncated && answer.rcode == 0 && answer.answer.isEmpty)
            #expect(answer.edns != nil && answer.octets.count <= query.octets.count)
        }
    }

    @Test("Whoever forges a client's address takes nothing from it over TCP or with a cookie")
    func proven() throws {
        let site = try Self.site(rate: Self.limit(10, burst: 20))
        #expect(ask(site, 100).answered == 20)
        #expect(ask(site, 15, over: .tcp) == Outcome(answered: 15))
        // The one that asks for the cookie is the sixteenth over TCP.
        #expect(try askWithCookie(site, 10, .v4(0xc000_0201)) == Outcome(answered: 4, refused: 6))
    }

    @Test("Over TCP, what is over the rate is refused with a reason")
    func refused() throws {
        let site = try Self.site(rate: Self.limit(1, burst: 1))
        #expect(site.ask("a.vanillax.me", .a, from: "192.0.2.1", over: .tcp)?.rcode == 0)
        let answer = site.ask("a.vanillax.me", .a, from: "192.0.2.1", over: .tcp, edns: true)
        #expect(answer?.rcode == 5)
        #expect(answer?.extendedErrorText == "over the rate limit (rate-limit)")
        #expect(site.processor.account.counted.limited(view: "any", .queryRefused) == 1)
    }

    @Test("Clients of one prefix are one client, and allowed ones are not limited")
    func prefixes() throws {
        var limit = Self.limit(1, burst: 4)
        limit.ipv4Length = 24
        limit.allowed = [Site.prefix("192.0.2.128/25")]
        let site = try Self.site(rate: limit)
        #expect(ask(site, 3, from: "192.0.2.1").answered == 3)
        #expect(ask(site, 3, from: "192.0.2.2").answered == 1)
        #expect(ask(site, 3, from: "192.0.3.1").answered == 3)
        #expect(ask(site, 50, from: "192.0.2.200") == Outcome(answered: 50))
        #expect(ask(site, 3, from: "2001:db8:0:100::1").answered == 3)
        #expect(ask(site, 3, from: "2001:db8:0:1ff::1").answered == 1)
    }

    @Test("A query that waits for an upstream counts once")
    func waiting() throws {
        let site = try Self.site(rate: Self.limit(1, burst: 2))
        for name in ["a.example", "b.example"] {
            #expect(site.ask(name, .a, from: "192.0.2.1") == nil)
            #expect(site.reply { $0.add(name, .a, [192, 0, 2, 9]) })
            #expect(site.lastAnswer?.answer.count == 1)
        }
        #expect(ask(site, 2).answered == 0)
    }

    @Test(
        "Answers that may go to a victim are limited by kind: one name, one wildcard, denials, refusals"
    )
    func responses() throws {
        var limit = ClientLimit.responses(5)
        limit.slip = 0
        let site = try Self.site(responses: limit)
        #expect(ask(site, 20) == Outcome(answered: 5, dropped: 15))
        #expect(ask(site, 20, from: "192.0.2.77").answered == 0)
        #expect(ask(site, 20, from: "192.0.3.1").answered == 5)
        #expect(ask(site, 20) { "x\($0).invalid" } == Outcome(answered: 5, dropped: 15))
        #expect(ask(site, 20) { _ in "localhost" } == Outcome(answered: 5, dropped: 15))
        #expect(ask(site, 20, over: .tcp) == Outcome(answered: 20))
        #expect(try askWithCookie(site, 20, .v4(0xc000_0201)) == Outcome(answered: 20))
        site.advance(seconds: 1)
        #expect(ask(site, 20).answered == 5)
        #expect(site.processor.account.counted.limited(view: "any", .responseDropped) > 90)
    }

    @Test("Of so many answers over the limit one goes out cut", arguments: [2, 3, 10])
    func slips(slip: Int) throws {
        var limit = ClientLimit.responses(5)
        limit.slip = slip
        let outcome = ask(try Self.site(responses: limit), 5 + 30)
        #expect(outcome == Outcome(answered: 5, cut: 30 / slip, dropped: 30 - 30 / slip))
    }

    @Test("Many names do not make many kinds: ANY, and what a DNAME leads to")
    func manyNames() throws {
        var limit = ClientLimit.responses(5)
        limit.slip = 0
        let site = try Self.site(responses: limit)
        var outcome = Outcome()
        for index in 0..<20 {
            outcome.add(site.ask("any\(index).example", .any, from: "192.0.2.1"))
        }
        #expect(outcome == Outcome(answered: 5, dropped: 15))
        site.advance(seconds: 1)
        #expect(
            ask(site, 20) { "n\($0).moved.vanillax.me" } == Outcome(answered: 5, dropped: 15))
    }

    @Test("A query that is given up counts as a refusal")
    func givenUp() throws {
        let site = try Self.site(responses: ClientLimit.responses(5))
        let query = Message("www.example", .a, flags: 0x0100)
        var buffer = [UInt8](repeating: 0, count: 1232)
        let answered = (0..<20).count { _ in
            var span = buffer.mutableSpan
            return site.processor.giveUp(
                query.octets.span, from: .v4(0xc000_0201), over: .udp, snapshot: site.snapshot,
                because: .noForwardRule, into: &span) > 0
        }
        #expect(answered == 5)
    }

    @Test("A stored answer is one kind however its name is spelled; another name is another")
    func storedAnswers() throws {
        var limit = ClientLimit.responses(3)
        limit.slip = 0
        let site = try Self.site(responses: limit)
        for name in ["a.example", "b.example"] {
            #expect(site.ask(name, .a, from: "192.0.9.9") == nil)
            site.reply { $0.add(name, .a, [192, 0, 2, 9]) }
        }
        let outcome = ask(site, 10) { $0.isMultiple(of: 2) ? "a.example" : "A.eXample" }
        #expect(outcome == Outcome(answered: 3, dropped: 7))
        #expect(ask(site, 3) { _ in "b.example" } == Outcome(answered: 3))
    }

    @Test("Whoever is in no view gets a hundred refusals a second, malformed queries included")
    func strangers() throws {
        let site = try Self.site()
        #expect(ask(site, 300, from: "10.0.0.1") == Outcome(refused: 100, dropped: 200))
        let malformed = Array(Message("a.example", .a, flags: 0x0100).octets.dropLast())
        #expect(
            site.process(malformed, client: .v4(0x0a00_0001), transport: .udp, fresh: []) == nil)
        #expect(ask(site, 300, from: "10.0.0.1", over: .tcp) == Outcome(refused: 300))
        #expect(ask(site, 1, from: "10.0.1.1") == Outcome(refused: 1))
        #expect(site.processor.account.counted.limited(view: nil, .responseDropped) == 201)
    }

    @Test("Questions of the program's own are not counted")
    func inquiries() throws {
        let site = try Self.site(rate: Self.limit(1, burst: 1))
        let processor = QueryProcessor(cache: site.cache, snapshot: site.snapshot)
        let query = Message("h.vanillax.me", .a, flags: 0x0100).octets
        var buffer = [UInt8](repeating: 0, count: 65_535)
        var span = buffer.mutableSpan
        for _ in 0..<10 {
            let disposition = processor.process(
                query.span, from: .v4(0xc000_0201), over: .udp, into: &span)
            #expect(disposition != .drop)
        }
    }
}
