package import DNS

/// The stored answers that a flush takes out, by the name that was asked for.
package enum FlushScope: Sendable {
    case everything
    /// The answers at a name, of every type and view; at all names below it, too, when `andBelow`.
    case name(DomainName, andBelow: Bool)
}

/// Says which stored answers are in a scope.
struct FlushMatch {
    /// In lower case, as stored names are; nil for everything.
    private let name: [UInt8]?
    private let goesBelow: Bool

    init(_ scope: FlushScope) {
        switch scope {
        case .everything: (name, goesBelow) = (nil, true)
        case .name(let name, let andBelow):
            (self.name, goesBelow) = (name.lowercased.octets, andBelow)
        }
    }

    /// Whether an answer that is stored for `stored`, in wire form, is in the scope. So is a denial of
    /// all that is below a name when it denies the one that is flushed (RFC 8020 §2).
    func contains(_ stored: Span<UInt8>, deniesSubtree: Bool) -> Bool {
        guard let name else { return true }
        let flushed = name.span
        if stored.hasEqualOctets(flushed) { return true }
        return goesBelow && Self.isName(stored, below: flushed)
            || deniesSubtree && Self.isName(flushed, below: stored)
    }

    private static func isName(_ name: Span<UInt8>, below ancestor: Span<UInt8>) -> Bool {
        var offset = 0
        while name.count - offset > ancestor.count { offset += 1 + Int(name[offset]) }
        return offset > 0 && name.extracting(offset...).hasEqualOctets(ancestor)
    }
}
