/// Values by the question that is in flight: a table with open addressing. The keys bring their hash, which
/// is mixed with the process's secret, so that nobody outside chooses where they are.
struct PendingTable<Value> {
    // Side by side, so that a look-up reads hashes alone until it has found the one.

    /// A power of two of them, at least half empty; 0 where there is nothing.
    private var hashes: [UInt64] = Array(repeating: 0, count: 64)
    private var keys: [AnswerKey?] = Array(repeating: nil, count: 64)
    private var values: [Value?] = Array(repeating: nil, count: 64)
    private(set) var count = 0

    private static func hash(_ key: AnswerKey) -> UInt64 { max(key.hash, 1) }

    private func home(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 32) & (hashes.count &- 1)
    }

    /// The key's index, or the empty one where it would be.
    private func index(of key: AnswerKey) -> Int {
        let hash = Self.hash(key)
        var index = home(hash)
        while hashes[index] != 0 {
            if hashes[index] == hash, keys[index] == key { return index }
            index = (index &+ 1) & (hashes.count &- 1)
        }
        return index
    }

    subscript(key: AnswerKey) -> Value? { values[index(of: key)] }

    /// Changes the key's value in its place, or sets it where there is none; true when there was none.
    mutating func join(
        _ key: AnswerKey, first: @autoclosure () -> Value, _ change: (inout Value) -> Void
    ) -> Bool {
        let index = index(of: key)
        guard hashes[index] != 0, var value = values[index].take() else {
            insert(first(), key, at: index)
            return true
        }
        change(&value)
        values[index] = value
        return false
    }

    mutating func set(_ value: Value, for key: AnswerKey) {
        let index = index(of: key)
        if hashes[index] == 0 { insert(value, key, at: index) } else { values[index] = value }
    }

    private mutating func insert(_ value: Value, _ key: AnswerKey, at index: Int) {
        var index = index
        if 2 &* (count &+ 1) > hashes.count {
            grow()
            index = self.index(of: key)
        }
        count &+= 1
        hashes[index] = Self.hash(key)
        keys[index] = key
        values[index] = value
    }

    @discardableResult
    mutating func remove(_ key: AnswerKey) -> Value? {
        var hole = index(of: key)
        guard hashes[hole] != 0 else { return nil }
        let removed = values[hole].take()
        keys[hole] = nil
        count &-= 1
        let mask = hashes.count &- 1
        var next = hole
        // Those behind that are not at home move up, so that no look-up ends at the hole too early.
        while true {
            next = (next &+ 1) & mask
            let hash = hashes[next]
            guard hash != 0 else { break }
            let distance = (next &- home(hash)) & mask
            guard distance >= (next &- hole) & mask else { continue }
            hashes[hole] = hash
            keys.swapAt(hole, next)
            values.swapAt(hole, next)
            hole = next
        }
        hashes[hole] = 0
        return removed
    }

    private mutating func grow() {
        let (oldKeys, oldValues) = (keys, values)
        let size = hashes.count &* 2
        hashes = Array(repeating: 0, count: size)
        keys = Array(repeating: nil, count: size)
        values = Array(repeating: nil, count: size)
        for case (let key?, let value?) in zip(oldKeys, oldValues) {
            let index = index(of: key)
            hashes[index] = Self.hash(key)
            keys[index] = key
            values[index] = value
        }
    }
}
