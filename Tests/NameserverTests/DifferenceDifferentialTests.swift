import DNS
import Nameserver
import Testing

/// Pairs of zones made at random: what the difference lists is held against what the processor answers
/// to names of all kinds, those that nobody wrote down among them.
@Suite("The difference of two views, and what they answer")
struct DifferenceDifferentialTests {
    /// A generator whose numbers are the same in each run.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static let labels = ["a", "b", "c"]
    /// Those of records, wildcards without the last two.
    private static let types: [RRType] = [.a, .aaaa, .https, .txt, .cname, .dname, .ns]
    private static let askedTypes = types + [.svcb, .soa]

    /// A name of up to three labels below the apex, with a wildcard at its front alone.
    private static func name(_ numbers: inout Numbers, wildcards: Bool) -> String {
        let count = Int.random(in: 0...3, using: &numbers)
        var labels = (0..<count).map { _ in
            Self.labels[Int.random(in: 0..<3, using: &numbers)]
        }
        if wildcards, count > 0, Bool.random(using: &numbers) { labels[0] = "*" }
        return (labels + ["home.test"]).joined(separator: ".")
    }

    private static func rdata(_ type: RRType, _ numbers: inout Numbers) -> [UInt8] {
        let octet = UInt8.random(in: 1...2, using: &numbers)
        return switch type {
        case .a: [10, 0, 0, octet]
        case .aaaa: [UInt8](repeating: 0, count: 15) + [octet]
        case .https: [0, octet, 0]
        case .txt: [1, octet]
        default: wire(octet == 1 ? "one.target.test" : "two.target.test")
        }
    }

    /// A zone of a few names; what may not stand beside each other is left out.
    private static func zone(
        _ numbers: inout Numbers, names: inout Set<DomainName>
    ) throws -> Zone {
        let mode: ZoneSettings.Mode = Bool.random(using: &numbers) ? .overlay : .authoritative
        var settings = ZoneSettings(apex: Site.name("home.test"), mode: mode)
        if Int.random(in: 0..<4, using: &numbers) == 0 { settings.ownedTypes = [.a] }
        var builder = ZoneBuilder(settings, seed: Site.seed)
        for _ in 0..<Int.random(in: 1...6, using: &numbers) {
            let owner = Site.name(name(&numbers, wildcards: true))
            var known: DomainName? = owner
            while let name = known, name.isAtOrBelow(settings.apex) {
                names.insert(name)
                known = name.parent
            }
            if mode == .overlay, Int.random(in: 0..<5, using: &numbers) == 0 {
                try? builder.addPublic(owner: owner)
                continue
            }
            let choices = owner.isWildcard ? types.dropLast(2) : types[...]
            guard let type = choices.randomElement(using: &numbers) else { continue }
            // An authoritative zone has a SOA record there, and no alias stands beside it.
            if owner == settings.apex, type == .cname { continue }
            try? builder.add(
                owner: owner, type: type, ttl: 60, rdata: rdata(type, &numbers))
        }
        return try builder.build()
    }

    /// A site, and all names that it says something of.
    private static func site(_ numbers: inout Numbers) throws -> (Site, Set<DomainName>) {
        var names: Set<DomainName> = []
        var rules = [Site.rule()]
        if Int.random(in: 0..<4, using: &numbers) == 0 {
            rules.append(Site.rule(name(&numbers, wildcards: false)))
            names.insert(rules[1].domain)
        }
        // What aliases lead to is the same everywhere.
        var targets = ZoneBuilder(
            ZoneSettings(apex: Site.name("target.test"), mode: .authoritative), seed: Site.seed)
        try targets.add(
            owner: Site.name("one.target.test"), type: .a, ttl: 60, rdata: [10, 0, 0, 9])
        let zones = [try zone(&numbers, names: &names), try targets.build()]
        return (Site(zones: zones, forward: rules), names)
    }

    /// What the site says, as far as it is here: rcode, answer and authority sections.
    private static func answer(_ site: Site, _ name: String, _ type: RRType) -> String {
        guard let answer = site.ask(name, type) else { return "upstream" }
        // A chain's further links are changes of the names that they lead to.
        let records = answer.answer.prefix { $0.owner == answer.answer.first?.owner }
        let first = records.map { "\($0.owner) \($0.type) \($0.ttl) \($0.rdata)" }.sorted()
        let servers = answer.authority.filter { $0.type == .ns }.map { "\($0.rdata)" }.sorted()
        return "\(answer.answer.isEmpty ? answer.rcode : 0) \(first) \(servers)"
    }

    @Test("lists the names whose answers differ, and no others", arguments: 0..<300)
    func exact(seed: Int) throws {
        var numbers = Numbers(state: UInt64(seed) &* 7919 &+ 17)
        let (before, namesBefore) = try Self.site(&numbers)
        let (after, namesAfter) = try Self.site(&numbers)
        let known = namesBefore.union(namesAfter)
        var listed: [DomainName: NameChange] = [:]
        var listedBelow: [DomainName: NameChange] = [:]
        let difference = ViewDifference(
            from: before.snapshot.views[0], to: after.snapshot.views[0])
        difference.forEachChange { change in
            if change.isBelow {
                #expect(listedBelow[change.name] == nil, "\(change.name) is listed once")
                listedBelow[change.name] = change
            } else {
                #expect(listed[change.name] == nil, "\(change.name) is listed once")
                listed[change.name] = change
            }
        }
        for _ in 0..<40 {
            let text = Self.name(&numbers, wildcards: false)
            let name = Site.name(text)
            let change: NameChange?
            if known.contains(name) {
                change = listed[name]
            } else {
                var encloser = name.parent
                while let parent = encloser, !known.contains(parent) { encloser = parent.parent }
                change = encloser.flatMap { listedBelow[$0] }
            }
            let types = Self.askedTypes.filter { type in
                Self.answer(before, text, type) != Self.answer(after, text, type)
            }
            let told = change?.answers.map(\.type) ?? []
            #expect(
                types.isEmpty == told.isEmpty,
                "\(text): \(types) differ, \(told) are told; seed \(seed)")
            #expect(Set(told).isSubset(of: types), "\(text): \(told) of \(types); seed \(seed)")
        }
    }
}
