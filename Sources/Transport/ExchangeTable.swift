/// Where exchanges wait, by their number: a table with open addressing. The numbers are the consumer's,
/// nobody outside chooses them, so a multiplication spreads them well enough. An object, so that its
/// owner's accesses to it need no run-time checks.
final class ExchangeTable {
    private struct Entry {
        let exchange: UInt64
        let place: ExchangePlace
    }

    /// A power of two of them, at least half empty.
    private var entries: [Entry?] = Array(repeating: nil, count: 64)
    private(set) var count = 0

    // The entries leave their owner while they are changed: so no access to them has to be checked at run
    // time.

    private static func home(_ exchange: UInt64, _ entries: [Entry?]) -> Int {
        let product = exchange &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: product >> 32) & (entries.count &- 1)
    }

    /// The exchange's index, or the empty one where it would be.
    private static func index(of exchange: UInt64, _ entries: [Entry?]) -> Int {
        var index = home(exchange, entries)
        while let entry = entries[index], entry.exchange != exchange {
            index = (index &+ 1) & (entries.count &- 1)
        }
        return index
    }

    subscript(exchange: UInt64) -> ExchangePlace? {
        let entries = entries
        return entries[Self.index(of: exchange, entries)]?.place
    }

    func set(_ place: ExchangePlace, for exchange: UInt64) {
        var entries: [Entry?] = []
        swap(&entries, &self.entries)
        var index = Self.index(of: exchange, entries)
        if entries[index] == nil {
            if 2 &* (count &+ 1) > entries.count {
                entries = Self.grown(entries)
                index = Self.index(of: exchange, entries)
            }
            count &+= 1
        }
        entries[index] = Entry(exchange: exchange, place: place)
        self.entries = entries
    }

    func remove(_ exchange: UInt64) {
        var entries: [Entry?] = []
        swap(&entries, &self.entries)
        defer { swap(&entries, &self.entries) }
        var hole = Self.index(of: exchange, entries)
        guard entries[hole] != nil else { return }
        count &-= 1
        let mask = entries.count &- 1
        var next = hole
        // Those behind that are not at home move up, so that no look-up ends at the hole too early.
        while true {
            next = (next &+ 1) & mask
            guard let entry = entries[next] else { break }
            let distance = (next &- Self.home(entry.exchange, entries)) & mask
            guard distance >= (next &- hole) & mask else { continue }
            entries[hole] = entry
            hole = next
        }
        entries[hole] = nil
    }

    private static func grown(_ old: [Entry?]) -> [Entry?] {
        var entries: [Entry?] = Array(repeating: nil, count: old.count &* 2)
        for case let entry? in old { entries[index(of: entry.exchange, entries)] = entry }
        return entries
    }
}
