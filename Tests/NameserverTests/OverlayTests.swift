import DNS
import Nameserver
import Testing

/// SPEC's table: what an overridden name answers.
@Suite("An overlay")
struct OverlayTests {
    let gateway: [UInt8] = [192, 168, 10, 50]

    func site(_ more: [(String, RRType, [UInt8])] = [], public names: [String] = []) throws -> Site
    {
        Site(zones: [
            try zone(
                "vanillax.me", public: names, [("*.vanillax.me", .a, gateway)] + more)
        ])
    }

    @Test("answers the wildcard's address at any depth, in the client's spelling")
    func wildcard() throws {
        let site = try site()
        for name in ["argocd.vanillax.me.", "A.b.VanillaX.me."] {
            let answer = try #require(site.ask(name, .a))
            #expect(answer.rcode == 0)
            #expect(answer.isAuthoritative && answer.offersRecursion)
            #expect(answer.answer.map(\.owner) == [name])
            #expect(answer.answer.map(\.rdata) == [gateway])
            #expect(answer.answer.map(\.ttl) == [60])
        }
        #expect(site.sent.isEmpty)
    }

    @Test(
        "answers the other endpoint types with NODATA and SOA",
        arguments: [RRType.aaaa, .https, .svcb])
    func noData(type: RRType) throws {
        let site = try site()
        let answer = try #require(site.ask("argocd.vanillax.me", type))
        #expect(answer.rcode == 0 && answer.answer.isEmpty)
        #expect(answer.authority.map(\.type) == [.soa])
        #expect(answer.authority.map(\.owner) == ["vanillax.me."])
        #expect(answer.authority.map(\.ttl) == [60])
        #expect(Array(answer.authority[0].rdata.suffix(4)) == [0, 0, 0, 60])
    }

    @Test(
        "answers the endpoint at a port of an exact name", arguments: ["_8443._https", "_53._dns"])
    func ports(prefix: String) throws {
        let site = Site(zones: [try zone("vanillax.me", [("argocd.vanillax.me", .a, gateway)])])
        let answer = try #require(site.ask(prefix + ".argocd.vanillax.me", .https))
        #expect(answer.rcode == 0 && answer.answer.isEmpty)
        #expect(site.ask("_8443._https.other.vanillax.me", .https) == nil)
        #expect(site.sent.count == 1)
    }

    @Test("leaves every other type, and names that nothing matches, to the public zone")
    func elsewhere() throws {
        let site = try site()
        for (name, type) in [
            ("_acme-challenge.argocd.vanillax.me", RRType.txt), ("vanillax.me", .mx),
            ("vanillax.me", .soa), ("vanillax.me", .caa), ("vanillax.me", .a),
        ] {
            #expect(site.ask(name, type) == nil)
        }
        #expect(site.sent.count == 5)
    }

    @Test("prefers the exact name, then the nearest wildcard, over empty non-terminals too")
    func nearest() throws {
        let site = try site([
            ("plex.vanillax.me", .a, [10, 0, 0, 1]), ("*.lab.vanillax.me", .a, [10, 0, 0, 2]),
            ("x.y.vanillax.me", .a, [10, 0, 0, 3]), ("lab.vanillax.me", .txt, [1, 0x61]),
        ])
        func address(_ name: String) throws -> [UInt8]? {
            try #require(site.ask(name, .a)).answer.first?.rdata
        }
        #expect(try address("plex.vanillax.me") == [10, 0, 0, 1])
        #expect(try address("a.b.lab.vanillax.me") == [10, 0, 0, 2])
        #expect(try address("lab.vanillax.me") == gateway)
        #expect(try address("y.vanillax.me") == gateway)
        #expect(try address("z.y.vanillax.me") == gateway)
    }

    @Test("hands public names back, a public wildcard with all below it")
    func publicNames() throws {
        let site = try site(public: ["plex.vanillax.me", "*.iot.vanillax.me"])
        for name in [
            "plex.vanillax.me", "a.b.iot.vanillax.me", "_8443._https.plex.vanillax.me",
        ] {
            #expect(site.ask(name, .https) == nil)
        }
        #expect(site.sent.count == 3)
        #expect(try #require(site.ask("x.plex.vanillax.me", .a)).answer.count == 1)
    }

    @Test("serves an HTTPS record that stands in the file as written")
    func ownHTTPS() throws {
        let rdata: [UInt8] = [0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32]
        let site = try site([("www.vanillax.me", .https, rdata)])
        let answer = try #require(site.ask("www.vanillax.me", .https))
        #expect(answer.answer.map(\.rdata) == [rdata])
        #expect(try #require(site.ask("www.vanillax.me", .a)).answer.map(\.rdata) == [gateway])
    }

    @Test("owns fewer types when it says so")
    func narrowed() throws {
        let site = Site(zones: [
            try zone("vanillax.me", own: [.a], [("*.vanillax.me", .a, gateway)])
        ])
        #expect(site.ask("x.vanillax.me", .a) != nil)
        #expect(site.ask("x.vanillax.me", .aaaa) == nil)
    }

    @Test("follows its own CNAME to a name in the overlay")
    func localCNAME() throws {
        let site = try site([("www.vanillax.me", .cname, wire("host.vanillax.me"))])
        let answer = try #require(site.ask("www.vanillax.me", .a))
        #expect(answer.answer.map(\.type) == [.cname, .a])
        #expect(answer.answer.map(\.owner) == ["www.vanillax.me.", "host.vanillax.me."])
        let https = try #require(site.ask("www.vanillax.me", .https))
        #expect(https.answer.map(\.type) == [.cname])
        #expect(https.authority.map(\.type) == [.soa])
        #expect(site.sent.isEmpty)
    }

    @Test("looks a public target of its own CNAME up")
    func publicTarget() throws {
        let site = try site([("www.vanillax.me", .cname, wire("cdn.example.net"))])
        #expect(site.ask("www.vanillax.me", .a) == nil)
        site.reply { $0.add("cdn.example.net", .a, ttl: 3600, [203, 0, 113, 9]) }
        let answer = try #require(site.lastAnswer)
        #expect(answer.answer.map(\.type) == [.cname, .a])
        #expect(answer.answer.map(\.owner) == ["www.vanillax.me.", "cdn.example.net."])
        #expect(answer.answer.map(\.ttl) == [60, 30])
        #expect(try #require(site.ask("www.vanillax.me", .a)).answer == answer.answer)
    }

    @Test("answers an upstream CNAME that leads into it, first and cached")
    func upstreamCNAME() throws {
        let site = try site()
        #expect(site.ask("www.example.com", .a) == nil)
        site.reply {
            $0.add("www.example.com", .cname, wire("shop.vanillax.me"))
            $0.add("shop.vanillax.me", .a, [203, 0, 113, 1])
        }
        let first = try #require(site.lastAnswer)
        let second = try #require(site.ask("www.example.com", .a))
        for answer in [first, second] {
            #expect(answer.answer.map(\.type) == [.cname, .a])
            #expect(answer.answer.last?.rdata == gateway)
            #expect(answer.answer.last?.owner == "shop.vanillax.me.")
        }
    }

    @Test("turns an upstream NXDOMAIN for another type of its names into NODATA")
    func nameError() throws {
        let site = Site(zones: [try zone("lab.vanillax.me", [("a.b.lab.vanillax.me", .a, gateway)])]
        )
        for name in ["a.b.lab.vanillax.me", "b.lab.vanillax.me", "lab.vanillax.me", "vanillax.me"] {
            #expect(site.ask(name, .txt) == nil)
            site.reply(rcode: 3) { $0.addSOA("me") }
            #expect(try #require(site.lastAnswer).rcode == 0)
            #expect(try #require(site.ask(name, .txt)).rcode == 0)
        }
        #expect(site.ask("other.lab.vanillax.me", .txt) == nil)
        site.reply(rcode: 3) { $0.addSOA("me") }
        #expect(try #require(site.lastAnswer).rcode == 3)
    }

    @Test("drops public endpoints of its names from an additional section")
    func additional() throws {
        let site = try site()
        #expect(site.ask("vanillax.me", .mx) == nil)
        site.reply {
            $0.add("vanillax.me", .mx, [0, 10] + wire("mail.vanillax.me"))
            $0.add("vanillax.me", .mx, [0, 20] + wire("mail.example.com"))
            $0.add("bank.example", .a, [6, 6, 6, 6], section: 10)
            $0.add("mail.vanillax.me", .https, [0, 1, 0], section: 8)
            $0.add("mail.vanillax.me", .a, [203, 0, 113, 1], section: 10)
            $0.add("mail.example.com", .a, [203, 0, 113, 2], section: 10)
        }
        for answer in [site.lastAnswer, site.ask("vanillax.me", .mx)] {
            let answer = try #require(answer)
            #expect(answer.answer.map(\.type) == [.mx, .mx])
            #expect(answer.authority.isEmpty)
            #expect(answer.additional.map(\.owner) == ["mail.example.com."])
        }
    }

    @Test("gives the addresses of an ALIAS's target as its own")
    func alias() throws {
        let site = try site([("vanillax.me", .alias, wire("host.vanillax.me"))])
        let answer = try #require(site.ask("vanillax.me", .a))
        #expect(answer.answer.map(\.owner) == ["vanillax.me."])
        #expect(answer.answer.map(\.rdata) == [gateway])
        let none = try #require(site.ask("vanillax.me", .aaaa))
        #expect(none.answer.isEmpty && none.authority.map(\.type) == [.soa])
        #expect(try #require(site.ask("vanillax.me", .https)).answer.isEmpty)
    }

    @Test("answers PTR for its addresses when told to")
    func reverse() throws {
        let site = Site(zones: [
            try zone("vanillax.me", reverse: true, [("nas.vanillax.me", .a, [192, 168, 10, 9])])
        ])
        let answer = try #require(site.ask("9.10.168.192.in-addr.arpa", .ptr))
        #expect(answer.answer.map(\.target) == ["nas.vanillax.me."])
        #expect(try #require(site.ask("8.10.168.192.in-addr.arpa", .ptr)).rcode == 3)
    }

    @Test("keeps the names that are more specific than a forward rule inside it")
    func ruleInside() throws {
        let site = Site(
            zones: [
                try zone(
                    "vanillax.me",
                    [
                        ("*.vanillax.me", .a, gateway), ("host.sub.vanillax.me", .a, gateway),
                        ("*.w.sub.vanillax.me", .a, gateway),
                    ])
            ], forward: [Site.rule(), Site.rule("sub.vanillax.me")])
        for name in ["host.sub.vanillax.me", "_8443._https.host.sub.vanillax.me"] {
            #expect(site.ask(name, .https)?.answer.isEmpty == true)
        }
        #expect(site.ask("x.w.sub.vanillax.me", .a)?.answer.map(\.rdata) == [gateway])
        #expect(site.ask("x.sub.vanillax.me", .a) == nil)
    }

    @Test("answers PTR of an address with many names, and denies nothing beside it")
    func reverseOfMany() throws {
        let records = (0..<300).map { ("host\($0).vanillax.me", RRType.a, gateway) }
        let site = Site(zones: [try zone("vanillax.me", reverse: true, records)])
        let name = "50.10.168.192.in-addr.arpa"
        let datagram = try #require(site.ask(name, .ptr, edns: true))
        #expect(datagram.rcode == 0 && datagram.isTruncated)
        #expect(try #require(site.ask(name, .ptr, over: .tcp)).answer.count == 200)
        for (name, type) in [(name, RRType.txt), ("10.168.192.in-addr.arpa", .ptr)] {
            let answer = try #require(site.ask(name, type))
            #expect(answer.rcode == 0 && answer.authority.map(\.type) == [.soa])
        }
    }

    @Test("keeps the public hints of its names out, wherever a binding leads to one")
    func foreignBinding() throws {
        let site = try site()
        let hints: [UInt8] = [0, 4, 0, 4, 203, 0, 113, 66]
        site.ask("www.example", .https)
        site.reply {
            $0.add("www.example", .https, [0, 1] + wire("argocd.vanillax.me") + hints)
        }
        for answer in [site.lastAnswer, site.ask("www.example", .https)] {
            let answer = try #require(answer)
            #expect(answer.rcode == 0 && answer.answer.isEmpty)
            #expect(answer.authority.map(\.type) == [.soa])
        }
    }

    @Test("takes the signatures of a binding set along when one that leads to a name of it goes")
    func foreignSignatures() throws {
        let signature = [0, 65] + [UInt8](repeating: 0, count: 30)
        let foreign = [0, 1] + wire("argocd.vanillax.me") + [0, 1, 0, 3, 2, 0x68, 0x32]
        let other = [0, 2] + wire("alt.example") + [0, 1, 0, 3, 2, 0x68, 0x32]
        for isPartial in [false, true] {
            let site = try site()
            site.ask("fb.example", .https, dnssecOK: true)
            site.reply {
                $0.add("fb.example", .cname, wire("www.example"))
                $0.add("fb.example", .rrsig, [0, 5] + [UInt8](repeating: 0, count: 30))
                $0.add("www.example", .rrsig, signature)
                $0.add("www.example", .https, foreign)
                if isPartial { $0.add("www.example", .https, other) }
            }
            for answer in [site.lastAnswer, site.ask("fb.example", .https, dnssecOK: true)] {
                let answer = try #require(answer)
                #expect(
                    answer.answer.map(\.type)
                        == (isPartial ? [.cname, .rrsig, .https] : [.cname, .rrsig]))
                #expect(answer.authority.map(\.owner) == (isPartial ? [] : ["www.example."]))
                #expect(answer.extendedError == (isPartial ? 4 : 17))
                #expect(!answer.isAuthenticData)
            }
        }
    }

    @Test("leaves a public alias that leads into it its signatures (RFC 4035 §3.1.1)")
    func signedAlias() throws {
        let site = try site()
        site.ask("own.example", .a, dnssecOK: true)
        site.reply {
            $0.add("own.example", .rrsig, [0, 5] + [UInt8](repeating: 0, count: 30))
            $0.add("own.example", .cname, wire("argocd.vanillax.me"))
            $0.add("argocd.vanillax.me", .a, [203, 0, 113, 1])
            $0.add("argocd.vanillax.me", .rrsig, [0, 1] + [UInt8](repeating: 0, count: 30))
        }
        for answer in [site.lastAnswer, site.ask("own.example", .a, dnssecOK: true)] {
            let answer = try #require(answer)
            #expect(Set(answer.answer.prefix(2).map(\.type)) == [.cname, .rrsig])
            #expect(answer.answer.dropFirst(2).map(\.rdata) == [[192, 168, 10, 50]])
        }
    }

    @Test("leaves a foreign binding out of the additional section, too, and no proof beside NODATA")
    func foreignBindingElsewhere() throws {
        let site = try site()
        let foreign = [0, 1] + wire("argocd.vanillax.me") + [0, 4, 0, 4, 203, 0, 113, 66]
        let signature = { (type: UInt8) in [0, type] + [UInt8](repeating: 0, count: 30) }
        site.ask("alias.example", .https, dnssecOK: true)
        site.reply {
            $0.add("alias.example", .https, [0, 0] + wire("svc.example"))
            $0.add("svc.example", .https, foreign, section: 10)
            $0.add("svc.example", .rrsig, signature(65), section: 10)
        }
        for answer in [site.lastAnswer, site.ask("alias.example", .https, dnssecOK: true)] {
            #expect(answer?.answer.map(\.type) == [.https] && answer?.additional.isEmpty == true)
        }
        site.ask("wild.example", .https, dnssecOK: true)
        site.reply {
            $0.add("wild.example", .https, foreign)
            $0.add("a.example", .nsec, wire("zz.example") + [0, 1, 0x40], section: 8)
            $0.add("a.example", .rrsig, signature(47), section: 8)
        }
        for answer in [site.lastAnswer, site.ask("wild.example", .https, dnssecOK: true)] {
            #expect(answer?.answer.isEmpty == true && answer?.authority.map(\.type) == [.soa])
        }
    }

    @Test("does not take a public signature at one of its names for that of the alias before it")
    func foreignSignature() throws {
        let site = try site()
        let signature = [0, 5] + [UInt8](repeating: 0, count: 30)
        site.ask("odd.example", .a, dnssecOK: true)
        site.reply {
            $0.add("odd.example", .cname, wire("argocd.vanillax.me"))
            $0.add("argocd.vanillax.me", .rrsig, signature)
            $0.add("argocd.vanillax.me", .cname, wire("edge.example"))
            $0.add("edge.example", .a, [203, 0, 113, 1])
        }
        for answer in [site.lastAnswer, site.ask("odd.example", .a, dnssecOK: true)] {
            #expect(answer?.answer.map(\.type) == [.cname, .a])
            #expect(answer?.answer.last?.rdata == [192, 168, 10, 50])
        }
    }

    @Test("asks once for a chain of its names that it does not answer for the type")
    func chainOfOtherType() throws {
        let site = try site()
        site.ask("a.vanillax.me", .mx)
        site.reply {
            $0.add("a.vanillax.me", .cname, wire("b.vanillax.me"))
            $0.add("b.vanillax.me", .cname, wire("c.vanillax.me"))
            $0.add("c.vanillax.me", .mx, [0, 10] + wire("mail.example"))
        }
        #expect(site.lastAnswer?.answer.map(\.type) == [.cname, .cname, .mx])
        #expect(site.sent.isEmpty)
    }

    @Test("ends a loop of its aliases where it closes")
    func aliasLoop() throws {
        let site = try site([
            ("la.vanillax.me", .cname, wire("lb.vanillax.me")),
            ("lb.vanillax.me", .cname, wire("la.vanillax.me")),
        ])
        #expect(site.ask("la.vanillax.me", .a)?.answer.count == 2)
    }
}
