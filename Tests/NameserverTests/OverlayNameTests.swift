import DNS
import Nameserver
import Testing

@Suite("The names that an audit asks for")
struct OverlayNameTests {
    private let gateway: [UInt8] = [192, 168, 10, 50]

    private func names(_ zone: Zone) -> [String] {
        let site = Site(zones: [zone])
        var names: [String] = []
        site.snapshot.views[0].forEachName(
            ofOverlay: zone.settings.apex, probe: Site.name("probe")
        ) { name in
            let asked = name.owner == name.asked ? "" : " as \(name.asked.lineDescription)"
            names.append("\(name.owner.lineDescription)\(asked)\(name.isPublic ? " public" : "")")
        }
        return names
    }

    @Test("are those with addresses, those under a wildcard and those that were handed back")
    func owned() throws {
        let zone = try zone(
            "home.test", public: ["plex.home.test", "*.out.home.test"],
            [
                ("*.home.test", .a, gateway), ("www.home.test", .a, gateway),
                // Its endpoint is the wildcard's; the names between it and the apex are nobody's.
                ("a.b.home.test", .txt, [1, 0x78]),
            ])
        #expect(
            names(zone) == [
                "*.home.test as probe.home.test", "www.home.test", "a.b.home.test",
                "plex.home.test public", "*.out.home.test as probe.out.home.test public",
            ])
    }

    @Test("are not those with records of other types alone")
    func notOwned() throws {
        let zone = try zone("home.test", [("home.test", .txt, [1, 0x78])])
        #expect(names(zone) == [])
    }

    @Test("a record is from here when a zone has it, for wildcards too, and else it is not")
    func records() throws {
        let view = Site(zones: [try zone("home.test", [("*.home.test", .a, gateway)])])
            .snapshot.views[0]
        #expect(view.hasRecord(Site.name("x.y.home.test"), .a, gateway))
        #expect(!view.hasRecord(Site.name("x.home.test"), .a, [203, 0, 113, 1]))
        #expect(!view.hasRecord(Site.name("x.home.test"), .aaaa, gateway))
        #expect(!view.hasRecord(Site.name("www.example.com"), .a, gateway))
    }

    @Test("a view's client is one that no longer prefix takes from it")
    func client() throws {
        func client(_ prefixes: [String], _ others: [String]) -> IPAddress? {
            let snapshot = Site([
                ViewDescription(name: "lan", clients: prefixes.map(Site.prefix)),
                ViewDescription(name: "guests", clients: others.map(Site.prefix)),
            ]).snapshot
            return snapshot.client(of: snapshot.views[0])
        }
        #expect(client(["10.0.0.0/8"], []) == .v4(0x0a00_0000))
        #expect(client(["10.0.0.0/8"], ["10.0.0.0/16"]) == .v4(0x0aff_ffff))
        #expect(client(["10.0.0.0/31"], ["10.0.0.0/32", "10.0.0.1/32"]) == nil)
        #expect(client(["fd00::/64"], ["fd00::/128"]) == IPAddress("fd00::1"))
    }
}
