import DNS

/// Look-up in an overlay: names with addresses are owned, all else is the public zone's.
extension Zone {
    @inline(__always)
    func overlayAnswer(_ name: LookupName, _ type: RRType) -> LocalAnswer {
        if let node = node(name), let answer = decision(of: node, type) { return answer }
        if type == .https || type == .svcb, owns(type), name.isServiceName {
            // `_8443._https.host`: the host's endpoint, so the host's owner decides (RFC 9460 §2.3).
            switch ownership(of: name, from: 2) {
            case .here: return .noData
            case .elsewhere: return .elsewhere
            case .undecided: break
            }
        }
        // The nearest enclosing wildcard wins; an empty non-terminal between does not hide it, as
        // that would let the public record through.
        let last = name.labelCount &- apexLabelCount
        var label = 1
        while label <= last {
            if hasCutsOrDNAMEs, let node = node(name, from: label),
                let rrset = blocks.rrset(at: node, type: .dname)
            {
                return .dname(rrset, owner: label)
            }
            if let node = wildcard(name, below: label), let answer = decision(of: node, type) {
                return answer
            }
            label &+= 1
        }
        return .elsewhere
    }

    /// Whether an NXDOMAIN for `name` from the public zone would deny what is here: the name itself,
    /// one below it, or one that a wildcard covers (RFC 8020 §2).
    func overlayExists(_ name: LookupName) -> Bool {
        if let node = node(name), !blocks.flags(of: node).contains(.isPublic) { return true }
        return ownership(of: name, from: 0) == .here
    }

    private enum Ownership {
        case here, elsewhere, undecided
    }

    /// Who owns the suffix of `name` at `start`.
    private func ownership(of name: LookupName, from start: Int) -> Ownership {
        guard name.labelCount &- start >= apexLabelCount else { return .undecided }
        if let node = node(name, from: start) {
            let flags = blocks.flags(of: node)
            if flags.contains(.isPublic) { return .elsewhere }
            if flags.contains(.hasAddress) { return .here }
        }
        let last = name.labelCount &- apexLabelCount
        for label in stride(from: start &+ 1, through: last, by: 1) {
            guard let node = wildcard(name, below: label) else { continue }
            let flags = blocks.flags(of: node)
            if flags.contains(.isPublic) { return .elsewhere }
            if flags.contains(.hasAddress) { return .here }
        }
        return .undecided
    }

    /// What a node that matches says; nil when a wildcard further up may still own the name.
    @inline(__always)
    func decision(of node: ZoneNode, _ type: RRType) -> LocalAnswer? {
        guard node.offset != ZoneBlocks.emptyNode else { return nil }
        let flags = blocks.flags(of: node)
        if flags.contains(.isPublic) { return .elsewhere }
        if let answer = answer(at: node, flags, type) { return answer }
        // Records of other types never un-cover a name: its endpoint is still the wildcard's.
        guard flags.contains(.hasAddress) else { return owns(type) ? nil : .elsewhere }
        return owns(type) ? .noData : .elsewhere
    }
}

extension LookupName {
    /// Whether the name starts with two underscored labels, `_port._service` (RFC 8552 §1.1).
    var isServiceName: Bool {
        labelCount > 2 && firstOctet(of: 0) == 0x5f && firstOctet(of: 1) == 0x5f
    }
}
