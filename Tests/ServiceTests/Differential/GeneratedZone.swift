import DNS
import TestSupport

/// A zone that three servers load: hand-written corner cases and a tree of names drawn by a seed.
struct GeneratedZone {
    static let apex = "differential.example."
    private(set) var records: [ZoneRecord] = []
    /// The owner names, each once, in the order in which they came.
    private(set) var owners: [String] = []
    private var types: [DomainName: Set<String>] = [:]
    private var tails: Set<DomainName> = []

    init(seed: UInt64) throws {
        for (owner, type, words) in ZoneCases.all { try add(owner, type, words) }
        var generator = SeededGenerator(seed: seed)
        try addTree(&generator)
    }

    /// What the zone file says, without the SOA record that comes first.
    var zoneFile: String {
        "$ORIGIN \(Self.apex)\n" + records.map(\.line).joined()
    }

    /// The zone as horizond reads it: every name once, with all its records.
    var octoDNS: String {
        var names: [DomainName: (key: String, records: [String])] = [:]
        var order: [DomainName] = []
        for record in records {
            guard let name = try? Self.name(record.owner) else { continue }
            if names[name] == nil { order.append(name) }
            names[name, default: (record.owner, [])].records.append(record.octoDNS)
        }
        return order.map { name in
            let (key, records) = names[name] ?? ("", [])
            let lines = records.map { "  - \($0)\n" }
            return "\(ZoneRecord.scalar(key)):\n\(lines.joined())"
        }.joined()
    }

    /// The absolute name of one that is relative to the apex.
    static func name(_ owner: String) throws -> DomainName {
        let apex = try DomainName(Self.apex)
        return owner.isEmpty ? apex : try DomainName(owner, relativeTo: apex)
    }

    /// The types of RRsets at this name; none for an empty non-terminal.
    func types(at owner: String) -> [String] {
        guard let name = try? Self.name(owner) else { return [] }
        return types[name, default: []].sorted()
    }

    private mutating func add(_ owner: String, _ type: String, _ words: [String]) throws {
        let name = try Self.name(owner)
        if types[name] == nil { owners.append(owner) }
        types[name, default: []].insert(type)
        // One TTL for each RRset (RFC 2181 §5.2), another for most.
        var ttl = 5
        for octet in name.lowercased.octets + Array(type.utf8) {
            ttl = (ttl * 31 + Int(octet)) % 7000
        }
        records.append(ZoneRecord(owner: owner, type: type, ttl: ttl, words: words))
    }
}

// MARK: The tree

extension GeneratedZone {
    private static let treeSize = 1200
    /// Few labels, so that names meet.
    private static let labels = ["a", "b", "c", "d", "e", "*", "A", "x*"]

    /// A label of the tree, or one that is not in it.
    static func label(_ generator: inout SeededGenerator) -> String {
        generator.oneIn(6) ? generator.pick(["q", "\\000", "zz"]) : generator.pick(labels)
    }

    /// A name of one to five labels in the tree below `r`.
    static func treeName(_ generator: inout SeededGenerator) -> String {
        let depth = 1 + generator.below(5)
        return (0..<depth).map { _ in generator.pick(labels) + "." }.joined() + "r"
    }

    private mutating func addTree(_ generator: inout SeededGenerator) throws {
        for number in 0..<Self.treeSize {
            let owner = Self.treeName(&generator)
            let name = try Self.name(owner)
            // What has a CNAME has nothing else (RFC 1034 §3.6.2), and below a DNAME is nothing
            // (RFC 6672 §2.4).
            guard types[name] == nil, !isBelowDNAME(name) else { continue }
            switch generator.below(12) {
            case 0, 1: try add(owner, "CNAME", [target(&generator)])
            case 2 where !name.isWildcard && !hasNamesBelow(name):
                try add(owner, "DNAME", [target(&generator)])
                tails.insert(name)
                if generator.oneIn(2) { try add(owner, "A", ["192.0.2.\(number % 256)"]) }
            case 3 where !name.isWildcard: try addCut(owner, &generator)
            case 4: try add(owner, "MX", ["10", target(&generator)])
            case 5: try add(owner, "TXT", ["text \(number)"])
            default:
                for _ in 0...generator.below(3) {
                    let address = "192.0.2.\(generator.below(256))"
                    try? add(owner, "A", [address])
                }
                if generator.oneIn(2) { try add(owner, "AAAA", ["2001:db8::\(number)"]) }
            }
        }
    }

    /// A delegation with name servers inside it, beside it, in the zone, outside, or missing.
    private mutating func addCut(_ owner: String, _ generator: inout SeededGenerator) throws {
        let absolute = "\(owner).\(Self.apex)"
        for _ in 0...generator.below(2) {
            switch generator.below(5) {
            case 0: try add(owner, "NS", [absolute])
            case 1: try add(owner, "NS", ["ns.\(absolute)"])
            case 2: try add(owner, "NS", ["ns1.\(Self.apex)"])
            case 3: try add(owner, "NS", ["ns.outside.net."])
            default: try add(owner, "NS", ["\(Self.treeName(&generator)).\(Self.apex)"])
            }
        }
        let server = "ns.\(owner)"
        if try !isBelowDNAME(Self.name(server)), generator.oneIn(2) {
            try add(server, "A", ["198.51.100.\(generator.below(256))"])
        }
        if generator.oneIn(3) { try add(owner, "DS", ["1", "13", "2", ZoneCases.digest]) }
        if generator.oneIn(3) { try add(owner, "TXT", ["at the cut, so not ours to tell"]) }
    }

    /// A name for an alias to lead to.
    private func target(_ generator: inout SeededGenerator) -> String {
        switch generator.below(8) {
        case 0: "www.outside.net."
        case 1: "none.\(Self.apex)"
        case 2: "\(generator.pick(["www", "x.w", "host.sub", "ent", "x.dn", "c3"])).\(Self.apex)"
        default: "\(Self.treeName(&generator)).\(Self.apex)"
        }
    }

    private func isBelowDNAME(_ name: DomainName) -> Bool {
        var ancestor = name.parent
        while let current = ancestor {
            if tails.contains(current) { return true }
            ancestor = current.parent
        }
        return false
    }

    private func hasNamesBelow(_ name: DomainName) -> Bool {
        types.keys.contains { $0 != name && $0.isAtOrBelow(name) }
    }
}
