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
        let answer = try #require(try site().ask("a.vanillax.me", .a, from: client, edns: true))
        #expect(answer.rcode == 5 && answer.answer.isEmpty && answer.extendedError == 18)
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
            ("1.0.168.192.in-addr.arpa", .ptr, 3, 0),
        ])
    func specialUse(name: String, type: RRType, rcode: UInt16, count: Int) throws {
        let site = Site()
        let answer = try #require(site.ask(name, type))
        #expect(answer.rcode == rcode && answer.answer.count == count)
    }

    @Test("leaves a special-use name that the configuration names to it")
    func namedSpecialUse() throws {
        let site = Site(forward: [Site.rule("home.arpa"), Site.rule("10.168.192.in-addr.arpa")])
        #expect(site.ask("nas.home.arpa", .a) == nil)
        #expect(site.ask("1.10.168.192.in-addr.arpa", .ptr) == nil)
        #expect(site.ask("1.11.168.192.in-addr.arpa", .ptr)?.rcode == 3)
    }
}
