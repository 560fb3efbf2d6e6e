import DNS
import Nameserver
import Testing

@Suite("What another configuration would answer differently")
struct ViewDifferenceTests {
    private typealias Records = [(String, RRType, [UInt8])]

    /// The changes as `NAME TYPE`, but for those that others imply.
    private func changes(_ before: Site, _ after: Site) -> [String] {
        var lines: [String] = []
        let difference = ViewDifference(
            from: before.snapshot.views[0], to: after.snapshot.views[0])
        difference.forEachChange { change in
            guard !change.isImplied else { return }
            lines += change.answers.map { "\(change.owner.lineDescription) \($0.type)" }
        }
        return lines
    }

    private func overlay(_ records: Records, public names: [String] = []) throws -> Site {
        Site(zones: [try zone("home.test", public: names, records)])
    }

    private let gateway: [UInt8] = [192, 168, 10, 50]
    private let other: [UInt8] = [192, 168, 10, 51]

    @Test("the same records in another order and another file are no change")
    func same() throws {
        let records: Records = [
            ("a.home.test", .a, gateway), ("a.home.test", .a, other), ("*.home.test", .a, other),
        ]
        #expect(changes(try overlay(records), try overlay(records.reversed())) == [])
    }

    @Test("a wildcard's new address is one change, and the names beside it are none")
    func wildcard() throws {
        let own: Records = [("own.home.test", .a, other)]
        let before = try overlay([("*.home.test", .a, gateway)] + own, public: ["plex.home.test"])
        let after = try overlay([("*.home.test", .a, other)] + own, public: ["plex.home.test"])
        #expect(changes(before, after) == ["*.home.test A"])
    }

    @Test("a name handed back gives up every type that it owned")
    func handedBack() throws {
        let wildcard: Records = [("*.home.test", .a, gateway)]
        let before = try overlay(wildcard)
        let after = try overlay(wildcard, public: ["plex.home.test"])
        #expect(
            changes(before, after)
                == ["A", "AAAA", "SVCB", "HTTPS"].map { "plex.home.test \($0)" })
        // A name of the file on one side alone that says what the wildcard says is no change.
        let same = try overlay(wildcard + [("same.home.test", .a, gateway)])
        #expect(changes(before, same) == [])
    }

    @Test("a record of another type is a change of that type, a TTL one of its own")
    func details() throws {
        let before = try overlay([("*.home.test", .a, gateway)])
        let text: [UInt8] = [2, 0x68, 0x69]
        let after = try overlay([("*.home.test", .a, gateway), ("www.home.test", .txt, text)])
        #expect(changes(before, after) == ["www.home.test TXT"])

        func withTTL(_ ttl: UInt32) throws -> Site {
            var builder = ZoneBuilder(
                ZoneSettings(apex: Site.name("home.test")), seed: Site.seed)
            try builder.add(
                owner: Site.name("a.home.test"), type: .a, ttl: ttl, rdata: gateway)
            return Site(zones: [try builder.build()])
        }
        #expect(changes(try withTTL(60), try withTTL(300)) == ["a.home.test A"])
    }

    @Test("a zone that goes leaves its names to upstream, and none is forgotten")
    func zoneRemoved() throws {
        let before = Site(zones: [
            try zone(
                "home.example",
                [("*.home.example", .a, gateway), ("www.home.example", .a, other)])
        ])
        let gone = changes(before, Site())
        let types = ["A", "AAAA", "SVCB", "HTTPS"]
        #expect(
            Set(gone)
                == Set(types.flatMap { ["*.home.example \($0)", "www.home.example \($0)"] }))
        #expect(changes(Site(), before) == gone)
    }

    @Test("in an authoritative zone a new name hides the wildcard from those below it")
    func authoritative() throws {
        let wildcard: Records = [("*.home.test", .a, gateway)]
        let before = Site(zones: [try zone("home.test", mode: .authoritative, wildcard)])
        let after = Site(zones: [
            try zone("home.test", mode: .authoritative, wildcard + [("a.home.test", .a, gateway)])
        ])
        #expect(changes(before, after) == ["*.a.home.test A"])
    }

    @Test("a rule for a domain of a zone takes the names that the zone has not")
    func ruleInZone() throws {
        let zones = [
            try zone(
                "home.test", mode: .authoritative,
                [("a.dev.home.test", .a, gateway), ("www.home.test", .a, gateway)])
        ]
        let before = Site(zones: zones)
        let after = Site(zones: zones, forward: [Site.rule(), Site.rule("dev.home.test")])
        #expect(changes(before, after) == ["dev.home.test A", "*.dev.home.test A"])
    }

    @Test("PTR records made of addresses change with them")
    func reverse() throws {
        func site(_ address: [UInt8]) throws -> Site {
            Site(zones: [
                try zone(
                    "home.test", mode: .authoritative, reverse: true,
                    [("a.home.test", .a, address)])
            ])
        }
        #expect(
            changes(try site(gateway), try site(other)) == [
                "a.home.test A", "50.10.168.192.in-addr.arpa PTR",
                "51.10.168.192.in-addr.arpa PTR",
            ])
    }

    @Test("clients that come to another view are told, and both views' answers compared")
    func clients() throws {
        func snapshot(_ lan: [String], _ guests: [String]) throws -> Snapshot {
            let zones = [try zone("home.test", [("*.home.test", .a, gateway)])]
            return Site([
                ViewDescription(
                    name: "lan", clients: lan.map(Site.prefix), zones: zones,
                    forward: [Site.rule()]),
                ViewDescription(
                    name: "guests", clients: guests.map(Site.prefix), forward: [Site.rule()]),
            ]).snapshot
        }
        let before = try snapshot(["10.0.0.0/8"], ["192.168.20.0/24", "192.168.30.0/24"])
        let after = try snapshot(["10.0.0.0/8", "192.168.20.0/24"], ["10.9.0.0/16"])
        let difference = SnapshotDifference(from: before, to: after)
        #expect(
            difference.clients.map { "\($0.prefix) \($0.before ?? "-") \($0.after ?? "-")" } == [
                "192.168.20.0/24 guests lan", "192.168.30.0/24 guests -",
                "10.9.0.0/16 lan guests",
            ])
        #expect(
            difference.pairs.map { "\($0.before.name) \($0.after.name)" } == [
                "lan lan", "guests guests", "guests lan", "lan guests",
            ])
    }
}
