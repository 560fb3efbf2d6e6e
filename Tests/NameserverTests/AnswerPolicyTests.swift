import DNS
import Nameserver
import Testing

/// What policies that differ mean for the cache, and what a client is told of them.
@Suite("An answer that a policy alters")
struct AnswerPolicyTests {
    static let asked: [UInt8] = [192, 168, 7, 1]

    /// Two views, `10.` and `11.`, that differ in their protection alone.
    static func site(_ first: RebindProtection, _ second: RebindProtection) -> Site {
        Site([
            RebindProtectionTests.view(first, name: "a", clients: "10.0.0.0/8"),
            RebindProtectionTests.view(second, name: "b", clients: "11.0.0.0/8"),
        ])
    }

    @Test(
        "is not served in a view whose protection differs",
        arguments: [
            (RebindProtection.off, RebindProtection(), true, false),
            (
                RebindProtection(allowedPrefixes: [Site.prefix("192.168.7.0/24")]),
                RebindProtection(), true, false
            ),
            (
                RebindProtection(allowedPrefixes: [Site.prefix("192.168.7.0/24")]),
                RebindProtection(allowedPrefixes: [Site.prefix("192.168.8.0/24")]), true, false
            ),
            (
                RebindProtection(allowedDomains: [Site.name("example")]), RebindProtection(), true,
                false
            ),
        ])
    func apart(
        first: RebindProtection, second: RebindProtection, passesFirst: Bool, passesSecond: Bool
    ) throws {
        let site = Self.site(first, second)
        for (client, passes) in [("10.0.0.1", passesFirst), ("11.0.0.1", passesSecond)] {
            #expect(site.ask("www.example", .a, from: client) == nil, "nothing cached is for it")
            site.reply { $0.add("www.example", .a, Self.asked) }
            #expect(site.lastAnswer?.answer.count == (passes ? 1 : 0))
            #expect(site.ask("www.example", .a, from: client)?.answer.count == (passes ? 1 : 0))
        }
    }

    @Test(
        "is shared by views in which the same holds for its name",
        arguments: [
            (RebindProtection(), RebindProtection()),
            (RebindProtection.off, RebindProtection(allowedDomains: [Site.name("example")])),
            (RebindProtection(), RebindProtection(allowedDomains: [Site.name("other")])),
            (
                RebindProtection(
                    allowedPrefixes: [Site.prefix("10.0.0.0/8"), Site.prefix("fd00::/8")]),
                RebindProtection(
                    allowedPrefixes: [Site.prefix("fd00::/8"), Site.prefix("10.0.0.0/8")])
            ),
        ])
    func shared(first: RebindProtection, second: RebindProtection) throws {
        let site = Self.site(first, second)
        site.ask("www.example", .a, from: "10.0.0.1")
        site.reply { $0.add("www.example", .a, Self.asked) }
        #expect(site.ask("www.example", .a, from: "11.0.0.1") != nil)
    }

    @Test("is fetched anew after a reload that changes the protection")
    func reloaded() throws {
        let site = Site([RebindProtectionTests.view(.off)])
        site.ask("www.example", .a)
        site.reply { $0.add("www.example", .a, Self.asked) }
        site.snapshot = Snapshot(
            [RebindProtectionTests.view()], upstreams: site.registry, seed: Site.seed)
        #expect(site.ask("www.example", .a) == nil)
    }

    @Test(
        "tells which policy for HTTPS records emptied it",
        arguments: [
            (
                HTTPSRecordPolicy.removeH3,
                "HTTPS record that offers HTTP/3 removed (https-records: remove-h3)"
            ),
            (.remove, "HTTPS record removed (https-records: remove)"),
        ])
    func emptied(policy: HTTPSRecordPolicy, text: String) throws {
        let site = Site(policy: policy)
        site.ask("www.example", .https, edns: true)
        site.reply { $0.add("www.example", .https, HTTPSRecordPolicyTests.h3AndH2) }
        for answer in [site.lastAnswer, site.ask("www.example", .https, edns: true)] {
            #expect(answer?.extendedError == 17)
            #expect(answer?.extendedErrorText == text)
        }
    }

    @Test(
        "tells which policy for HTTPS records changed it",
        arguments: [
            (HTTPSRecordPolicy.removeH3, "HTTPS records changed (https-records: remove-h3)"),
            (.rewriteH3, "HTTPS records changed (https-records: rewrite-h3)"),
        ])
    func changed(policy: HTTPSRecordPolicy, text: String) throws {
        let site = Site(policy: policy)
        site.ask("www.example", .https, edns: true)
        site.reply {
            $0.add("www.example", .https, HTTPSRecordPolicyTests.h3AndH2)
            $0.add("www.example", .https, HTTPSRecordPolicyTests.h2Only)
        }
        #expect(site.lastAnswer?.extendedError == 4)
        #expect(site.lastAnswer?.extendedErrorText == text)
    }

    @Test("says of a malformed HTTPS record what it was")
    func malformed() throws {
        let site = Site(policy: .pass)
        site.ask("www.example", .https, edns: true)
        site.reply { $0.add("www.example", .https, [0, 1, 0, 0, 1, 0, 0]) }
        #expect(site.lastAnswer?.extendedError == 17)
        #expect(site.lastAnswer?.extendedErrorText == "malformed HTTPS record removed")
    }

    @Test("passes the upstream's own extended error on only when it is not altered")
    func upstreamsOwn() throws {
        let site = Site([RebindProtectionTests.view()])
        let stale: [UInt8] = [0, 15, 0, 5, 0, 3] + Array("old".utf8)
        for (name, address, code, text) in [
            ("a.example", [203, 0, 113, 1] as [UInt8], UInt16(3), "old"),
            ("b.example", [10, 0, 0, 1], 17, "private addresses removed (rebind-protection)"),
        ] {
            site.ask(name, .a, edns: true)
            site.reply {
                $0.add(name, .a, address)
                $0.addOPT(options: stale)
            }
            #expect(site.lastAnswer?.extendedError == code)
            #expect(site.lastAnswer?.extendedErrorText == text)
        }
    }

    @Test("tells clients without EDNS nothing of it")
    func withoutEDNS() throws {
        let site = Site([RebindProtectionTests.view()])
        for _ in 0..<2 {
            site.ask("www.example", .a)
            site.reply { $0.add("www.example", .a, [10, 0, 0, 1]) }
        }
        #expect(site.lastAnswer?.edns == nil)
        #expect(site.ask("www.example", .a)?.edns == nil)
    }
}
