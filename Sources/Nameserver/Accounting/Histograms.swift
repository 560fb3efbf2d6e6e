import DNS

/// How many messages over one transport had which size.
package struct SizeHistogram: Sendable {
    /// The upper bounds of the buckets in octets. No message is longer than the last.
    package static let bounds: [Int] = (shortest...longest).map { 1 << $0 - 1 }

    /// Not sums: each holds what no lower one does.
    package let buckets: [UInt64]
    /// The sum of all sizes in octets.
    package let sum: UInt64

    package var count: UInt64 { buckets.reduce(0, &+) }

    // A slot for each number of bits that a size in octets has, and the sum behind them; so for each
    // transport.
    private static let shortest = 5
    private static let longest = 16
    private static let slots = longest + 1
    /// How many counters those are.
    static let length = 2 * (slots + 1)

    @inline(__always)
    static func add(
        _ size: Int, _ transport: ClientTransport, to counters: CounterTable, at start: Int
    ) {
        let start = transport == .tcp ? start &+ slots &+ 1 : start
        let bits = min(Int.bitWidth &- size.leadingZeroBitCount, longest)
        counters[start &+ bits] &+= 1
        counters[start &+ slots] &+= UInt64(truncatingIfNeeded: size)
    }

    /// `counters` begin where `add` was told.
    init(_ counters: ArraySlice<UInt64>, _ transport: ClientTransport) {
        let counters = counters.dropFirst(transport == .tcp ? Self.slots + 1 : 0)
        let slots = Array(counters.prefix(Self.slots))
        let short = slots[...Self.shortest].reduce(0, &+)
        buckets = [short] + slots[(Self.shortest + 1)...]
        sum = counters[counters.startIndex + Self.slots]
    }
}

/// How many responses took how long.
package struct TimeHistogram: Sendable {
    /// The upper bounds of the buckets in nanoseconds: from what a local answer takes to the end of a
    /// query's time. A last bucket has no bound.
    package static let bounds: [Int64] = [
        10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
        10_000_000, 20_000_000, 50_000_000, 100_000_000, 200_000_000, 500_000_000, 1_000_000_000,
        2_000_000_000, 4_000_000_000,
    ]

    /// Not sums: each holds what no lower one does.
    package private(set) var buckets = [UInt64](repeating: 0, count: bounds.count + 1)
    /// The sum of all times in nanoseconds.
    package private(set) var sum: UInt64 = 0

    package var count: UInt64 { buckets.reduce(0, &+) }

    mutating func add(_ nanoseconds: Int64, count: UInt64) {
        let bucket = Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count
        buckets[bucket] &+= count
        sum &+= UInt64(max(0, nanoseconds)) &* count
    }

    package mutating func add(_ other: TimeHistogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        sum &+= other.sum
    }
}

/// One for each source.
struct TimeHistograms: Sendable {
    private var bySource = [TimeHistogram](
        repeating: TimeHistogram(), count: AnswerSource.allCases.count)

    mutating func add(_ source: AnswerSource, _ nanoseconds: Int64, count: UInt64) {
        bySource[source.number].add(nanoseconds, count: count)
    }

    mutating func add(_ other: TimeHistograms) {
        for index in bySource.indices { bySource[index].add(other.bySource[index]) }
    }

    subscript(source: AnswerSource) -> TimeHistogram { bySource[source.number] }
}
