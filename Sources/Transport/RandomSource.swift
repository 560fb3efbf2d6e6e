/// Random numbers for IDs and ports (RFC 5452 §9.2), from the system's cryptographic generator.
/// Sixty-four bits are fetched at a time and spent sixteen by sixteen. Confined to its queue.
final class RandomSource {
    private var generator = SystemRandomNumberGenerator()
    private var reservoir: UInt64 = 0
    private var remaining = 0

    func nextUInt16() -> UInt16 {
        if remaining == 0 {
            reservoir = generator.next()
            remaining = 4
        }
        defer {
            reservoir >>= 16
            remaining &-= 1
        }
        return UInt16(truncatingIfNeeded: reservoir)
    }

    /// A number of `range`, all equally likely.
    func next(in range: ClosedRange<UInt16>) -> UInt16 {
        UInt16.random(in: range, using: &generator)
    }

    /// A number from 0 up to `bound`, all equally likely.
    func next(below bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &generator)
    }
}
