import DNS

/// Domains to numbers; the longest domain that a name is at or below wins.
struct DomainTable: Sendable {
    private let table: NameTable
    /// The longest domain's label count: longer suffixes of a name need no look-up.
    private let maximumLabelCount: Int
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
        for (domain, value) in domains {
            name.set(domain)
            _ = builder.insert(name, value: UInt32(value))
        }
        table = builder.build()
        maximumLabelCount = domains.map(\.0.labelCount).max() ?? 0
        rootValue = domains.first { $0.0.isRoot }?.1
    }

    var isEmpty: Bool { table.count == 0 }

    /// The longest domain at or above the suffix of `name` at `start`.
    func match(_ name: LookupName, from start: Int = 0) -> Match? {
        var label = max(start, name.labelCount &- maximumLabelCount)
        while label < name.labelCount {
            if let value = table.value(of: name, from: label) {
                return Match(value: Int(value), label: label)
            }
            label &+= 1
        }
        return rootValue.map { Match(value: $0, label: name.labelCount) }
    }

    func exact(_ name: LookupName) -> Int? { table.value(of: name).map(Int.init) }
}
