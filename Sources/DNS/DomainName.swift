/// A domain name in wire form without compression (RFC 1035 §3.1): its labels, each behind its
/// length octet, and the root's zero. The spelling is kept; comparison and hashing ignore ASCII
/// case (RFC 4343).
package struct DomainName: Sendable {
    /// RFC 1035 §2.3.4: a name takes at most 255 octets in wire form.
    package static let maximumLength = 255
    /// RFC 1035 §2.3.4: a label has at most 63 octets.
    package static let maximumLabelLength = 63
    /// 127 labels of one octet and the root fill 255 octets.
    package static let maximumLabelCount = 127

    /// The wire form, 1 to 255 octets, ending with the root's zero.
    package let octets: [UInt8]

    package static let root = DomainName(uncheckedOctets: [0])

    /// The name whose valid wire form `octets` is.
    package init(uncheckedOctets octets: [UInt8]) {
        self.octets = octets
    }

    /// The name of these labels, the leftmost first; nil when a label is empty or longer than 63
    /// octets, or the name longer than 255.
    package init?(labels: some Sequence<some Collection<UInt8>>) {
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

    package var isRoot: Bool { octets.count == 1 }

    /// The labels without the root, the leftmost first.
    package var labels: [ArraySlice<UInt8>] {
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
    package var labelCount: Int {
        var count = 0
        var offset = 0
        while octets[offset] != 0 {
            count += 1
            offset += 1 + Int(octets[offset])
        }
        return count
    }

    /// The name without its leftmost label; nil for the root.
    package var parent: DomainName? {
        guard !isRoot else { return nil }
        return DomainName(uncheckedOctets: Array(octets[(1 + Int(octets[0]))...]))
    }

    /// Whether the leftmost label is `*` (RFC 4592 §2.1.1).
    package var isWildcard: Bool { octets.count > 2 && octets[0] == 1 && octets[1] == 0x2a }

    package var lowercased: DomainName {
        // Length octets are at most 63 and so never in the range of the letters.
        DomainName(uncheckedOctets: octets.map { DNS.lowercased($0) })
    }

    /// Whether the name is `ancestor` or lies below it.
    package func isAtOrBelow(_ ancestor: DomainName) -> Bool {
        var offset = 0
        while octets.count - offset > ancestor.octets.count {
            offset += 1 + Int(octets[offset])
        }
        guard octets.count - offset == ancestor.octets.count else { return false }
        return Self.equal(octets[offset...], ancestor.octets[...])
    }

    /// `self` with the labels of `prefix` before it; nil when that is longer than 255 octets.
    package func prepending(_ prefix: DomainName) -> DomainName? {
        guard prefix.octets.count - 1 + octets.count <= Self.maximumLength else { return nil }
        return DomainName(uncheckedOctets: prefix.octets.dropLast() + octets)
    }

    private static func equal(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        left.elementsEqual(right) { DNS.lowercased($0) == DNS.lowercased($1) }
    }
}

extension DomainName: Hashable {
    package static func == (left: DomainName, right: DomainName) -> Bool {
        let (left, right) = (left.octets.span, right.octets.span)
        guard left.count == right.count else { return false }
        for index in left.indices where DNS.lowercased(left[index]) != DNS.lowercased(right[index])
        {
            return false
        }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        for octet in octets { hasher.combine(DNS.lowercased(octet)) }
    }
}
