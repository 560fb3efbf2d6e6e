import DNS
import Nameserver
import TestSupport
import Testing

@Suite("Why a name is answered as it is")
struct DecisionTests {
    private static let file = "zones/home.test.yaml"
    private let client: IPAddress = .v4(0xc0a8_0a07)

    /// An owner name, its line, and what stands there; nothing is the word `public`.
    private typealias Entry = (owner: String, line: UInt32, records: [(RRType, [UInt8])])

    private func zone(
        _ entries: [Entry], mode: ZoneSettings.Mode = .overlay, reverse: Bool = false
    ) throws -> Zone {
        let settings = ZoneSettings(
            apex: Site.name("home.test"), mode: mode, reverse: reverse)
        var builder = ZoneBuilder(settings, file: Self.file, seed: Site.seed)
        for entry in entries {
            let owner = Site.name(entry.owner)
            if entry.records.isEmpty {
                try builder.addPublic(owner: owner, line: entry.line)
                continue
            }
            _ = try builder.open(owner, line: entry.line)
            for (index, (type, rdata)) in entry.records.enumerated() {
                try builder.add(
                    type: type, ttl: 60, rdata: rdata, line: entry.line + UInt32(index))
            }
        }
        return try builder.build()
    }

    private func decision(_ site: Site, _ name: String, _ type: RRType) throws -> Decision {
        try #require(site.snapshot.decision(Site.name(name), type, for: client))
    }

    private func text(_ site: Site, _ name: String, _ type: RRType) throws -> String {
        "\(try decision(site, name, type))"
    }

    private func home() throws -> Site {
        let zone = try zone([
            ("*.home.test", 1, [(.a, [192, 168, 10, 50])]),
            ("plex.home.test", 2, []),
            (
                "app.home.test", 3,
                [(.a, [192, 168, 10, 61]), (.https, [0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32])]
            ),
            ("alias.home.test", 5, [(.cname, wire("app.home.test"))]),
            ("*.lab.home.test", 6, []),
            ("mail.home.test", 7, [(.mx, [0, 10] + wire("app.home.test"))]),
        ])
        let place = ConfigurationPlace(file: "horizond.yaml", line: 12)
        let rule = ForwardRule(
            domain: .root, place: place, upstreams: [UpstreamAddress(.v4(0x0101_0101))])
        return Site(zones: [zone], forward: [rule])
    }

    @Test("a record, a wildcard and what they hide are named with their lines")
    func owned() throws {
        let site = try home()
        #expect(
            try text(site, "app.home.test", .a)
                == "zone home.test: app.home.test (zones/home.test.yaml:3)")
        // The HTTPS record stands on a line of its own, what is not there on that of the name.
        #expect(try text(site, "app.home.test", .https).hasSuffix("(zones/home.test.yaml:4)"))
        #expect(try text(site, "app.home.test", .aaaa).hasSuffix("(zones/home.test.yaml:3)"))
        #expect(
            try text(site, "x.y.home.test", .https)
                == "zone home.test: *.home.test (zones/home.test.yaml:1)")
        guard case .zone(let alias) = try decision(site, "alias.home.test", .a) else {
            Issue.record("an alias of the zone is answered by it")
            return
        }
        #expect(alias.answer == .alias(.cname, target: Site.name("app.home.test")))
        #expect(alias.owner?.place?.line == 5)
    }

    @Test("a service name is its host's")
    func service() throws {
        let site = try home()
        let app = try text(site, "_8443._https.app.home.test", .https)
        #expect(app == "zone home.test: app.home.test (zones/home.test.yaml:3)")
        let other = try text(site, "_8443._https.x.home.test", .https)
        #expect(other == "zone home.test: *.home.test (zones/home.test.yaml:1)")
        #expect(
            try text(site, "_8443._https.plex.home.test", .https)
                == "forward . (horizond.yaml:12), public by plex.home.test (zones/home.test.yaml:2)"
        )
    }

    @Test("what goes upstream says why the zone did not answer")
    func passed() throws {
        let site = try home()
        #expect(
            try text(site, "plex.home.test", .a)
                == "forward . (horizond.yaml:12), public by plex.home.test (zones/home.test.yaml:2)"
        )
        #expect(try text(site, "a.lab.home.test", .a).contains("*.lab.home.test"))
        #expect(
            try text(site, "app.home.test", .txt)
                == "forward . (horizond.yaml:12), left to the public zone by app.home.test (zones/home.test.yaml:3)"
        )
        #expect(
            try text(site, "home.test", .a)
                == "forward . (horizond.yaml:12), no name of zone home.test matches")
        #expect(try text(site, "www.example.com", .a) == "forward . (horizond.yaml:12)")
    }

    @Test("names of the server itself, of its guard, and of nobody")
    func others() throws {
        let site = Site(forward: [Site.rule("example.com")])
        #expect(try text(site, "localhost", .a) == "built-in zone localhost: localhost")
        #expect(try text(site, "a.test", .a) == "built-in zone test: no such name")
        #expect(
            try text(site, "mask.icloud.com", .a) == "bypass-guard: iCloud Private Relay stays off")
        guard case .refused = try decision(site, "example.org", .a) else {
            Issue.record("no rule is for it")
            return
        }
    }

    @Test("the view's longest prefix decides, and a client in no view has none")
    func views() throws {
        let place = ConfigurationPlace(file: "horizond.yaml", line: 3)
        let site = Site([
            ViewDescription(
                name: "lan", place: place,
                clients: [Site.prefix("192.168.0.0/16"), Site.prefix("192.168.10.0/24")]),
            ViewDescription(name: "guests", clients: [Site.prefix("192.168.10.128/25")]),
        ])
        let choice = try #require(site.snapshot.viewChoice(for: client))
        #expect("\(choice)" == "view lan (192.168.10.0/24)" && choice.place == place)
        #expect(site.snapshot.viewChoice(for: .v4(0xc0a8_0a81))?.name == "guests")
        #expect(site.snapshot.viewChoice(for: .v4(0x0a00_0001)) == nil)
    }

    @Test("an address's PTR record is explained by the host that has it")
    func reverse() throws {
        let zone = try zone(
            [("nas.home.test", 4, [(.a, [192, 168, 10, 60])])], mode: .authoritative, reverse: true)
        let site = Site(zones: [zone])
        #expect(
            try text(site, "60.10.168.192.in-addr.arpa", .ptr).hasSuffix(
                ": nas.home.test (zones/home.test.yaml:4)"))
    }

    @Test(
        "the owner that is named is the one whose data are answered, in any zone",
        arguments: [ZoneSettings.Mode.overlay, .authoritative])
    func agreesWithAnswers(mode: ZoneSettings.Mode) throws {
        var random = SeededGenerator(seed: 0x0dec_1510)
        for _ in 0..<60 {
            var entries: [Entry] = []
            var seen: Set<String> = []
            for line in 1...UInt32.random(in: 2...9, using: &random) {
                let labels = (0..<Int.random(in: 1...3, using: &random)).map { label in
                    label == 0 && Bool.random(using: &random)
                        ? "*" : ["a", "b", "_x"].randomElement(using: &random) ?? "a"
                }
                let owner = (labels + ["home.test"]).joined(separator: ".")
                guard seen.insert(owner).inserted else { continue }
                let isPublic = mode == .overlay && Int.random(in: 0..<4, using: &random) == 0
                let type: RRType = Int.random(in: 0..<4, using: &random) == 0 ? .txt : .a
                let data: [UInt8] = type == .a ? [10, 0, 0, UInt8(line)] : [1, UInt8(line)]
                entries.append((owner, line, isPublic ? [] : [(type, data)]))
            }
            let site = Site(zones: [try zone(entries, mode: mode)])
            for _ in 0..<60 {
                let labels = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                    ["a", "b", "_x", "_y", "c"].randomElement(using: &random) ?? "a"
                }
                let name = (labels + ["home.test"]).joined(separator: ".")
                let type: RRType = [.a, .https, .txt].randomElement(using: &random) ?? .a
                try compare(site, mode, name, type, entries)
            }
        }
    }

    /// Holds what is explained against what is answered: the line of an address is its last octet.
    private func compare(
        _ site: Site, _ mode: ZoneSettings.Mode, _ name: String, _ type: RRType,
        _ entries: [Entry]
    ) throws {
        let answer = site.ask(name, type)
        let what: Comment = "\(name) \(type) of \(entries)"
        switch try decision(site, name, type) {
        case .forward(let forward):
            #expect(answer == nil, what)
            if case .handedBack(let owner)? = forward.passedBy?.reason {
                let entry = try #require(entries.first { Site.name($0.owner) == owner.name })
                #expect(entry.records.isEmpty && owner.place?.line == Int(entry.line), what)
            }
        case .zone(let zone):
            let answer = try #require(answer, what)
            #expect(site.processor.source == (mode == .overlay ? .overlay : .zone))
            if let data = answer.answer.first {
                #expect(zone.answer == .records, what)
                #expect(zone.owner?.place?.line == data.rdata.last.map(Int.init), what)
            } else {
                #expect(zone.answer == (answer.rcode == 3 ? .nameError : .noData), what)
            }
        case .refused:
            Issue.record(what)
        }
    }
}
