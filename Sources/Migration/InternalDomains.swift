import DNS

extension DomainName {
    /// Domains of a site's own, which the public DNS does not have: those of RFC 6761, RFC 6762 and
    /// RFC 8375, `internal`, and what RFC 6762 appendix G found in use.
    private static let internalTopLevel: Set<String> = [
        "corp", "home", "internal", "intranet", "invalid", "lab", "lan", "local", "localdomain",
        "localhost", "onion", "private", "test",
    ]

    /// Second-level domains of countries below which names are registered.
    private static let sharedSecondLevel: Set<String> = [
        "ac", "co", "com", "edu", "gov", "net", "org",
    ]

    /// Whether the public DNS has no such name: one of a site's own domain, or a single label.
    var isInternal: Bool {
        let labels = labels.map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard labels.count > 1, let last = labels.last else { return true }
        return Self.internalTopLevel.contains(last) || labels.suffix(2) == ["home", "arpa"]
            || isReverse && privateReverseZone != nil
    }

    /// Whether it is the name of an address.
    var isReverse: Bool {
        let end = labels.suffix(2).map { String(decoding: $0, as: UTF8.self).lowercased() }
        return end == ["in-addr", "arpa"] || end == ["ip6", "arpa"]
    }

    /// The zone that the name most likely belongs to: the last two labels, three in countries that
    /// register below a second level; a site's own domain as a whole; a network for an address.
    var likelyZone: DomainName {
        if isReverse { return privateReverseZone ?? reverseNetwork }
        let labels = labels.map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard labels.count > 1, let last = labels.last else { return self }
        if Self.internalTopLevel.contains(last) { return suffix(1) }
        let second = labels[labels.count - 2]
        let isShared =
            last.utf8.count == 2 && Self.sharedSecondLevel.contains(second) && labels.count > 2
        return suffix(isShared ? 3 : 2)
    }

    /// Whether a zone or a forward rule may have the name: without blanks and wildcards, and with a
    /// slash only as in RFC 2317's `0/25`.
    var isPossibleDomain: Bool {
        let labels = labels
        return labels.indices.allSatisfy { index in
            let label = labels[index]
            guard !label.elementsEqual("*".utf8), label.allSatisfy({ $0 > 0x20 }) else {
                return false
            }
            let parts = label.split(separator: 0x2f, omittingEmptySubsequences: false)
            return parts.count == 1
                || parts.count == 2 && index < labels.count - 1
                    && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0 &- 0x30 < 10 } }
        }
    }

    /// The name of the last `count` labels.
    func suffix(_ count: Int) -> DomainName {
        DomainName(labels: labels.suffix(count)) ?? self
    }

    /// The zone of RFC 6303 that the name of a private address is in.
    var privateReverseZone: DomainName? {
        let labels = labels.map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard isReverse, labels.count > 2 else { return nil }
        let first = labels[labels.count - 3]
        guard labels.last == "arpa", labels[labels.count - 2] == "in-addr" else {
            let isLocal = first == "f" && labels.count > 3 && labels[labels.count - 4] == "d"
            return isLocal ? suffix(4) : nil
        }
        if first == "10" { return suffix(3) }
        guard labels.count > 3, let second = UInt8(labels[labels.count - 4]) else { return nil }
        switch (first, second) {
        case ("192", 168), ("172", 16...31), ("100", 64...127), ("169", 254): return suffix(4)
        default: return nil
        }
    }

    /// The /24 or /64 of an address's name.
    private var reverseNetwork: DomainName {
        let isIPv4 = labels.first { $0.elementsEqual("in-addr".utf8) } != nil
        return suffix(min(labelCount, isIPv4 ? 5 : 18))
    }

    /// The names above it, the nearest first.
    var ancestors: some Sequence<DomainName> { sequence(first: self, next: \.parent).dropFirst() }

    func isAtOrBelow(anyOf domains: Set<DomainName>) -> Bool {
        domains.contains(self) || ancestors.contains { domains.contains($0) }
    }

    /// The wildcard right below the name; nil when that is too long.
    var wildcard: DomainName? {
        DomainName(labels: [Array("*".utf8)]).flatMap(prepending)
    }

    /// The name without its final dot, as it is shown; the root is a dot.
    var text: String {
        isRoot ? "." : String(description.dropLast())
    }
}
