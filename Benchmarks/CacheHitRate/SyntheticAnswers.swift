import DNS
import Nameserver

/// Names and answers that look like those of the Internet in length, by number.
enum SyntheticAnswers {
    static let seed: UInt64 = 0x5eed
    static let key = AnswerKey.Parameters(type: .a, bits: .recursionDesired, partition: 1)

    /// Such as `host-123456.site-456.example`.
    static func name(_ number: Int) -> DomainName {
        let labels = ["host-\(number)", "site-\(number % 1000)", "example"]
        return DomainName(labels: labels.map { Array($0.utf8) }) ?? .root
    }

    /// 100 to 200 octets, evenly.
    static func imageLength(_ number: Int) -> Int {
        100 + Int((UInt64(number) &* 0x9e37_79b9_7f4a_7c15) >> 32) % 101
    }

    static func image(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: imageLength(number))
    }

    /// What an entry takes without any index, the cache's own header included.
    static func entryLength(_ number: Int) -> Int {
        48 + padded(name(number).octets.count) + padded(imageLength(number))
    }

    private static func padded(_ length: Int) -> Int { (length + 7) & ~7 }
}

/// Random numbers that are the same in every run: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}
