/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address is that IPv4 address (RFC 4291 §2.5.5.2).
public enum IPAddress: Hashable, Sendable {
    /// The 32 bits, the first octet highest.
    case v4(UInt32)
    /// The upper and the lower 64 bits.
    case v6(UInt64, UInt64)

    /// The address of 4 or 16 octets in network order; nil for any other count.
    public init?(octets: some Collection<UInt8>) {
        switch octets.count {
        case 4: self = .v4(octets.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let high = octets.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let low = octets.dropFirst(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            self = Self.unmapped(high, low)
        default: return nil
        }
    }

    /// The address of 4 or 16 octets in network order; nil for any other count.
    public init?(_ octets: Span<UInt8>) {
        switch octets.count {
        case 4: self = .v4(octets.uint32(at: 0))
        case 16: self = Self.unmapped(octets.uint64(at: 0), octets.uint64(at: 8))
        default: return nil
        }
    }

    /// The IPv6 address of these halves, or the IPv4 address that it maps.
    public static func unmapped(_ high: UInt64, _ low: UInt64) -> IPAddress {
        high == 0 && low >> 32 == 0xffff ? .v4(UInt32(truncatingIfNeeded: low)) : .v6(high, low)
    }

    /// 0.0.0.0 or ::, which a listener takes for every address of the host.
    public var isUnspecified: Bool { self == .v4(0) || self == .v6(0, 0) }

    public var isIPv4: Bool {
        if case .v4 = self { true } else { false }
    }

    /// 4 or 16 octets in network order.
    public var octets: [UInt8] {
        switch self {
        case .v4(let bits): (0..<4).map { UInt8(truncatingIfNeeded: bits >> (24 - 8 * $0)) }
        case .v6(let high, let low):
            (0..<16).map {
                UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 & 7)))
            }
        }
    }

    /// The address of a text: four decimal octets without leading zeros, or RFC 4291 §2.2's forms.
    public init?(_ text: some StringProtocol) {
        // Copied, so that the million addresses of a large zone are parsed by specialised code.
        let octets = Array(text.utf8)
        if octets.contains(0x3a) {
            guard let halves = Self.parseIPv6(text) else { return nil }
            self = Self.unmapped(halves.0, halves.1)
        } else {
            guard let bits = Self.parseIPv4(octets.span) else { return nil }
            self = .v4(bits)
        }
    }

    /// The 32 bits of four decimal octets without leading zeros.
    public static func parseIPv4(_ text: Span<UInt8>) -> UInt32? {
        var bits: UInt32 = 0
        var parts = 0
        var part: UInt32 = 0
        var digits = 0
        // The end of the text ends the last part as a dot ends the others.
        for index in 0...text.count {
            let octet = index < text.count ? text[index] : 0x2e
            if octet == 0x2e {
                guard digits > 0, parts < 4 else { return nil }
                bits = bits << 8 | part
                parts += 1
                (part, digits) = (0, 0)
            } else {
                guard octet &- 0x30 < 10, digits == 0 || part > 0 else { return nil }
                part = part * 10 + UInt32(octet - 0x30)
                guard part <= 255 else { return nil }
                digits += 1
            }
        }
        return parts == 4 ? bits : nil
    }

    private static func parseIPv6(_ text: some StringProtocol) -> (UInt64, UInt64)? {
        // At most one "::" stands for the missing groups.
        var groups: [UInt16] = []
        var gap: Int?
        var rest = Substring(text)
        if rest.hasPrefix("::") {
            gap = 0
            rest = rest.dropFirst(2)
        } else if rest.hasPrefix(":") {
            return nil
        }
        while !rest.isEmpty {
            let part = rest.prefix { $0 != ":" }
            if part.utf8.contains(0x2e) {
                guard part.endIndex == rest.endIndex, let bits = parseIPv4(Array(part.utf8).span)
                else { return nil }
                groups.append(UInt16(truncatingIfNeeded: bits >> 16))
                groups.append(UInt16(truncatingIfNeeded: bits))
                rest = rest[part.endIndex...]
                break
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
            rest = rest[part.endIndex...]
            guard rest.hasPrefix(":") else { break }
            rest = rest.dropFirst()
            if rest.hasPrefix(":") {
                guard gap == nil else { return nil }
                gap = groups.count
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        guard rest.isEmpty else { return nil }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        let high = groups[..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups[4...].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        return (high, low)
    }

    private static func isHexDigit(_ octet: UInt8) -> Bool {
        octet &- 0x30 < 10 || lowercased(octet) &- 0x61 < 6
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or RFC 5952's canonical form.
    public var description: String {
        switch self {
        case .v4: octets.map { String($0) }.joined(separator: ".")
        case .v6(let high, let low): Self.describe(high, low)
        }
    }

    private static func describe(_ high: UInt64, _ low: UInt64) -> String {
        let groups = (0..<8).map {
            UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 & 3)))
        }
        // RFC 5952 §4.2: the first longest run of two or more zero groups becomes "::".
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, best.count) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !best.isEmpty else { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}
