/// A hash of octets (FNV-1a of 64 bits, Fowler, Noll and Vo, 1991): tells apart what nobody has made to
/// look alike, at hardly a nanosecond an octet.
struct ContentHash: Equatable, Sendable {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    init() {}

    init(_ octets: some Sequence<UInt8>) { combine(octets) }

    mutating func combine(_ octets: some Sequence<UInt8>) {
        var value = value
        for octet in octets { value = (value ^ UInt64(octet)) &* 0x100_0000_01b3 }
        self.value = value
    }

    mutating func combine(_ other: ContentHash) {
        combine((0..<8).map { UInt8(truncatingIfNeeded: other.value >> ($0 * 8)) })
    }
}

/// What two configurations have in common when they say the same: a hash of what stands in their files,
/// whatever these are called and wherever they are. Left out are files of secrets, and those with
/// nameserver lines, which other programs write.
package struct ConfigurationHash: Equatable, Sendable, CustomStringConvertible {
    /// 48 bits, so that it is a whole number in places that know only floating-point ones.
    package let value: UInt64

    /// Of the files' hashes, in the order in which the files are named.
    init(_ files: some Sequence<ContentHash>) {
        var hash = ContentHash()
        for file in files { hash.combine(file) }
        value = (hash.value ^ hash.value >> 48) & (1 << 48 - 1)
    }

    /// Twelve hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }
}
