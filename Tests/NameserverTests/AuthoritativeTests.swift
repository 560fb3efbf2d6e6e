import DNS
import Nameserver
import Testing

/// RFC 1034 §4.3.2 and RFC 4592 §2.2.1's example zone.
@Suite("An authoritative zone")
struct AuthoritativeTests {
    func site() throws -> Site {
        let text: [UInt8] = [4] + Array("text".utf8)
        return Site(
            zones: [
                try zone(
                    "example", mode: .authoritative,
                    [
                        ("example", .ns, wire("ns.example")),
                        ("*.example", .txt, text),
                        ("*.example", .mx, [0, 10] + wire("host1.example")),
                        ("sub.*.example", .txt, text),
                        ("host1.example", .a, [192, 0, 2, 1]),
                        ("_ssh._tcp.host1.example", .srv, [0, 0, 0, 0, 0, 22] + wire("h.example")),
                        ("subdel.example", .ns, wire("ns.subdel.example")),
                        ("subdel.example", .ns, wire("ns.example.org")),
                        ("ns.subdel.example", .a, [192, 0, 2, 53]),
                        ("alias.example", .cname, wire("host1.example")),
                        ("away.example", .cname, wire("www.example.org")),
                        ("dead.example", .cname, wire("none.host1.example")),
                        ("tree.example", .dname, wire("host1.example")),
                    ])
            ])
    }

    @Test(
        "synthesizes from the wildcard at the closest encloser only",
        arguments: [
            ("host3.example", RRType.mx, 1, UInt16(0)), ("host3.example", .a, 0, 0),
            ("foo.bar.example", .txt, 1, 0), ("host1.example", .mx, 0, 0),
            ("sub.*.example", .mx, 0, 0), ("_telnet._tcp.host1.example", .srv, 0, 3),
            ("ghost.*.example", .mx, 0, 3), ("_tcp.host1.example", .a, 0, 0),
            ("*.example", .txt, 1, 0),
        ])
    func wildcards(name: String, type: RRType, count: Int, rcode: UInt16) throws {
        let answer = try #require(try site().ask(name, type))
        #expect(answer.rcode == rcode)
        #expect(answer.answer.count == count)
        #expect(answer.isAuthoritative)
        if count == 0 { #expect(answer.authority.map(\.type) == [.soa]) }
    }

    @Test("refers to the servers of a delegated subdomain, with their addresses here")
    func referral() throws {
        for name in ["host.subdel.example", "subdel.example"] {
            let answer = try #require(try site().ask(name, .a))
            #expect(answer.rcode == 0 && answer.answer.isEmpty && !answer.isAuthoritative)
            #expect(answer.authority.map(\.target) == ["ns.subdel.example.", "ns.example.org."])
            #expect(answer.authority.map(\.owner) == ["subdel.example.", "subdel.example."])
            #expect(answer.additional.map(\.rdata) == [[192, 0, 2, 53]])
        }
        // DS belongs to the parent.
        let ds = try #require(try site().ask("subdel.example", .ds))
        #expect(ds.isAuthoritative && ds.authority.map(\.type) == [.soa])
    }

    @Test("follows a CNAME inside, through a DNAME, and upstream")
    func aliases() throws {
        let site = try site()
        let inside = try #require(site.ask("alias.example", .a))
        #expect(inside.answer.map(\.type) == [.cname, .a])
        let dname = try #require(site.ask("_ssh._tcp.tree.example", .srv))
        #expect(dname.answer.map(\.type) == [.dname, .cname, .srv])
        #expect(dname.answer[1].owner == "_ssh._tcp.tree.example.")
        #expect(dname.answer[1].target == "_ssh._tcp.host1.example.")
        let dead = try #require(site.ask("dead.example", .a))
        #expect(dead.rcode == 3 && dead.answer.map(\.type) == [.cname])
        #expect(site.ask("away.example", .a) == nil)
        site.reply { $0.add("www.example.org", .a, [203, 0, 113, 7]) }
        #expect(site.lastAnswer?.answer.map(\.type) == [.cname, .a])
    }

    @Test("is authoritative for an alias that leads below a zone cut (RFC 1035 §4.1.1)")
    func aliasIntoCut() throws {
        let site = Site(zones: [
            try zone(
                "example", mode: .authoritative,
                [
                    ("alias.example", .cname, wire("host.sub.example")),
                    ("sub.example", .ns, wire("ns.example.org")),
                ])
        ])
        let answer = try #require(site.ask("alias.example", .a))
        #expect(answer.answer.map(\.type) == [.cname])
        #expect(answer.authority.map(\.owner) == ["sub.example."])
        #expect(answer.isAuthoritative)
        #expect(try !#require(site.ask("host.sub.example", .a)).isAuthoritative)
    }

    @Test("answers CNAME below a DNAME with the CNAME that it makes, and goes no further")
    func cnameBelowDNAME() throws {
        let answer = try #require(try site().ask("none.tree.example", .cname))
        #expect(answer.rcode == 0 && answer.isAuthoritative)
        #expect(answer.answer.map(\.type) == [.dname, .cname])
        #expect(answer.authority.isEmpty)
        #expect(try #require(try site().ask("none.tree.example", .a)).rcode == 3)
    }

    @Test("gives the addresses that a wildcard has for a zone cut's name server")
    func wildcardAddresses() throws {
        let site = Site(zones: [
            try zone(
                "example", mode: .authoritative,
                [
                    ("sub.example", .ns, wire("ns.servers.example")),
                    ("*.servers.example", .a, [192, 0, 2, 53]),
                ])
        ])
        let answer = try #require(site.ask("host.sub.example", .a))
        #expect(answer.additional.map(\.owner) == ["ns.servers.example."])
        #expect(answer.additional.map(\.rdata) == [[192, 0, 2, 53]])
    }

    @Test("says NXDOMAIN with the SOA of the file, its TTL the smaller of both")
    func negative() throws {
        var soa = wire("ns.example") + wire("admin.example")
        soa += [0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 30]
        let site = Site(zones: [
            try zone("example", mode: .authoritative, [("example", .soa, soa)])
        ])
        let answer = try #require(site.ask("nothing.example", .a))
        #expect(answer.rcode == 3)
        #expect(answer.authority.map(\.ttl) == [30])
        #expect(answer.authority.map(\.rdata) == [soa])
    }

    @Test("drops whole RRsets that do not fit and sets TC")
    func truncation() throws {
        let records = (0..<40).map { ("big.example", RRType.a, [10, 0, 0, UInt8($0)]) }
        let site = Site(zones: [try zone("example", mode: .authoritative, records)])
        let small = try #require(site.ask("big.example", .a))
        #expect(small.isTruncated && small.answer.isEmpty && small.octets.count <= 512)
        let large = try #require(site.ask("big.example", .a, edns: true))
        #expect(!large.isTruncated && large.answer.count == 40)
        #expect(try #require(site.ask("big.example", .a, over: .tcp)).answer.count == 40)
    }

    @Test("refuses conflicting records")
    func conflicts() throws {
        var builder = ZoneBuilder(
            ZoneSettings(apex: Site.name("example"), mode: .authoritative), seed: 1)
        let owner = Site.name("www.example")
        try builder.add(owner: owner, type: .a, ttl: 60, rdata: [1, 2, 3, 4])
        #expect(throws: ZoneError.cnameAndOtherData(owner)) {
            try builder.add(owner: owner, type: .cname, ttl: 60, rdata: wire("x.example"))
        }
        #expect(throws: ZoneError.outsideZone(Site.name("www.other"))) {
            try builder.add(owner: Site.name("www.other"), type: .a, ttl: 60, rdata: [1, 2, 3, 4])
        }
        #expect(throws: ZoneError.publicOutsideOverlay(owner)) {
            try builder.addPublic(owner: owner)
        }
    }

    @Test("answers the SOA that is made when the file has none")
    func madeSOA() throws {
        let answer = try #require(try site().ask("example", .soa))
        #expect(answer.answer.map(\.type) == [.soa] && answer.isAuthoritative)
    }

    @Test("leaves a delegated domain to a forward rule for it, glue and the cut itself included")
    func forwardedDelegation() throws {
        let records: [(String, RRType, [UInt8])] = [
            ("sub.lab.example", .ns, Site.name("ns.sub.lab.example").octets),
            ("ns.sub.lab.example", .a, [192, 0, 2, 53]), ("www.lab.example", .a, [192, 0, 2, 1]),
        ]
        let zone = try zone("lab.example", mode: .authoritative, records)
        let site = Site(zones: [zone], forward: [Site.rule("sub.lab.example")])
        for name in ["sub.lab.example", "ns.sub.lab.example", "x.y.sub.lab.example"] {
            #expect(site.ask(name, .a) == nil, "\(name)")
            #expect(site.reply { $0.add(name, .a, [203, 0, 113, 1]) })
            #expect(site.lastAnswer?.answer.map(\.rdata) == [[203, 0, 113, 1]])
        }
        #expect(site.ask("www.lab.example", .a)?.isAuthoritative == true)
        // The DS record is on this side of the cut (RFC 4035 §3.1.4.1).
        #expect(site.ask("sub.lab.example", .ds)?.authority.map(\.owner) == ["lab.example."])
    }

    @Test("sets TC when a referral's glue does not fit (RFC 9471 §3.1)")
    func glue() throws {
        var records = [("sub.example", RRType.ns, wire("ns.sub.example"))]
        records += (0..<40).map { ("ns.sub.example", .a, [10, 0, 0, UInt8($0)]) }
        let site = Site(zones: [try zone("example", mode: .authoritative, records)])
        #expect(try #require(site.ask("x.sub.example", .a)).isTruncated)
        #expect(try #require(site.ask("x.sub.example", .a, over: .tcp)).additional.count == 40)
    }
}
