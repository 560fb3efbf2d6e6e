import DNS
import Nameserver
import Testing

/// What each `https-records:` setting makes of an upstream's answer.
@Suite("The policy for HTTPS records")
struct HTTPSRecordPolicyTests {
    static let h3AndH2: [UInt8] = [
        0, 1, 0, 0, 1, 0, 6, 2, 0x68, 0x33, 2, 0x68, 0x32, 0, 4, 0, 4, 203, 0, 113, 1,
        0, 5, 0, 2, 0xfe, 0x0d,
    ]
    static let h2Only: [UInt8] = [0, 2, 0, 0, 1, 0, 3, 2, 0x68, 0x32]
    static let rewritten: [UInt8] = [
        0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32, 0, 4, 0, 4, 203, 0, 113, 1, 0, 5, 0, 2, 0xfe, 0x0d,
    ]
    static let withoutECH: [UInt8] = [
        0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32, 0, 4, 0, 4, 203, 0, 113, 1,
    ]

    static let expectations: [(HTTPSRecordPolicy?, [[UInt8]])] = [
        (nil, [h2Only]), (.removeH3, [h2Only]), (.rewriteH3, [rewritten, h2Only]),
        (.rewriteH3AndECH, [withoutECH, h2Only]), (.remove, []), (.pass, [h3AndH2, h2Only]),
    ]

    @Test("is applied to the answer, first and cached", arguments: expectations)
    func direct(policy: HTTPSRecordPolicy?, expected: [[UInt8]]) throws {
        let site = Site(policy: policy)
        #expect(site.ask("www.example", .https) == nil)
        site.reply(flags: 0x0020) {
            $0.add("www.example", .https, Self.h3AndH2)
            $0.add("www.example", .https, Self.h2Only)
            $0.add("www.example", .rrsig, [0, 65] + [UInt8](repeating: 0, count: 30))
        }
        let cached = site.ask("www.example", .https, flags: 0x0120)
        for answer in [site.lastAnswer, cached] {
            let answer = try #require(answer)
            #expect(answer.rcode == 0)
            #expect(answer.answer.filter { $0.type == .https }.map(\.rdata) == expected)
            let isSigned = answer.answer.contains { $0.type == .rrsig }
            #expect(isSigned == (policy == .pass), "an altered RRset has no signature")
        }
        #expect(cached?.isAuthenticData == (policy == .pass))
    }

    @Test("is applied behind a CNAME", arguments: expectations)
    func behindCNAME(policy: HTTPSRecordPolicy?, expected: [[UInt8]]) throws {
        let site = Site(policy: policy)
        site.ask("www.example", .https)
        site.reply {
            $0.add("www.example", .cname, wire("cdn.example.net"))
            $0.add("cdn.example.net", .https, Self.h3AndH2)
            $0.add("cdn.example.net", .https, Self.h2Only)
        }
        for answer in [site.lastAnswer, site.ask("www.example", .https)] {
            let answer = try #require(answer)
            #expect(answer.answer.first?.type == .cname)
            #expect(answer.answer.dropFirst().map(\.rdata) == expected)
        }
    }

    @Test("is applied to the additional section", arguments: expectations)
    func additional(policy: HTTPSRecordPolicy?, expected: [[UInt8]]) throws {
        let site = Site(policy: policy)
        site.ask("example", .mx)
        site.reply {
            $0.add("example", .mx, [0, 1] + wire("www.example"))
            $0.add("www.example", .https, Self.h3AndH2, section: 10)
            $0.add("www.example", .https, Self.h2Only, section: 10)
        }
        #expect(site.lastAnswer?.additional.map(\.rdata) == expected)
    }

    @Test(
        "that leaves nothing gives NODATA with SOA, kept like the record", arguments: [false, true])
    func emptied(behindCNAME: Bool) throws {
        let site = Site()
        site.ask("www.example", .https)
        site.reply {
            if behindCNAME { $0.add("www.example", .cname, wire("cdn.example.net")) }
            $0.add(behindCNAME ? "cdn.example.net" : "www.example", .https, Self.h3AndH2)
        }
        for answer in [site.lastAnswer, site.ask("www.example", .https)] {
            let answer = try #require(answer)
            #expect(answer.rcode == 0 && answer.answer.count == (behindCNAME ? 1 : 0))
            #expect(answer.authority.map(\.type) == [.soa])
            #expect(answer.authority.map(\.ttl) == [30])
        }
    }

    @Test("removes malformed records, under pass too")
    func malformed() throws {
        let site = Site(policy: .pass)
        site.ask("www.example", .https)
        site.reply { $0.add("www.example", .https, [0, 1, 0, 0, 1, 0, 0]) }
        #expect(site.lastAnswer?.rcode == 0 && site.lastAnswer?.answer.isEmpty == true)
        #expect(site.forwarder.answersCounted.malformedServiceRecords == 1)
    }

    @Test("leaves a DNS server's doq alone")
    func dnsServer() throws {
        let rdata: [UInt8] = [0, 1, 0, 0, 1, 0, 4, 3, 0x64, 0x6f, 0x71]
        let site = Site()
        site.ask("_dns.resolver.example", .svcb)
        site.reply { $0.add("_dns.resolver.example", .svcb, rdata) }
        #expect(site.lastAnswer?.answer.map(\.rdata) == [rdata])
    }

    @Test(
        "is that of the most specific place",
        arguments: [
            ("other.example", HTTPSRecordPolicy.rewriteH3), ("a.ruled.example", .remove),
            ("a.pass.ruled.example", .pass), ("public.vanillax.me", .rewriteH3AndECH),
            ("x.exact.example", .pass),
        ])
    func specific(name: String, policy: HTTPSRecordPolicy) throws {
        var builder = ZoneBuilder(
            ZoneSettings(
                apex: Site.name("vanillax.me"),
                httpsRecords: HTTPSRecordRules(defaultPolicy: .rewriteH3AndECH)),
            seed: Site.seed)
        try builder.addPublic(owner: Site.name("public.vanillax.me"))
        var ruled = Site.rule("ruled.example")
        ruled.httpsRecords = HTTPSRecordRules(
            defaultPolicy: .remove, domains: [Site.name("pass.ruled.example"): .pass])
        let view = ViewDescription(
            name: "lan", clients: [Site.prefix("192.168.10.0/24")], zones: [try builder.build()],
            forward: [Site.rule(), ruled],
            httpsRecords: HTTPSRecordRules(defaultPolicy: .rewriteH3),
            serverHTTPSRecords: HTTPSRecordRules(
                defaultPolicy: .remove, domains: [Site.name("exact.example"): .pass]))
        let site = Site([view])
        site.ask(name, .https)
        #expect(site.processor.upstreamQuestion?.policy.httpsRecords == policy)
    }
}
