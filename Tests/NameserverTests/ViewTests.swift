import DNS
import Nameserver
import Testing

@Suite("A view")
struct ViewTests {
    func site() throws -> Site {
        func view(_ name: String, _ clients: [String], _ last: UInt8) throws -> ViewDescription {
            ViewDescription(
                name: name, clients: clients.map(Site.prefix),
                zones: [try zone("vanillax.me", [("*.vanillax.me", .a, [10, 0, 0, last])])])
        }
        return Site([
            try view("wide", ["10.0.0.0/8", "fd00::/8"], 1),
            try view("narrow", ["10.1.0.0/16", "10.3.0.0/24", "fd00:1::/64"], 2),
            try view("host", ["10.1.2.3/32", "fd00:1::7/128"], 3),
        ])
    }

    @Test(
        "is chosen by the longest prefix",
        arguments: [
            ("10.0.0.1", UInt8(1)), ("10.1.0.0", 2), ("10.1.255.255", 2), ("10.2.0.0", 1),
            ("10.1.2.3", 3), ("10.1.2.4", 2), ("10.3.0.255", 2), ("10.3.1.0", 1),
            ("10.255.255.255", 1), ("fd12::1", 1), ("fd00:1::1", 2), ("fd00:1::7", 3),
            ("::ffff:10.1.2.3", 3),
        ])
    func longestPrefix(client: String, last: UInt8) throws {
        let answer = try #require(try site().ask("a.vanillax.me", .a, from: client))
        #expect(answer.answer.map(\.rdata) == [[10, 0, 0, last]])
    }

    @Test(
        "does not exist for others: they are refused",
        arguments: ["11.0.0.0", "9.255.255.255", "::1"])
    func outside(client: String) throws {
        let answer = try #require(
            try site().ask("a.vanillax.me", .a, from: client, over: .tcp, edns: true))
        #expect(answer.rcode == 5 && answer.answer.isEmpty && answer.extendedError == 18)
    }

    @Test("never serves, nor waits for, what was fetched through another view's upstreams")
    func ownUpstreams() throws {
        let upstreams = [UpstreamAddress(.v4(1)), UpstreamAddress(.v4(2))]
        let site = Site(
            upstreams.enumerated().map { number, upstream in
                ViewDescription(
                    name: "\(number)", clients: [Site.prefix("1\(number).0.0.0/8")],
                    forward: [ForwardRule(domain: .root, upstreams: [upstream])])
            })
        site.ask("www.example", .a, from: "10.0.0.1")
        site.ask("www.example", .a, from: "11.0.0.1")
        #expect(site.sent.map(\.to) == upstreams, "two questions, though they are equal")
        for last: UInt8 in 1...2 { site.reply { $0.add("www.example", .a, [192, 0, 2, last]) } }
        for (client, last) in [("10.0.0.1", UInt8(1)), ("11.0.0.1", 2)] {
            let cached = try #require(site.ask("www.example", .a, from: client))
            #expect(cached.answer.map(\.rdata) == [[192, 0, 2, last]])
        }
        // Nor as a stale answer, nor as the denial of a name above.
        site.ask("gone.example", .a, from: "10.0.0.1")
        site.reply(rcode: 3) { $0.addSOA("example") }
        #expect(site.ask("x.gone.example", .a, from: "11.0.0.1") == nil)
        site.sent = []
        site.advance(seconds: 60)
        site.ask("late.example", .a, from: "10.0.0.1")
        site.reply { $0.add("late.example", .a, [192, 0, 2, 1]) }
        site.advance(seconds: 60)
        site.ask("late.example", .a, from: "11.0.0.1")
        site.fail(.refused)
        site.fail(.refused)
        #expect(site.lastAnswer?.rcode == 2)
    }

    @Test("keeps what another view's zones say out of its answers")
    func separate() throws {
        let rule = Site.rule()
        let site = Site([
            ViewDescription(
                name: "a", clients: [Site.prefix("10.0.0.0/8")],
                zones: [try zone("vanillax.me", [("*.vanillax.me", .a, [10, 0, 0, 1])])],
                forward: [rule]),
            ViewDescription(name: "b", clients: [Site.prefix("11.0.0.0/8")], forward: [rule]),
        ])
        site.ask("www.example", .a, from: "11.0.0.1")
        site.reply {
            $0.add("www.example", .cname, wire("x.vanillax.me"))
            $0.add("x.vanillax.me", .a, [203, 0, 113, 1])
        }
        #expect(site.lastAnswer?.answer.last?.rdata == [203, 0, 113, 1])
        let own = try #require(site.ask("www.example", .a, from: "10.0.0.1"))
        #expect(own.answer.map(\.rdata).last == [10, 0, 0, 1])
        #expect(
            site.ask("www.example", .a, from: "11.0.0.1")?.answer.last?.rdata == [203, 0, 113, 1])
    }

    @Test(
        "answers special-use names itself",
        arguments: [
            ("localhost", RRType.a, UInt16(0), 1), ("a.localhost", .aaaa, 0, 1),
            ("localhost", .mx, 0, 0), ("x.invalid", .a, 3, 0), ("x.onion", .a, 3, 0),
            ("printer.local", .a, 3, 0), ("x.home.arpa", .a, 3, 0), ("home.arpa", .a, 0, 0),
            ("_dns.resolver.arpa", .svcb, 0, 0), ("x.resolver.arpa", .any, 0, 0),
            ("resolver.arpa", .svcb, 0, 0), ("x._dns.resolver.arpa", .a, 0, 0),
            ("a.b.localhost", .a, 0, 1), ("localhost", .https, 0, 0), ("x.test", .a, 3, 0),
            ("x.alt", .a, 3, 0), ("default.service.arpa", .soa, 3, 0), ("service.arpa", .ns, 0, 0),
            ("x.home.arpa", .ds, 3, 0), ("home.arpa", .ns, 0, 0),
            ("1.0.168.192.in-addr.arpa", .ptr, 3, 0), ("1.2.3.10.in-addr.arpa", .ptr, 3, 0),
            ("1.0.16.172.in-addr.arpa", .ptr, 3, 0), ("1.0.31.172.in-addr.arpa", .ptr, 3, 0),
            ("1.0.64.100.in-addr.arpa", .ptr, 3, 0), ("1.0.127.100.in-addr.arpa", .ptr, 3, 0),
            ("1.0.254.169.in-addr.arpa", .ptr, 3, 0), ("1.0.0.127.in-addr.arpa", .ptr, 0, 1),
            ("1.2.3.0.in-addr.arpa", .ptr, 3, 0), ("1.2.0.192.in-addr.arpa", .ptr, 3, 0),
            ("1.100.51.198.in-addr.arpa", .ptr, 3, 0), ("1.113.0.203.in-addr.arpa", .ptr, 3, 0),
            ("255.255.255.255.in-addr.arpa", .ptr, 0, 0), ("1.0.0.0.0.d.f.ip6.arpa", .ptr, 3, 0),
            ("0.8.e.f.ip6.arpa", .ptr, 3, 0), ("0.9.e.f.ip6.arpa", .ptr, 3, 0),
            ("0.a.e.f.ip6.arpa", .ptr, 3, 0), ("0.b.e.f.ip6.arpa", .ptr, 3, 0),
            ("0.8.b.d.0.1.0.0.2.ip6.arpa", .ptr, 3, 0),
            (String(repeating: "0.", count: 32) + "ip6.arpa", .ptr, 0, 0),
            ("1." + String(repeating: "0.", count: 31) + "ip6.arpa", .ptr, 0, 1),
        ])
    func specialUse(name: String, type: RRType, rcode: UInt16, count: Int) throws {
        let site = Site()
        let answer = try #require(site.ask(name, type))
        #expect(answer.rcode == rcode && answer.answer.count == count)
    }

    @Test(
        "asks upstream about names that are special to others alone",
        arguments: [
            // DNS64 servers answer it themselves (RFC 8880 §7.1); others must not.
            ("ipv4only.arpa", RRType.aaaa), ("170.0.0.192.in-addr.arpa", .ptr),
            ("www.example.com", .a), ("1.0.15.172.in-addr.arpa", .ptr),
            ("1.0.32.172.in-addr.arpa", .ptr), ("1.0.63.100.in-addr.arpa", .ptr),
            ("1.0.128.100.in-addr.arpa", .ptr), ("0.c.e.f.ip6.arpa", .ptr),
            ("2.0.0.2.ip6.arpa", .ptr), ("resolver.arpa.example", .svcb), ("arpa", .soa),
            // RFC 8375 §4 and RFC 9665 §10: the proof that there is no DS record is the parent's.
            ("home.arpa", .ds), ("service.arpa", .ds),
        ])
    func notSpecialUse(name: String, type: RRType) throws {
        let site = Site()
        #expect(site.ask(name, type, dnssecOK: true) == nil)
        #expect(site.sent.count == 1)
    }

    @Test("passes on the parent's proof that home.arpa has no DS record")
    func delegationProof() throws {
        let site = Site()
        site.ask("home.arpa", .ds, dnssecOK: true)
        site.reply {
            $0.addSOA("arpa")
            $0.add("home.arpa", .nsec, wire("in-addr.arpa") + [0, 1, 0x20], section: 8)
        }
        #expect(site.lastAnswer?.rcode == 0)
        #expect(site.lastAnswer?.authority.map(\.type) == [.soa, .nsec])
        // The zone here has its own mind about everything else.
        #expect(site.ask("x.home.arpa", .a)?.rcode == 3)
    }

    @Test("leaves a special-use name that the configuration names to it")
    func namedSpecialUse() throws {
        let site = Site(forward: [Site.rule("home.arpa"), Site.rule("10.168.192.in-addr.arpa")])
        #expect(site.ask("nas.home.arpa", .a) == nil)
        #expect(site.ask("1.10.168.192.in-addr.arpa", .ptr) == nil)
        #expect(site.ask("1.11.168.192.in-addr.arpa", .ptr)?.rcode == 3)
    }
}
