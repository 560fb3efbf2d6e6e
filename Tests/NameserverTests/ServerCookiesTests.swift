import DNS
import Nameserver
import Testing

@Suite("Server cookies (RFC 9018)")
struct ServerCookiesTests {
    private static func octets(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.count, by: 2).compactMap {
            UInt8(hex.dropFirst($0).prefix(2), radix: 16)
        }
    }

    private static func key(_ hex: String) throws -> SipHash.Key {
        try #require(SipHash.Key(octets(hex)))
    }

    /// A server that sees clients of every address.
    private static func site(_ secrets: CookieSecrets?) -> Site {
        let site = Site()
        var server = ServerDescription()
        server.cookies = secrets
        site.snapshot = Snapshot(
            [
                ViewDescription(
                    name: "all", clients: [Site.prefix("0.0.0.0/0"), Site.prefix("::/0")],
                    forward: [Site.rule()])
            ], server: server, upstreams: site.registry, seed: Site.seed)
        return site
    }

    /// The cookie in the answer to a query with one, both as hexadecimal digits.
    private static func cookie(
        _ site: Site, _ cookie: String, from client: String, at time: UInt32
    ) throws -> String? {
        site.unixTime = time
        let data = octets(cookie)
        let address = try #require(IPAddress(client))
        var query = Message("localhost", .a, flags: 0x0100)
        query.addOPT(options: [0, 10, 0, UInt8(data.count)] + data)
        let answer = try #require(
            site.process(
                query.octets, client: address, transport: .udp, fresh: []))
        #expect(answer.rcode == 0 && answer.answer.count == 1)
        guard let option = try answer.edns?.option(10, in: answer.octets.span) else { return nil }
        return answer.octets[option].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static let secret = "e5e973e5a6b2a43f48e7dc849e37bfcf"
    private static let learnt = "2464c4abcf10c957010000005cf79f111f8130c3eee29480"

    @Test("A client learns one (appendix A.1)")
    func learning() throws {
        let site = Self.site(.shared([try Self.key(Self.secret)]))
        let cookie = try Self.cookie(
            site, "2464c4abcf10c957", from: "198.51.100.100", at: 1_559_731_985)
        #expect(cookie == Self.learnt)
        #expect(site.processor.counted.staleCookies == 0)
    }

    @Test("One that is half an hour old is renewed, a younger one comes back (appendix A.2)")
    func renewal() throws {
        let site = Self.site(.shared([try Self.key(Self.secret)]))
        func cookie(at time: UInt32) throws -> String? {
            try Self.cookie(site, Self.learnt, from: "198.51.100.100", at: time)
        }
        #expect(
            try cookie(at: 1_559_734_385) == "2464c4abcf10c957010000005cf7a871d4a564a1442aca77")
        #expect(try cookie(at: 1_559_731_985 + 1800) == Self.learnt)
        #expect(try cookie(at: 1_559_731_985 + 1801) != Self.learnt)
        // Another server's clock may be ahead by five minutes.
        #expect(try cookie(at: 1_559_731_985 - 300) == Self.learnt)
        #expect(site.processor.counted.staleCookies == 0)
        #expect(try cookie(at: 1_559_731_985 - 301) != Self.learnt)
        #expect(try cookie(at: 1_559_731_985 + 3600) != Self.learnt)
        #expect(site.processor.counted.staleCookies == 1)
        #expect(try cookie(at: 1_559_731_985 + 3601) != Self.learnt)
        #expect(site.processor.counted.staleCookies == 2)
    }

    @Test("Reserved octets that another server set are part of what is proven (appendix A.3)")
    func reservedOctets() throws {
        let site = Self.site(.shared([try Self.key(Self.secret)]))
        let other = "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"
        func cookie(at time: UInt32) throws -> String? {
            try Self.cookie(site, other, from: "203.0.113.203", at: time)
        }
        #expect(try cookie(at: 1_559_727_985) == other)
        #expect(site.processor.counted.staleCookies == 0)
        #expect(
            try cookie(at: 1_559_734_700) == "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e")
    }

    @Test("The secret before is still good, and one of it is renewed at once (appendix A.4)")
    func rolledSecret() throws {
        let old = try Self.key("dd3bdf9344b678b185a6f5cb60fca715")
        let new = try Self.key("445536bcd2513298075a5d379663c962")
        func cookie(_ site: Site) throws -> String? {
            try Self.cookie(
                site, "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
                from: "2001:db8:220:1:59de:d0f4:8769:82b8", at: 1_559_741_961)
        }
        let both = Self.site(.shared([new, old]))
        #expect(try cookie(both) == "22681ab97d52c298010000005cf7c609a6bb79d16625507a")
        #expect(both.processor.counted.staleCookies == 0)
        let without = Self.site(.shared([new]))
        #expect(try cookie(without) == "22681ab97d52c298010000005cf7c609a6bb79d16625507a")
        #expect(without.processor.counted.staleCookies == 1)
    }

    @Test("One of another client, of another client cookie, or of version 2 is not ours")
    func foreign() throws {
        let site = Self.site(.shared([try Self.key(Self.secret)]))
        for (cookie, client) in [
            (Self.learnt, "198.51.100.101"), ("34" + Self.learnt.dropFirst(2), "198.51.100.100"),
            (Self.learnt.replacing("957010", with: "957020"), "198.51.100.100"),
            (Self.learnt.dropLast() + "1", "198.51.100.100"),
        ] {
            let before = site.processor.counted.staleCookies
            #expect(try Self.cookie(site, cookie, from: client, at: 1_559_731_985) != cookie)
            #expect(site.processor.counted.staleCookies == before + 1)
        }
    }

    @Test("The secret of a process changes every day, and yesterday's cookies are still good")
    func dailySecrets() throws {
        let root = SipHash.Key(low: 1, high: 2)
        let site = Self.site(.daily(root: root))
        let midnight: UInt32 = 20_000 * 86_400
        let client = "192.168.10.7"
        let late: String = try #require(
            try Self.cookie(site, "0102030405060708", from: client, at: midnight - 60))
        #expect(try Self.cookie(site, late, from: client, at: midnight + 60) == late)
        let early: String = try #require(
            try Self.cookie(site, "0102030405060708", from: client, at: midnight + 61))
        #expect(try Self.cookie(site, early, from: client, at: midnight + 62) == early)
        #expect(site.processor.counted.staleCookies == 0)
        // A day's cookie with another day's time in it.
        let time = late.dropFirst(24).prefix(8)
        let shifted = "\(early.prefix(24))\(time)\(early.suffix(16))"
        #expect(try Self.cookie(site, shifted, from: client, at: midnight) != shifted)
        #expect(site.processor.counted.staleCookies == 1)
        let other = Self.site(.daily(root: SipHash.Key(low: 1, high: 3)))
        #expect(try Self.cookie(other, early, from: client, at: midnight + 62) != early)
    }

    @Test("Without secrets the option means nothing, whatever its length")
    func off() throws {
        let site = Self.site(nil)
        for cookie in ["2464c4abcf10c957", "01", Self.learnt] {
            #expect(try Self.cookie(site, cookie, from: "192.0.2.1", at: 0) == nil)
        }
    }

    @Test("A message that asks for a cookie alone tells whether the one that it brings is ours")
    func cookieRequest() throws {
        let site = Self.site(.shared([try Self.key(Self.secret)]))
        site.unixTime = 1_559_731_985
        func rcode(_ cookie: String, from client: String) throws -> Int {
            let data = Self.octets(cookie)
            let address = try #require(IPAddress(client))
            var message = Message(".", .a, flags: 0)
            message.octets = [0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            message.addOPT(options: [0, 10, 0, UInt8(data.count)] + data)
            let answer = try #require(
                site.process(
                    message.octets, client: address, transport: .udp,
                    fresh: []))
            return Int(answer.edns?.extendedRCode ?? 0) << 4 | Int(answer.rcode)
        }
        #expect(try rcode("2464c4abcf10c957", from: "198.51.100.100") == 0)
        #expect(try rcode(Self.learnt, from: "198.51.100.100") == 0)
        #expect(try rcode(Self.learnt, from: "198.51.100.101") == 23)
        #expect(try rcode("2464c4abcf10c9", from: "198.51.100.100") == 1)
    }

    @Test("Every kind of answer has it, and stays within the client's limit")
    func everyAnswer() throws {
        let site = Self.site(.shared([try Self.key(Self.secret)]))
        site.unixTime = 1_559_731_985
        let option: [UInt8] = [0, 10, 0, 8] + Self.octets("2464c4abcf10c957")
        func ask(_ name: String) -> Answer? {
            var query = Message(name, .txt, flags: 0x0100)
            query.addOPT(options: option)
            // 512 octets are the client's limit.
            query.octets.replaceSubrange(
                query.octets.count - 20..<query.octets.count - 18, with: [2, 0])
            return site.process(
                query.octets, client: .v4(0xc633_6464), transport: .udp, fresh: [])
        }
        #expect(ask("www.example.com") == nil)
        site.reply { $0.add("www.example.com", .txt, [1, 0x61]) }
        // It would fit beside an empty OPT record.
        #expect(ask("big.example.com") == nil)
        site.reply {
            for letter in [UInt8](0x61...0x62) {
                $0.add("big.example.com", .txt, [215] + [UInt8](repeating: letter, count: 215))
            }
        }
        for (name, isCut) in [("www.example.com", false), ("big.example.com", true)] {
            for answer in [site.answer(isCut ? 2 : 1), ask(name)] {
                let answer = try #require(answer)
                let cookie = try answer.edns?.option(10, in: answer.octets.span)
                #expect(cookie?.count == 24)
                #expect(answer.octets.count <= 512)
                #expect(answer.isTruncated == isCut)
            }
        }
    }
}
