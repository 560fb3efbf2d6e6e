import DNS
import Nameserver
import Testing

@Suite("An ALIAS record")
struct AliasRecordTests {
    private static func site() throws -> Site {
        let target = { (name: String) in Site.name(name).octets }
        let auth = try zone(
            "auth.example", mode: .authoritative,
            [
                ("gone.auth.example", .alias, target("nosuch.lab.example")),
                ("cut.auth.example", .alias, target("x.sub.lab.example")),
                ("test.auth.example", .alias, target("x.test")),
                ("cn.auth.example", .cname, target("gone.auth.example")),
                ("out.auth.example", .alias, target("www.public.example")),
            ])
        let lab = try zone(
            "lab.example", mode: .authoritative,
            [
                ("sub.lab.example", .ns, target("ns.sub.lab.example")),
                ("ns.sub.lab.example", .a, [10, 7, 7, 7]),
            ])
        return Site(zones: [auth, lab])
    }

    @Test(
        "whose target is not there has no data, with the SOA of its own zone",
        arguments: ["gone.auth.example", "cut.auth.example", "test.auth.example"])
    func missingTarget(name: String) throws {
        let answer = try #require(try Self.site().ask(name, .a))
        #expect(answer.rcode == 0 && answer.answer.isEmpty && answer.additional.isEmpty)
        #expect(answer.authority.map(\.type) == [.soa])
        #expect(answer.authority.map(\.owner) == ["auth.example."])
    }

    @Test("behind a CNAME has a SOA beside the CNAME when there is no data")
    func behindAlias() throws {
        let answer = try #require(try Self.site().ask("cn.auth.example", .a))
        #expect(answer.answer.map(\.type) == [.cname])
        #expect(answer.authority.map(\.owner) == ["auth.example."])
    }

    @Test("has the smallest TTL of the aliases on the way")
    func timeToLive() throws {
        let site = try Self.site()
        site.ask("out.auth.example", .a)
        site.reply {
            $0.add("www.public.example", .cname, ttl: 7, Site.name("edge.example").octets)
            $0.add("edge.example", .a, ttl: 25, [203, 0, 113, 1])
        }
        #expect(site.lastAnswer?.answer.map(\.ttl) == [7])
        #expect(site.lastAnswer?.answer.map(\.owner) == ["out.auth.example."])
    }
}
