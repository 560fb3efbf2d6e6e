/// Random numbers for IDs, ports and spellings (RFC 5452 §9.2), from the kernel's cryptographic
/// generator. They are fetched some at a time, since each fetch is a system call. Confined to its queue.
package final class RandomSource: RandomNumberGenerator {
    private var words = [UInt64](repeating: 0, count: wordCount)
    /// How many of `words` are left; the last ones go first.
    private var remaining = 0
    private var reservoir: UInt64 = 0
    private var parts = 0

    /// 256 octets are what the kernel gives in one piece.
    private static let wordCount = 32

    package init() {}

    package func next() -> UInt64 {
        if remaining == 0 {
            // The words leave their owner while they are written, so that no other access to them has
            // to be checked.
            var fetched: [UInt64] = []
            swap(&fetched, &words)
            Syscalls.fillWithRandomness(&fetched)
            remaining = fetched.count
            words = fetched
        }
        remaining &-= 1
        return words[remaining]
    }

    /// Sixty-four bits are spent sixteen by sixteen.
    func nextUInt16() -> UInt16 {
        if parts == 0 {
            reservoir = next()
            parts = 4
        }
        defer {
            reservoir >>= 16
            parts &-= 1
        }
        return UInt16(truncatingIfNeeded: reservoir)
    }

    /// A number of `range`, all equally likely.
    func next(in range: ClosedRange<UInt16>) -> UInt16 {
        var generator = self
        return UInt16.random(in: range, using: &generator)
    }

    /// A number from 0 up to `bound`, all equally likely.
    func next(below bound: Int) -> Int {
        var generator = self
        return Int.random(in: 0..<bound, using: &generator)
    }
}
