package import DNS

/// Address prefixes to numbers; the longest prefix that contains an address wins. The prefixes are
/// flattened into disjoint ranges when the table is made, so a look-up is one binary search.
package struct PrefixTable: Sendable {
    private var v4: RangeTable<UInt32>
    private var v6: RangeTable<UInt128>

    /// Equal prefixes must not occur twice.
    package init(_ prefixes: [(AddressPrefix, Int)]) {
        var v4: [(first: UInt32, last: UInt32, value: Int)] = []
        var v6: [(first: UInt128, last: UInt128, value: Int)] = []
        for (prefix, value) in prefixes {
            switch prefix.address {
            case .v4(let bits):
                // A shift by the full width gives 0, the whole range for a length of 0.
                v4.append((bits, bits | (UInt32.max >> UInt32(prefix.length)), value))
            case .v6(let high, let low):
                let bits = UInt128(high) << 64 | UInt128(low)
                v6.append((bits, bits | (UInt128.max >> UInt128(prefix.length)), value))
            }
        }
        self.v4 = RangeTable(v4)
        self.v6 = RangeTable(v6)
    }

    @inline(__always)
    package func value(for address: IPAddress) -> Int? {
        switch address {
        case .v4(let bits): v4.value(for: bits)
        case .v6(let high, let low): v6.value(for: UInt128(high) << 64 | UInt128(low))
        }
    }
}

/// Disjoint ranges that cover all numbers, by their first number, each with a value or none.
private struct RangeTable<Bound: FixedWidthInteger & Sendable>: Sendable {
    private var starts: [Bound] = [0]
    private var values: [Int] = [-1]
    /// The range that holds the first address of each of the 256 blocks with one first octet, and behind
    /// them the last range: between two of these a look-up searches.
    private var blocks: [Int32] = []

    /// The ranges are nested or disjoint, as prefixes are.
    init(_ ranges: [(first: Bound, last: Bound, value: Int)]) {
        // Outer ranges before those inside them.
        let sorted = ranges.sorted { ($0.first, $1.last) < ($1.first, $0.last) }
        var open: [(last: Bound, value: Int)] = []
        for range in sorted {
            while let inner = open.last, inner.last < range.first {
                open.removeLast()
                start(at: inner.last + 1, value: open.last?.value ?? -1)
            }
            start(at: range.first, value: range.value)
            open.append((range.last, range.value))
        }
        while let inner = open.popLast(), inner.last < Bound.max {
            start(at: inner.last + 1, value: open.last?.value ?? -1)
        }
        var range = 0
        for octet in 0...255 {
            let first = Bound(octet) << (Bound.bitWidth - 8)
            while range + 1 < starts.count, starts[range + 1] <= first { range += 1 }
            blocks.append(Int32(range))
        }
        blocks.append(Int32(starts.count - 1))
    }

    private mutating func start(at first: Bound, value: Int) {
        if starts[starts.count - 1] == first {
            values[values.count - 1] = value
        } else {
            starts.append(first)
            values.append(value)
        }
    }

    @inline(__always)
    func value(for number: Bound) -> Int? {
        let starts = starts.span
        let block = Int(truncatingIfNeeded: number >> (Bound.bitWidth &- 8))
        // The last start that is not above the number is one of `count` from `first` on.
        var first = Int(blocks[block])
        var count = Int(blocks[block &+ 1]) &- first &+ 1
        while count > 1 {
            let half = count &>> 1
            if starts[first &+ half] <= number { first &+= half }
            count &-= half
        }
        let value = values[first]
        return value < 0 ? nil : value
    }
}
