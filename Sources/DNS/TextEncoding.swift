/// Octets as hexadecimal digits (RFC 4648 §8).
public enum Hexadecimal {
    private static let digits = Array("0123456789ABCDEF".utf8)

    public static func encode(_ octets: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for octet in octets {
            text.append(digits[Int(octet >> 4)])
            text.append(digits[Int(octet & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The octets of pairs of digits in any case; nil for anything else.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var octets: [UInt8] = []
        var high: UInt8?
        for character in text.utf8 {
            guard let digit = value(character) else { return nil }
            if let first = high {
                octets.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? octets : nil
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch lowercased(character) {
        case 0x30...0x39: character - 0x30
        case 0x61...0x66: lowercased(character) - 0x61 + 10
        default: nil
        }
    }
}

/// Octets in base 64 (RFC 4648 §4).
public enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding: UInt8 = 0x3d

    public static func encode(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: octets.count, by: 3) {
            let group = octets[start..<min(start + 3, octets.count)]
            var bits: UInt32 = 0
            for octet in group { bits = bits << 8 | UInt32(octet) }
            bits <<= UInt32(8 * (3 - group.count))
            for index in 0..<4 {
                let sextet = Int(bits >> UInt32(18 - 6 * index) & 63)
                text.append(index <= group.count ? alphabet[sextet] : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The octets of a padded text; nil for other characters, missing padding, or bits after the
    /// last octet that are not zero (RFC 4648 §3.5), as a text cut short has them.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 4) else { return nil }
        let significant = characters.drop(fromEnd: padding, atMost: 2)
        var octets: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for character in significant {
            guard let sextet = value(character) else { return nil }
            bits = bits << 6 | UInt32(sextet)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            bits &= 1 << UInt32(bitCount) - 1
        }
        return bits == 0 ? octets : nil
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x41...0x5a: character - 0x41
        case 0x61...0x7a: character - 0x61 + 26
        case 0x30...0x39: character - 0x30 + 52
        case 0x2b: 62
        case 0x2f: 63
        default: nil
        }
    }
}

extension Array where Element == UInt8 {
    fileprivate func drop(fromEnd octet: UInt8, atMost limit: Int) -> ArraySlice<UInt8> {
        var end = count
        while end > 0, count - end < limit, self[end - 1] == octet { end -= 1 }
        return self[..<end]
    }
}
