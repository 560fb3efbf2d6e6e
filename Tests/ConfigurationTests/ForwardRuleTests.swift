import DNS
import Nameserver
import Testing

@testable import Configuration

@Suite("What a forward rule may say")
struct ForwardRuleTests {
    private func rule(_ text: String) throws -> ForwardRule {
        let rules = try onlyView("forward: {.: {to: [192.0.2.1, 192.0.2.2], \(text)}}").forward
        return try #require(rules.first)
    }

    @Test("Upstreams: one, a list, a mapping, a file of nameservers")
    func upstreams() throws {
        let site = try Site(
            """
            forward:
              .: 192.0.2.1
              a.example: [192.0.2.2, "[2001:db8::2]:5300"]
              B.example.: {to: 192.0.2.3, https-records: pass}
              c.example: {to: [192.0.2.4, servers/upstream.conf]}
              bücher.example: 192.0.2.5
            """,
            files: [
                "servers/upstream.conf":
                    "nameserver 192.0.2.6\nnameserver 127.0.0.1\nnameserver 192.0.2.4\n"
            ])
        let rules = try site.load().views[0].forward
        #expect(
            rules.map(\.domain.description)
                == [".", "a.example.", "B.example.", "c.example.", "xn--bcher-kva.example."])
        #expect(
            rules.map { $0.upstreams.map(\.description) } == [
                ["192.0.2.1:53"], ["192.0.2.2:53", "[2001:db8::2]:5300"], ["192.0.2.3:53"],
                ["192.0.2.4:53", "192.0.2.6:53"], ["192.0.2.5:53"],
            ])
        #expect(rules[2].httpsRecords == HTTPSRecordRules(defaultPolicy: .pass))
    }

    @Test(
        "Upstreams by TLS, known by a name or by their address",
        arguments: [
            ("tls://192.0.2.1#one.example", "tls://192.0.2.1:853#one.example"),
            ("tls://192.0.2.1:8853#One.Example.", "tls://192.0.2.1:8853#one.example"),
            ("TLS://192.0.2.1#xn--bcher-kva.example", "tls://192.0.2.1:853#xn--bcher-kva.example"),
            ("tls://192.0.2.1#bücher.example", "tls://192.0.2.1:853#xn--bcher-kva.example"),
            ("tls://192.0.2.1", "tls://192.0.2.1:853"),
            ("tls://2001:db8::1#one.example", "tls://[2001:db8::1]:853#one.example"),
            ("'tls://[2001:db8::1]#one.example'", "tls://[2001:db8::1]:853#one.example"),
            ("'tls://[2001:db8::1]:8853#one.example'", "tls://[2001:db8::1]:8853#one.example"),
            // With a blank before it YAML takes "#" for a comment's beginning.
            ("tls://192.0.2.1 #one.example\n ", "tls://192.0.2.1:853"),
        ])
    func secureUpstream(text: String, expected: String) throws {
        let view = try onlyView("forward: {.: [\(text)]}")
        #expect(view.forward[0].upstreams.map(\.description) == [expected])
        #expect(view.forward[0].upstreams.map(\.isSecure) == [true])
    }

    @Test("Brackets need no quotes outside of YAML's lists and mappings of one line")
    func blockStyle() throws {
        let view = try onlyView(
            """
            forward:
              .: tls://[2001:db8::1]:853#one.example
              a.example:
                - tls://[2001:db8::2]#two.example
            """)
        #expect(
            view.forward.map { $0.upstreams.map(\.description) } == [
                ["tls://[2001:db8::1]:853#one.example"], ["tls://[2001:db8::2]:853#two.example"],
            ])
    }

    @Test(
        "Policies",
        arguments: [
            ("https-records: pass", UpstreamPolicy.sequential),
            ("policy: sequential", .sequential), ("policy: random", .random),
            ("policy: fastest", .fastest), ("policy: parallel", .parallel(2)),
            ("policy: {parallel: 2}", .parallel(2)),
        ])
    func policy(text: String, expected: UpstreamPolicy) throws {
        #expect(try rule(text).policy == expected)
    }

    @Test("A file may name fewer servers than shall be asked at once")
    func parallelFile() throws {
        let view = try onlyView(
            "forward: {.: {to: ./servers, policy: {parallel: 3}}}",
            files: ["servers": "nameserver 192.0.2.1\n"])
        #expect(view.forward[0].policy == .parallel(3))
    }

    @Test(
        "The cache",
        arguments: [
            ("30", [30, 5, 30, 5]), ("5m", [300, 5, 300, 5]), ("1h", [3600, 5, 3600, 5]),
            ("1d", [86400, 5, 86400, 5]), ("30s", [30, 5, 30, 5]), ("3", [3, 3, 3, 5]),
            ("0", [0, 0, 0, 0]), ("off", [0, 0, 0, 0]), ("{}", [30, 5, 30, 5]),
            ("{max: 0}", [0, 0, 0, 0]), ("{max: 1h}", [3600, 5, 3600, 5]),
            ("{max: 2}", [2, 2, 2, 5]),
            ("{max: 1h, min: 1m, negative-max: 10, failures: 1}", [3600, 60, 10, 1]),
            ("{failures: 0}", [30, 5, 30, 0]), ("{failures: 5m}", [30, 5, 30, 300]),
        ])
    func cacheLifetimes(text: String, expected: [UInt32]) throws {
        let lifetimes = CacheLifetimes(
            maximum: expected[0], minimum: expected[1], negativeMaximum: expected[2],
            failures: expected[3], stale: 86_400, prefetches: true)
        #expect(try rule("cache: \(text)").cache == (expected[0] == 0 ? .off : lifetimes))
    }

    @Test(
        "Stale answers and prefetching",
        arguments: [
            ("{}", 86_400, true), ("30", 86_400, true), ("{stale: 1h}", 3_600, true),
            ("{stale: 7d}", 604_800, true), ("{stale: off}", 0, true), ("{stale: 0}", 0, true),
            ("{prefetch: false}", 86_400, false), ("{stale: 2d, prefetch: true}", 172_800, true),
        ])
    func staleAndPrefetch(text: String, stale: UInt32, prefetches: Bool) throws {
        let cache = try rule("cache: \(text)").cache
        #expect(cache.stale == stale)
        #expect(cache.prefetches == prefetches)
    }

    @Test(
        "The subnet that upstreams are told",
        arguments: ["203.0.113.0/24", "2001:db8::/56", "0.0.0.0/0", "::/0"])
    func clientSubnet(text: String) throws {
        #expect(try rule("client-subnet: '\(text)'").clientSubnet?.description == text)
    }

    @Test("No upstream is told a subnet where nothing says so")
    func noClientSubnet() throws {
        #expect(try rule("cache: 30").clientSubnet == nil)
    }

    @Test(
        "The names of RFC 2317 have slashes",
        arguments: ["0/25.2.0.192.in-addr.arpa", "128/26.2.0.192.IN-ADDR.ARPA."])
    func classlessDelegation(text: String) throws {
        let view = try onlyView("forward: {\(text): 1.1.1.1}\nzones: {\(text): {records: {}}}")
        #expect(view.forward.map(\.domain) == [try name(text)])
        #expect(view.zones.map(\.settings.apex) == [try name(text)])
    }

    @Test("The domain default is a name as any other, which not everybody means")
    func domainDefault() throws {
        let site = try Site("forward: {Default: 1.1.1.1, default.lan: 9.9.9.9, .: 1.1.1.1}")
        #expect(
            try site.warnings() == [
                "horizond.yaml:1:11: \"Default\" is the domain of that name; "
                    + "\".\" stands for every name"
            ])
        #expect(try site.load().views[0].forward.map(\.domain.description).first == "Default.")
    }

    @Test("Rules without one for every name are mostly not meant so; no rules at all are")
    func withoutRoot() throws {
        let site = try Site("forward: {home.arpa: 192.168.1.1}")
        let warning =
            "horizond.yaml:1:11: no forward rule is for \".\", so all names but those of the rules "
            + "and zones are refused; expected a rule for it too, such as .: [1.1.1.1, 9.9.9.9]"
        #expect(try site.warnings() == [warning])
        #expect(try Site("forward: {}").warnings() == [])
        let view = "views: {lan: {clients: [10.0.0.0/8], forward: {.: 1.1.1.1}}}"
        #expect(try Site("forward: {home.arpa: 192.168.1.1}\n" + view).warnings() == [])
    }

    @Test("A rule for all views may be for those that do not see the zone of its domain")
    func ruleOfOtherViews() throws {
        let site = try Site(
            """
            zones: {corp.test: {mode: authoritative, records: {nas: 10.0.0.5}}}
            views:
              lan: {clients: [10.0.0.0/8], zones: [corp.test]}
              guest: {clients: [192.168.0.0/16], zones: []}
            forward: {.: 1.1.1.1, corp.test: 192.168.1.1}
            """)
        #expect(try site.load().warnings == [])
    }
}
