import DNS

/// Look-up in a zone that is wholly here (RFC 1034 §4.3.2, RFC 4592 §3.3, RFC 6672 §3.2).
extension Zone {
    func authoritativeAnswer(_ name: LookupName, _ type: RRType) -> LocalAnswer {
        // Label `depth` of the name is the leftmost below the apex; the apex itself is at `apex`.
        let apex = name.labelCount &- apexLabelCount
        if hasCutsOrDNAMEs, let answer = delegationOrDNAME(name, type, apex: apex) {
            return answer
        }
        if type == .ds, apex == 0, settings.hasPublicCut { return .elsewhere }
        guard let node = match(name) else { return .nameError }
        return answer(at: node, blocks.flags(of: node), type) ?? .noData
    }

    /// The node of the name, or the wildcard that covers it.
    private func match(_ name: LookupName) -> ZoneNode? {
        if let node = node(name) { return node }
        let apex = name.labelCount &- apexLabelCount
        var encloser = 1
        while encloser < apex, node(name, from: encloser) == nil { encloser &+= 1 }
        // RFC 4592 §3.3.1: only the wildcard at the closest encloser is a source of synthesis.
        return wildcard(name, below: encloser)
    }

    /// The addresses of a zone cut's name server in this zone, glue included: what stands here for
    /// its name, on whichever side of the cut.
    func addresses(_ server: LookupName, _ type: RRType) -> RRset? {
        match(server).flatMap { blocks.rrset(at: $0, type: type) }
    }

    /// The zone cut or DNAME that the way from the apex down to the name meets first.
    private func delegationOrDNAME(
        _ name: LookupName, _ type: RRType, apex: Int
    ) -> LocalAnswer? {
        for label in stride(from: apex, through: 0, by: -1) {
            guard let node = node(name, from: label) else { return nil }
            let flags = blocks.flags(of: node)
            // The DS record belongs to the parent's side of the cut (RFC 4035 §3.1.4.1).
            if label < apex, flags.contains(.hasNS), label > 0 || type != .ds,
                let rrset = blocks.rrset(at: node, type: .ns)
            {
                return .referral(rrset, cut: label)
            }
            if label > 0, flags.contains(.hasDNAME),
                let rrset = blocks.rrset(at: node, type: .dname)
            {
                return .dname(rrset, owner: label)
            }
        }
        return nil
    }
}
