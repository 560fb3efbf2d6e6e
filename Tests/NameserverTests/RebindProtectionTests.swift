import DNS
import Nameserver
import Testing

/// What `rebind-protection:` makes of an upstream's answer.
@Suite("The rebind protection")
struct RebindProtectionTests {
    static func view(
        _ protection: RebindProtection = RebindProtection(), name: String = "lan",
        clients: String = "192.168.10.0/24", zones: [Zone] = [],
        forward: [ForwardRule] = [Site.rule()], policy: HTTPSRecordPolicy? = nil
    ) -> ViewDescription {
        ViewDescription(
            name: name, clients: [Site.prefix(clients)], zones: zones, forward: forward,
            serverHTTPSRecords: HTTPSRecordRules(defaultPolicy: policy),
            rebindProtection: protection)
    }

    static func address(_ text: String) -> [UInt8] {
        guard text.contains(":") else { return IPAddress(text)?.octets ?? [] }
        // An IPv4-mapped address is IPv4 for `IPAddress`, but 16 octets in an AAAA record.
        let octets = IPAddress(text)?.octets ?? []
        return octets.count == 16 ? octets : [UInt8](repeating: 0, count: 10) + [255, 255] + octets
    }

    /// What is left of an address that upstream gives, first and cached.
    static func passes(_ text: String, _ protection: RebindProtection) throws -> Bool {
        let site = Site([view(protection)])
        let type: RRType = text.contains(":") ? .aaaa : .a
        site.ask("www.example", type)
        site.reply { $0.add("www.example", type, address(text)) }
        let first = try #require(site.lastAnswer)
        let cached = try #require(site.ask("www.example", type))
        #expect(first.answer == cached.answer)
        return first.answer.count == 1
    }

    @Test(
        "removes private addresses",
        arguments: [
            "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0",
            "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.255.255",
            "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "240.0.0.0",
            "255.255.255.255", "::", "::1", "fc00::", "fdff:ffff::1", "fe80::1", "febf::1",
            "fec0::1", "feff::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::192.168.1.1",
            "64:ff9b::172.16.0.1", "64:ff9b::169.254.169.254", "2002:c0a8:101::1",
            "2002:7f00:1::", "64:ff9b:1::1", "64:ff9b:1:c0a8:1:100::", "::ffff:0:10.0.0.1",
            "2002:c0a8:101::5efe:8.8.8.8", "2001:0:4136:e378:0:5efe:3f57:fefe",
            "2001:db8::5efe:192.168.1.1", "2001:db8::200:5efe:192.168.1.1",
            "2001:0:101:101::3f57:fefe",
        ])
    func removed(text: String) throws {
        #expect(try !Self.passes(text, RebindProtection()))
        #expect(try Self.passes(text, .off))
    }

    @Test(
        "lets public addresses pass, documentation prefixes and multicast too",
        arguments: [
            "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
            "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
            "172.32.0.0", "192.167.255.255", "192.169.0.0", "192.0.0.170", "192.0.2.1",
            "198.51.100.1", "203.0.113.1", "224.0.0.251", "239.255.255.255", "fbff::1",
            "fe00::1", "fe7f::1", "ff02::1", "2001:db8::1", "::ffff:1.1.1.1", "::1.1.1.1",
            "64:ff9b::1.1.1.1", "64:ff9b:2::a00:1", "2002:101:101::1", "2003:c0a8:101::1",
            "::ffff:0:1.1.1.1", "2001:db8::5efe:1.1.1.1", "2001:0:a00:1::fefe:fefe",
            "2001:1::c0a8:1",
        ])
    func kept(text: String) throws {
        #expect(try Self.passes(text, RebindProtection()))
    }

    @Test("holds for a public alias that leads to localhost, also behind a zone's own alias")
    func localhost() throws {
        let zone = try zone(
            "vanillax.me",
            [
                ("alias.vanillax.me", .cname, Site.name("cn.evil.example").octets),
                ("flat.vanillax.me", .alias, Site.name("cn.evil.example").octets),
                ("own.vanillax.me", .cname, Site.name("localhost").octets),
            ])
        for (name, aliases) in [
            ("cn.evil.example", 1), ("alias.vanillax.me", 2), ("flat.vanillax.me", 0),
        ] {
            for target in ["localhost", "a.LocalHost"] {
                let site = Site([Self.view(zones: [zone])])
                #expect(site.ask(name, .a, edns: true) == nil)
                site.reply { $0.add("cn.evil.example", .cname, Site.name(target).octets) }
                let answer = try #require(site.lastAnswer)
                #expect(answer.rcode == 0 && answer.extendedError == 17)
                #expect(answer.answer.map(\.type) == Array(repeating: .cname, count: aliases))
                #expect(answer.authority.map(\.type) == [.soa])
            }
        }
        // What is written here is meant so, and what is not protected passes.
        let site = Site([Self.view(zones: [zone])])
        #expect(site.ask("own.vanillax.me", .a)?.answer.last?.rdata == [127, 0, 0, 1])
        let open = Site([Self.view(.off)])
        open.ask("cn.evil.example", .a)
        open.reply { $0.add("cn.evil.example", .cname, Site.name("localhost").octets) }
        #expect(open.lastAnswer?.answer.last?.rdata == [127, 0, 0, 1])
    }

    @Test("leaves the public addresses of an answer, says so, and takes signatures and AD off")
    func partial() throws {
        let site = Site([Self.view()])
        site.ask("www.example", .a, dnssecOK: true)
        site.reply(flags: 0x0020) {
            $0.add("www.example", .a, [203, 0, 113, 1])
            $0.add("www.example", .a, [192, 168, 1, 1])
            $0.add("www.example", .rrsig, [0, 1] + [UInt8](repeating: 0, count: 30))
        }
        for answer in [site.lastAnswer, site.ask("www.example", .a, dnssecOK: true)] {
            let answer = try #require(answer)
            #expect(answer.answer.map(\.rdata) == [[203, 0, 113, 1]])
            #expect(!answer.isAuthenticData)
            #expect(answer.extendedError == 4)
            #expect(answer.extendedErrorText == "private addresses removed (rebind-protection)")
        }
        #expect(site.forwarder.answersCounted.removedAddresses == 1)
        #expect(site.forwarder.answersCounted.emptiedAddressAnswers == 0)
    }

    @Test("leaves an answer without private addresses as it came")
    func untouched() throws {
        let site = Site([Self.view()])
        site.ask("www.example", .a, dnssecOK: true)
        site.reply(flags: 0x0020) {
            $0.add("www.example", .a, [203, 0, 113, 1])
            $0.add("www.example", .rrsig, [0, 1] + [UInt8](repeating: 0, count: 30))
        }
        let answer = try #require(site.lastAnswer)
        #expect(answer.answer.map(\.type) == [.a, .rrsig] && answer.isAuthenticData)
        #expect(answer.extendedError == nil)
    }

    @Test(
        "that leaves nothing gives NODATA with SOA, kept like the address",
        arguments: [false, true], [RRType.a, .aaaa])
    func emptied(behindCNAME: Bool, type: RRType) throws {
        let site = Site([Self.view()])
        site.ask("www.example", type, edns: true)
        site.reply {
            if behindCNAME { $0.add("www.example", .cname, wire("host.example.net")) }
            $0.add(
                behindCNAME ? "host.example.net" : "www.example", type,
                Self.address(type == .a ? "10.0.0.1" : "fd00::1"))
        }
        for answer in [site.lastAnswer, site.ask("www.example", type, edns: true)] {
            let answer = try #require(answer)
            #expect(answer.rcode == 0)
            #expect(answer.answer.map(\.type) == (behindCNAME ? [.cname] : []))
            #expect(answer.authority.map(\.type) == [.soa])
            #expect(answer.authority.map(\.ttl) == [30])
            #expect(answer.extendedError == 17)
            #expect(answer.extendedErrorText == "private addresses removed (rebind-protection)")
        }
        #expect(site.forwarder.answersCounted.removedAddresses == 1)
        #expect(site.forwarder.answersCounted.emptiedAddressAnswers == 1)
    }

    @Test("keeps no proof beside NODATA that would deny the name itself")
    func wildcardProof() throws {
        let site = Site([Self.view()])
        site.ask("www.example", .a, dnssecOK: true)
        site.reply {
            $0.add("www.example", .a, [10, 0, 0, 1])
            $0.add("example", .nsec, wire("zzz.example") + [0, 1, 0x40], section: 8)
            $0.add("example", .rrsig, [0, 47] + [UInt8](repeating: 0, count: 30), section: 8)
            $0.add("example", .ns, wire("ns.example"), section: 8)
            $0.add("hash.example", .nsec3, [1, 0, 0, 0, 0, 1, 1, 0, 1, 0x40], section: 8)
        }
        #expect(site.lastAnswer?.authority.map(\.type) == [.ns, .soa])
        // A proof that belongs to the answer itself stays.
        site.ask("none.example", .a, dnssecOK: true)
        site.reply {
            $0.addSOA("example")
            $0.add("none.example", .nsec, wire("zzz.example") + [0, 1, 0x08], section: 8)
        }
        #expect(site.lastAnswer?.authority.map(\.type) == [.soa, .nsec])
    }

    @Test("goes through the additional section")
    func additional() throws {
        let site = Site([Self.view()])
        site.ask("example", .mx, edns: true)
        site.reply {
            $0.add("example", .mx, [0, 1] + wire("mail.example"))
            $0.add("mail.example", .a, [10, 0, 0, 1], section: 10)
            $0.add("mail.example", .a, [203, 0, 113, 1], section: 10)
            $0.add("mail.example", .aaaa, Self.address("fd00::1"), section: 10)
            // Nothing names this one, so it is left out whatever its address.
            $0.add("other.example", .a, [10, 0, 0, 2], section: 10)
        }
        #expect(site.lastAnswer?.answer.count == 1)
        #expect(site.lastAnswer?.additional.map(\.rdata) == [[203, 0, 113, 1]])
        #expect(site.lastAnswer?.extendedError == 4)
        #expect(site.forwarder.answersCounted.removedAddresses == 2)
    }

    /// `mandatory` with alpn and both hints, alpn `h2`, a private and a public IPv4 hint, a private
    /// IPv6 hint.
    static let service: [UInt8] =
        [0, 1, 0, 0, 0, 0, 6, 0, 1, 0, 4, 0, 6, 0, 1, 0, 3, 2, 0x68, 0x32]
        + [0, 4, 0, 8, 192, 168, 1, 1, 203, 0, 113, 1] + [0, 6, 0, 16] + address("fd00::1")
    static let serviceWithoutPrivate: [UInt8] =
        [0, 1, 0, 0, 0, 0, 4, 0, 1, 0, 4, 0, 1, 0, 3, 2, 0x68, 0x32]
        + [0, 4, 0, 4, 203, 0, 113, 1]

    @Test("removes address hints, and an emptied key from mandatory", arguments: [6, 10])
    func hints(section: Int) throws {
        let site = Site([Self.view()])
        let type: RRType = section == 6 ? .https : .mx
        let name = section == 6 ? "www.example" : "example"
        site.ask(name, type, dnssecOK: true)
        site.reply(flags: 0x0020) {
            if section == 10 { $0.add("example", .mx, [0, 1] + wire("www.example")) }
            $0.add("www.example", .https, Self.service, section: section)
            $0.add(
                "www.example", .rrsig, [0, 65] + [UInt8](repeating: 0, count: 30),
                section: section)
        }
        for answer in [site.lastAnswer, site.ask(name, type, dnssecOK: true)] {
            let answer = try #require(answer)
            let services = (answer.answer + answer.additional).filter { $0.type == .https }
            #expect(services.map(\.rdata) == [Self.serviceWithoutPrivate])
            #expect(!(answer.answer + answer.additional).contains { $0.type == .rrsig })
            #expect(answer.extendedError == 4 && !answer.isAuthenticData)
            #expect(answer.extendedErrorText == "private addresses removed (rebind-protection)")
        }
        #expect(site.forwarder.answersCounted.removedAddresses == 2)
        #expect(site.forwarder.answersCounted.changedServiceRecords == 0)
    }

    @Test("removes hints from what the policy for HTTPS records leaves")
    func hintsBehindPolicy() throws {
        let site = Site([Self.view(policy: .rewriteH3)])
        site.ask("www.example", .https)
        site.reply {
            $0.add(
                "www.example", .https,
                [0, 1, 0, 0, 1, 0, 6, 2, 0x68, 0x33, 2, 0x68, 0x32, 0, 4, 0, 4, 10, 0, 0, 1])
        }
        #expect(
            site.lastAnswer?.answer.map(\.rdata) == [[0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32]])
    }

    @Test("never touches what a zone answers, an upstream alias into it included")
    func ownedNames() throws {
        let zone = try zone(
            "vanillax.me",
            [("*.vanillax.me", .a, [192, 168, 10, 50]), ("app.vanillax.me", .cname, wire("a.b"))])
        let site = Site([Self.view(zones: [zone])])
        let own = try #require(site.ask("argocd.vanillax.me", .a, edns: true))
        #expect(own.answer.map(\.rdata) == [[192, 168, 10, 50]] && own.extendedError == nil)
        site.ask("www.example", .a, edns: true)
        site.reply {
            $0.add("www.example", .cname, wire("argocd.vanillax.me"))
            $0.add("argocd.vanillax.me", .a, [10, 9, 9, 9])
        }
        for answer in [site.lastAnswer, site.ask("www.example", .a, edns: true)] {
            let answer = try #require(answer)
            #expect(answer.answer.map(\.type) == [.cname, .a])
            #expect(answer.answer.last?.rdata == [192, 168, 10, 50])
            #expect(answer.authority.isEmpty && answer.extendedError == nil)
        }
        // What an alias of a zone leads to in the public DNS is upstream's.
        site.ask("app.vanillax.me", .a)
        site.reply { $0.add("a.b", .a, [10, 0, 0, 1]) }
        #expect(site.lastAnswer?.answer.map(\.type) == [.cname])
    }

    @Test("lets an allowed domain's names pass, and judges by the name that is asked for")
    func allowedDomains() throws {
        let protection = RebindProtection(allowedDomains: [Site.name("Plex.direct")])
        let site = Site([Self.view(protection)])
        for (name, passes) in [
            ("plex.direct", true), ("a.b.plex.DIRECT", true), ("notplex.direct", false),
            ("direct", false),
        ] {
            site.ask(name, .a)
            site.reply { $0.add(name, .a, [192, 168, 1, 9]) }
            #expect(site.lastAnswer?.answer.count == (passes ? 1 : 0), "\(name)")
        }
        site.ask("evil.example", .a)
        site.reply {
            $0.add("evil.example", .cname, wire("host.plex.direct"))
            $0.add("host.plex.direct", .a, [192, 168, 1, 9])
        }
        #expect(site.lastAnswer?.answer.map(\.type) == [.cname])
        site.ask("x.plex.direct", .a)
        site.reply {
            $0.add("x.plex.direct", .cname, wire("host.example"))
            $0.add("host.example", .a, [192, 168, 1, 9])
        }
        #expect(site.lastAnswer?.answer.map(\.type) == [.cname, .a])
    }

    @Test(
        "lets an allowed prefix's addresses pass, embedded ones too",
        arguments: [
            ("192.168.7.1", true), ("192.168.8.1", false), ("::ffff:192.168.7.1", true),
            ("64:ff9b::192.168.7.1", true), ("2002:c0a8:701::1", true), ("fd00:7::1", true),
            ("fd00:8::1", false), ("64:ff9b::192.168.8.1", false),
        ])
    func allowedPrefixes(text: String, passes: Bool) throws {
        let protection = RebindProtection(
            allowedPrefixes: [Site.prefix("192.168.7.0/24"), Site.prefix("fd00:7::/32")])
        #expect(try Self.passes(text, protection) == passes)
    }

    @Test("lets an upstream that was chosen for a domain say private addresses")
    func chosenUpstream() throws {
        let site = Site([Self.view(forward: [Site.rule(), Site.rule("home.arpa")])])
        site.ask("nas.home.arpa", .a, edns: true)
        site.reply { $0.add("nas.home.arpa", .a, [192, 168, 1, 9]) }
        #expect(site.lastAnswer?.answer.map(\.rdata) == [[192, 168, 1, 9]])
        #expect(site.lastAnswer?.extendedError == nil)
        // An alias elsewhere that leads into the domain was said by the other upstream.
        site.ask("evil.example", .a)
        site.reply {
            $0.add("evil.example", .cname, wire("nas.home.arpa"))
            $0.add("nas.home.arpa", .a, [192, 168, 1, 9])
        }
        #expect(site.lastAnswer?.answer.map(\.type) == [.cname])
    }
}
