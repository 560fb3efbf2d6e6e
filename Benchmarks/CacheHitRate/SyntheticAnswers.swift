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

    /// An image such as the server makes, of one TXT record whose text is as long as needed.
    static func image(_ number: Int) -> [UInt8] {
        let questionEnd = UInt16(12 + name(number).octets.count + 4)
        // Flags, counts of records, TTLs and watched names, places and the lack of an extended error.
        let head: [UInt16] = [
            0, 1, 0, 0, 1, 0, questionEnd, 12, 65_535, 0, questionEnd + 6,
        ]
        // The question's name by a pointer, TXT, IN, a TTL of 300 seconds.
        let record: [UInt16] = [0xc00c, 16, 1, 0, 300]
        let textLength = imageLength(number) - 2 * (head.count + record.count) - 3
        let dataLength = UInt16(textLength + 1)
        let octets = (head + record + [dataLength]).flatMap {
            [UInt8($0 >> 8), UInt8($0 & 0xff)]
        }
        return octets + [UInt8(textLength)] + [UInt8](repeating: 0x78, count: textLength)
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
