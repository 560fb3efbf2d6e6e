import DNS

/// Domains to numbers; the longest domain that a name is at or below wins.
struct DomainTable: Sendable {
    private let table: NameTable
    /// For each number of labels the bits of the top-level domains that domains of so many labels
    /// have. Most names are in no table, and need no look-up to know it.
    private let topLevels: [UInt64]
    private let rootValue: Int?

    /// What a look-up found.
    struct Match {
        let value: Int
        /// The label of the name at which the domain starts.
        let label: Int
    }

    init(_ domains: [(DomainName, Int)], seed: UInt64) {
        var builder = NameTableBuilder(seed: seed)
        let name = LookupName()
        var topLevels = [UInt64](
            repeating: 0, count: (domains.map(\.0.labelCount).max() ?? 0) + 1)
        for (domain, value) in domains {
            name.set(domain)
            topLevels[name.labelCount] |= name.topLevelBit
            _ = builder.insert(name, value: UInt32(value))
        }
        table = builder.build()
        self.topLevels = topLevels
        rootValue = domains.first { $0.0.isRoot }?.1
    }

    var isEmpty: Bool { table.count == 0 }

    /// The longest domain at or above the suffix of `name` at `start`.
    @inline(__always)
    func match(_ name: LookupName, from start: Int = 0) -> Match? {
        var label = max(start, name.labelCount &- (topLevels.count &- 1))
        let bit = label < name.labelCount ? name.topLevelBit : 0
        while label < name.labelCount {
            if topLevels[name.labelCount &- label] & bit != 0,
                let value = table.value(of: name, from: label)
            {
                return Match(value: Int(value), label: label)
            }
            label &+= 1
        }
        return rootValue.map { Match(value: $0, label: name.labelCount) }
    }

    func exact(_ name: LookupName) -> Int? { table.value(of: name).map(Int.init) }
}
