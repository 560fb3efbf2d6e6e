/// SipHash-2-4 (Aumasson and Bernstein, 2012): the keyed hash of RFC 9018's server cookies. Takes
/// its message in words of eight octets, the first octet the lowest.
public struct SipHash: Sendable {
    /// A key of 128 bits.
    public struct Key: Hashable, Sendable {
        let low: UInt64
        let high: UInt64

        public init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }

        /// The key of sixteen octets; nil for another number of them.
        public init?(_ octets: [UInt8]) {
            guard octets.count == 16 else { return nil }
            low = octets.span.uint64(at: 0).byteSwapped
            high = octets.span.uint64(at: 8).byteSwapped
        }
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    public init(_ key: Key) {
        v0 = key.low ^ 0x736f_6d65_7073_6575
        v1 = key.high ^ 0x646f_7261_6e64_6f6d
        v2 = key.low ^ 0x6c79_6765_6e65_7261
        v3 = key.high ^ 0x7465_6462_7974_6573
    }

    /// Takes in the next eight octets.
    public mutating func combine(_ word: UInt64) {
        v3 ^= word
        for _ in 0..<2 { round() }
        v0 ^= word
    }

    /// The hash of the words so far and a `rest` of under eight octets, of `count` octets in all.
    public consuming func finish(rest: UInt64 = 0, count: Int) -> UInt64 {
        combine(rest | UInt64(count & 0xff) << 56)
        v2 ^= 0xff
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    @inline(__always)
    private mutating func round() {
        v0 = v0 &+ v1
        v1 = rotated(v1, 13) ^ v0
        v0 = rotated(v0, 32)
        v2 = v2 &+ v3
        v3 = rotated(v3, 16) ^ v2
        v0 = v0 &+ v3
        v3 = rotated(v3, 21) ^ v0
        v2 = v2 &+ v1
        v1 = rotated(v1, 17) ^ v2
        v2 = rotated(v2, 32)
    }

    @inline(__always)
    private func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 {
        word << bits | word >> (64 - bits)
    }
}
