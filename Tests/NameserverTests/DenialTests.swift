import DNS
import Nameserver
import Testing

/// RFC 8020: below a name that does not exist there is nothing.
@Suite("Denials of whole names")
struct DenialTests {
    /// Lets the upstream deny a name; by `flags` it says that it has validated that.
    private func deny(
        _ name: String, on site: Site, zone: String? = "example", flags: UInt16 = 0x0020
    ) {
        site.ask(name, .a)
        site.reply(rcode: 3, flags: flags) { if let zone { $0.addSOA(zone) } }
    }

    @Test("hold for every type, and for every name below, without a question to anyone")
    func cut() throws {
        let site = Site()
        deny("a.example", on: site)
        site.advance(seconds: 4)
        for (name, type) in [
            ("a.example", RRType.aaaa), ("a.example", .txt), ("x.a.example", .a),
            ("y.x.A.Example", .https),
        ] {
            let answer = try #require(site.ask(name, type, edns: true))
            #expect(answer.rcode == 3 && answer.answer.isEmpty && answer.extendedError == nil)
            #expect(answer.question == name + ".")
            #expect(answer.authority.map(\.type) == [.soa] && answer.authority.map(\.ttl) == [26])
            #expect(answer.authority.map(\.owner).first?.lowercased() == "example.")
        }
        #expect(site.sent.isEmpty)
        // Beside it is not below it.
        for name in ["b.example", "xa.example", "example"] {
            #expect(site.ask(name, .a) == nil)
        }
        site.advance(seconds: 27)
        #expect(site.ask("z.a.example", .a) == nil)
    }

    @Test("are made of NXDOMAIN with SOA alone, and not of one behind an alias")
    func others() throws {
        let site = Site()
        deny("a.example", on: site, zone: nil)
        #expect(site.ask("a.example", .a)?.rcode == 3 && site.ask("x.a.example", .a) == nil)
        #expect(site.ask("a.example", .txt) == nil)
        site.sent = []
        site.ask("b.example", .a)
        site.reply(rcode: 3) {
            $0.add("b.example", .cname, wire("gone.example"))
            $0.addSOA("example")
        }
        #expect(site.lastAnswer?.rcode == 3)
        #expect(site.ask("b.example", .txt) == nil && site.ask("x.b.example", .a) == nil)
        #expect(site.ask("gone.example", .a) == nil)
    }

    @Test("reach below the name only when validated, and not in the root's zone")
    func unproven() throws {
        let site = Site()
        deny("a.example", on: site, flags: 0)
        #expect(site.ask("a.example", .txt)?.rcode == 3)
        #expect(site.ask("x.a.example", .a) == nil, "an empty non-terminal may be denied")
        site.sent = []
        // A resolver on the site has tv.lan, though the root has no lan.
        site.ask("lan", .a)
        site.reply(rcode: 3, flags: 0x0020) { $0.addSOA(".") }
        #expect(site.ask("lan", .aaaa)?.rcode == 3 && site.ask("tv.lan", .a) == nil)
    }

    @Test("are those of one rule, and of one way to ask")
    func keys() throws {
        // The same server, so the same partition of the cache.
        let site = Site(forward: [Site.rule(), Site.rule("sub.a.example")])
        deny("a.example", on: site)
        #expect(site.ask("x.sub.a.example", .a) == nil, "another rule's name")
        #expect(site.ask("sub.a.example", .a) == nil)
        #expect(site.ask("x.a.example", .a, dnssecOK: true) == nil)
        #expect(site.ask("x.a.example", .a, flags: 0x0110) == nil)
    }

    @Test("never cover a name of a zone here")
    func ownNames() throws {
        let zone = try zone("a.example", [("nas.a.example", .a, [192, 168, 10, 60])])
        let site = Site(zones: [zone])
        site.ask("a.example", .txt)
        site.reply(rcode: 3, flags: 0x0020) { $0.addSOA("example") }
        #expect(site.ask("nas.a.example", .a)?.answer.count == 1)
        let other = try #require(site.ask("nas.a.example", .txt))
        #expect(other.rcode == 0 && other.answer.isEmpty && other.authority.count == 1)
        #expect(site.ask("else.a.example", .txt)?.rcode == 3)
        #expect(site.sent.isEmpty)
    }

    @Test("are refreshed in time when the name itself is asked for again")
    func refreshed() throws {
        let site = Site()
        deny("a.example", on: site)
        #expect(site.ask("a.example", .a)?.rcode == 3)
        site.advance(seconds: 28)
        #expect(site.ask("a.example", .a)?.rcode == 3)
        #expect(site.sent.count == 1)
        site.reply { $0.add("a.example", .a, [1, 2, 3, 4]) }
        #expect(site.ask("a.example", .a)?.answer.count == 1)
        #expect(site.ask("a.example", .txt) == nil, "the name exists by now")
    }
}
