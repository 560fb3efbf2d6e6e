/// A domain name in wire form without compression (RFC 1035 §3.1): its labels, each behind its
/// length octet, and the root's zero. The spelling is kept; comparison and hashing ignore ASCII
/// case (RFC 4343).
public struct DomainName: Sendable {
    /// RFC 1035 §2.3.4: a name takes at most 255 octets in wire form.
    public static var maximumLength: Int { 255 }
    /// RFC 1035 §2.3.4: a label has at most 63 octets.
    public static var maximumLabelLength: Int { 63 }
    /// 127 labels of one octet and the root fill 255 octets.
    public static var maximumLabelCount: Int { 127 }

    /// The wire form, 1 to 255 octets, ending with the root's zero.
    public let octets: [UInt8]

    public static let root = DomainName(uncheckedOctets: [0])

    /// The name whose valid wire form `octets` is.
    public init(uncheckedOctets octets: [UInt8]) {
        self.octets = octets
    }

    /// The name of these labels, the leftmost first; nil when a label is empty or longer than 63
    /// octets, or the name longer than 255.
    public init?(labels: some Sequence<some Collection<UInt8>>) {
        var octets: [UInt8] = []
        for label in labels {
            guard (1...Self.maximumLabelLength).contains(label.count) else { return nil }
            octets.append(UInt8(label.count))
            octets.append(contentsOf: label)
        }
        octets.append(0)
        guard octets.count <= Self.maximumLength else { return nil }
        self.octets = octets
    }

    public var isRoot: Bool { octets.count == 1 }

    /// The labels without the root, the leftmost first.
    public var labels: [ArraySlice<UInt8>] {
        var labels: [ArraySlice<UInt8>] = []
        var offset = 0
        while octets[offset] != 0 {
            let end = offset + 1 + Int(octets[offset])
            labels.append(octets[offset + 1..<end])
            offset = end
        }
        return labels
    }

    /// How many labels the name has, the root not counted.
    public var labelCount: Int {
        var count = 0
        var offset = 0
        while octets[offset] != 0 {
            count += 1
            offset += 1 + Int(octets[offset])
        }
        return count
    }

    /// The name without its leftmost label; nil for the root.
    public var parent: DomainName? {
        guard !isRoot else { return nil }
        return DomainName(uncheckedOctets: Array(octets[(1 + Int(octets[0]))...]))
    }

    /// Whether the leftmost label is `*` (RFC 4592 §2.1.1).
    public var isWildcard: Bool { octets.count > 2 && octets[0] == 1 && octets[1] == 0x2a }

    public var lowercased: DomainName {
        // Length octets are at most 63 and so never in the range of the letters.
        DomainName(uncheckedOctets: octets.map { DNS.lowercased($0) })
    }

    /// Whether the name is `ancestor` or lies below it.
    public func isAtOrBelow(_ ancestor: DomainName) -> Bool {
        var offset = 0
        while octets.count - offset > ancestor.octets.count {
            offset += 1 + Int(octets[offset])
        }
        guard octets.count - offset == ancestor.octets.count else { return false }
        return Self.equal(octets.span.extracting(offset...), ancestor.octets.span)
    }

    /// `self` with the labels of `prefix` before it; nil when that is longer than 255 octets.
    public func prepending(_ prefix: DomainName) -> DomainName? {
        guard prefix.octets.count - 1 + octets.count <= Self.maximumLength else { return nil }
        return DomainName(uncheckedOctets: prefix.octets.dropLast() + octets)
    }

    fileprivate static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        if left.hasEqualOctets(right) { return true }
        for index in 0..<left.count {
            guard
                left[index] == right[index]
                    || DNS.lowercased(left[index]) == DNS.lowercased(right[index])
            else { return false }
        }
        return true
    }
}

extension DomainName: Hashable {
    public static func == (left: DomainName, right: DomainName) -> Bool {
        equal(left.octets.span, right.octets.span)
    }

    public func hash(into hasher: inout Hasher) {
        for octet in octets { hasher.combine(DNS.lowercased(octet)) }
    }
}
