import DNS

/// The octets of hexadecimal digits, blanks and line ends ignored; for vectors in tests.
func octets(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    precondition(digits.count.isMultiple(of: 2))
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// What `body` writes into a message of at most `limit` octets.
func written(limit: Int = 4096, _ body: (inout MessageWriter) throws -> Void) rethrows -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var count = 0
    do {
        var writer = MessageWriter(buffer.mutableSpan, limit: limit)
        try body(&writer)
        count = writer.count
    }
    return Array(buffer.prefix(count))
}

/// A reproducible sequence of numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
