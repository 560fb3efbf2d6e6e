package import DNS

/// The names of a zone, as comparisons of zones walk them.
extension Zone {
    /// Calls `body` with every owner name and empty non-terminal, in lower case, in the order of the
    /// file; names above one of them come behind it.
    func forEachName(_ body: (DomainName) -> Void) {
        var place = NameTable.firstPlace
        while let (name, _) = names.next(&place) { body(name) }
    }

    /// Calls `body` with the owner names at or below `apex`, in lower case, and their lines in the zone's
    /// file. Where `apex` is delegated there are none: the delegation and what is below it say who has
    /// the data (RFC 1034 §4.2.1).
    package func forEachOwner(
        atOrBelow apex: DomainName, _ body: (_ name: DomainName, _ line: Int) -> Void
    ) {
        let top = LookupName(apex)
        // At or below nothing else is there.
        guard node(top) != nil, !isDelegated(top) else { return }
        var place = NameTable.firstPlace
        while let (name, offset) = names.next(&place) {
            guard offset != ZoneBlocks.emptyNode, name.isAtOrBelow(apex) else { continue }
            body(name, blocks.line(of: ZoneNode(offset: offset)))
        }
    }

    /// Whether there are NS records at the name or above it, but below the apex.
    private func isDelegated(_ name: LookupName) -> Bool {
        (0..<name.labelCount - apexLabelCount).contains { label in
            node(name, from: label).map { blocks.flags(of: $0).contains(.hasNS) } ?? false
        }
    }

    /// Adds the types to which the zone may say something of its own at the name: those of its records
    /// there, those of every wildcard that may cover it, and those that an overlay owns or leaves to
    /// others where an authoritative zone would not.
    func addTypes(for name: LookupName, to types: inout [RRType]) {
        if let node = node(name) { addTypes(at: node, to: &types) }
        let apex = name.labelCount - apexLabelCount
        for label in stride(from: 1, through: apex, by: 1) {
            if let node = wildcard(name, below: label) { addTypes(at: node, to: &types) }
        }
        guard settings.mode == .overlay else { return }
        for type in settings.ownedTypes.union(ZoneSettings.endpointTypes)
        where !types.contains(type) { types.append(type) }
    }

    private func addTypes(at node: ZoneNode, to types: inout [RRType]) {
        guard node.offset != ZoneBlocks.emptyNode else { return }
        for rrset in blocks.rrsets(at: node) {
            // An ALIAS is not asked for; it answers these.
            let answered = rrset.type == .alias ? [.a, .aaaa] : [rrset.type]
            for type in answered where !types.contains(type) { types.append(type) }
        }
    }
}
