import DNS
import Nameserver
import Testing

@Suite("A rule for everything whose file names no server yet")
struct WaitingRuleTests {
    private static let path = "/run/resolv.conf"
    private static let reason = "no server in /run/resolv.conf yet"

    private static func site(_ domain: String = ".", zones: [Zone] = []) -> Site {
        var rule = ForwardRule(
            domain: Site.name(domain), place: ConfigurationPlace(file: "horizond.yaml", line: 3),
            upstreams: [])
        rule.sources = [.file(NameserverFile(path: path, servers: [], isSilent: true))]
        return Site(zones: zones, forward: [rule])
    }

    @Test("What it is for fails, and the client is told why", arguments: [RRType.a, .https])
    func failure(type: RRType) throws {
        let site = Self.site()
        let answer = try #require(
            site.ask("www.example.net", type, over: .tcp, edns: true))
        #expect(answer.rcode == 2)
        #expect(answer.extendedError == 14 && answer.extendedErrorText == Self.reason)
        #expect(site.processor.source == .failure)
        #expect(site.sent.isEmpty)
    }

    @Test("ANY is answered as ever, for which no server is asked")
    func any() throws {
        let answer = try #require(Self.site().ask("www.example.net", .any, edns: true))
        #expect(answer.rcode == 0 && answer.answer.map(\.type) == [.hinfo])
    }

    @Test("An alias of a zone that leads there fails, too, and no target is denied")
    func alias() throws {
        let zone = try zone(
            "lab.example", mode: .authoritative,
            [("www.lab.example", .cname, wire("www.example.net"))])
        let answer = try #require(
            Self.site(zones: [zone]).ask("www.lab.example", .a, over: .tcp, edns: true))
        #expect(answer.rcode == 2 && answer.extendedErrorText == Self.reason)
    }

    @Test("It is the rule that decides")
    func decision() throws {
        let decision = try #require(
            Self.site().snapshot.decision(
                Site.name("www.example.net"), .a, for: .v4(0xc0a8_0a07)) as Decision?)
        #expect("\(decision)" == "forward . (horizond.yaml:3)")
    }

    @Test("Where no rule is for the name, it is refused all the same")
    func otherDomain() throws {
        let answer = try #require(
            Self.site("lab.example").ask("www.example.net", .a, over: .tcp, edns: true))
        #expect(answer.rcode == 5 && answer.extendedError == 20)
    }
}
