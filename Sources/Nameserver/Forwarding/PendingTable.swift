/// Values by the question that is in flight: a table with open addressing. The keys bring their hash, which
/// is mixed with the process's secret, so that nobody outside chooses where they are.
struct PendingTable<Value> {
    private struct Entry {
        let key: AnswerKey
        var value: Value

        mutating func change(_ body: (inout Value) -> Void) { body(&value) }
    }

    /// A power of two of them, at least half empty.
    private var entries: [Entry?] = Array(repeating: nil, count: 64)
    private(set) var count = 0

    private func home(_ key: AnswerKey) -> Int {
        Int(truncatingIfNeeded: key.hash >> 32) & (entries.count &- 1)
    }

    /// The key's index, or the empty one where it would be.
    private func index(of key: AnswerKey) -> Int {
        var index = home(key)
        while let entry = entries[index], entry.key != key {
            index = (index &+ 1) & (entries.count &- 1)
        }
        return index
    }

    subscript(key: AnswerKey) -> Value? { entries[index(of: key)]?.value }

    /// Changes the key's value in its place; false when there is none.
    mutating func change(_ key: AnswerKey, _ body: (inout Value) -> Void) -> Bool {
        let index = index(of: key)
        return entries[index]?.change(body) != nil
    }

    mutating func set(_ value: Value, for key: AnswerKey) {
        var index = index(of: key)
        if entries[index] == nil {
            if 2 &* (count &+ 1) > entries.count {
                grow()
                index = self.index(of: key)
            }
            count &+= 1
        }
        entries[index] = Entry(key: key, value: value)
    }

    @discardableResult
    mutating func remove(_ key: AnswerKey) -> Value? {
        var hole = index(of: key)
        guard let removed = entries[hole] else { return nil }
        count &-= 1
        let mask = entries.count &- 1
        var next = hole
        // Those behind that are not at home move up, so that no look-up ends at the hole too early.
        while true {
            next = (next &+ 1) & mask
            guard let entry = entries[next] else { break }
            let distance = (next &- home(entry.key)) & mask
            guard distance >= (next &- hole) & mask else { continue }
            entries[hole] = entry
            hole = next
        }
        entries[hole] = nil
        return removed.value
    }

    private mutating func grow() {
        let old = entries
        entries = Array(repeating: nil, count: old.count &* 2)
        for case let entry? in old { entries[index(of: entry.key)] = entry }
    }
}
