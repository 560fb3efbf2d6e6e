import DNS

/// Which of a zone's names decides. It walks the names in the order of `answer`, which does not say
/// where it found what it found.
extension Zone {
    /// The owner name by which the zone answers the name and type, or leaves them to others; nil where
    /// none matches. `answer` is what the zone says.
    func decidingOwner(
        _ name: LookupName, _ type: RRType, _ answer: LocalAnswer
    ) -> DecidingOwner? {
        switch answer {
        case .dname(let rrset, let label), .referral(let rrset, let label):
            return owner(node(name, from: label), name.domainName(from: label), rrset)
        case .records(let rrset), .cname(let rrset), .alias(let rrset):
            return candidate(name, type, answer).flatMap { owner($0.node, $0.name, rrset) }
        case .noData, .nameError, .elsewhere:
            return candidate(name, type, answer).flatMap { owner($0.node, $0.name, nil) }
        }
    }

    /// Whether the owner of this name is handed back to the public zone.
    func isPublic(_ owner: DomainName) -> Bool {
        node(LookupName(owner)).map { blocks.flags(of: $0).contains(.isPublic) } ?? false
    }

    private typealias Candidate = (node: ZoneNode, name: DomainName)

    /// The owner at `node`, with the line of `rrset` if there is one.
    func owner(_ node: ZoneNode?, _ name: DomainName, _ rrset: RRset?) -> DecidingOwner? {
        guard let node else { return nil }
        let line = blocks.line(of: node, rrset)
        return DecidingOwner(
            name: name,
            place: line == 0 ? nil : file.map { ConfigurationPlace(file: $0, line: line) })
    }

    private func candidate(
        _ name: LookupName, _ type: RRType, _ answer: LocalAnswer
    ) -> Candidate? {
        switch settings.mode {
        case .overlay: overlayCandidate(name, type)
        case .authoritative: answer == .nameError ? nil : authoritativeCandidate(name)
        }
    }

    /// The name itself; for a service name its host and what covers that; the wildcards upwards.
    private func overlayCandidate(_ name: LookupName, _ type: RRType) -> Candidate? {
        if let node = node(name), decision(of: node, type) != nil {
            return (node, name.domainName())
        }
        if type == .https || type == .svcb, owns(type), name.isServiceName {
            if let host = hostCandidate(name) { return host }
        }
        return wildcardCandidate(name, from: 1) { self.decision(of: $0, type) != nil }
    }

    /// What owns the host of a service name, or hands it back.
    private func hostCandidate(_ name: LookupName) -> Candidate? {
        func decides(_ node: ZoneNode) -> Bool {
            let flags = blocks.flags(of: node)
            return flags.contains(.isPublic) || flags.contains(.hasAddress)
        }
        if let node = node(name, from: 2), decides(node) {
            return (node, name.domainName(from: 2))
        }
        return wildcardCandidate(name, from: 3, decides)
    }

    private func wildcardCandidate(
        _ name: LookupName, from start: Int, _ decides: (ZoneNode) -> Bool
    ) -> Candidate? {
        let last = name.labelCount - apexLabelCount
        for label in stride(from: start, through: last, by: 1) {
            guard let node = wildcard(name, below: label), decides(node) else { continue }
            return (node, name.wildcardName(below: label))
        }
        return nil
    }

    private func authoritativeCandidate(_ name: LookupName) -> Candidate? {
        if let node = node(name) { return (node, name.domainName()) }
        let apex = name.labelCount - apexLabelCount
        let encloser = (1..<max(1, apex)).first { node(name, from: $0) != nil } ?? apex
        return wildcard(name, below: encloser).map { ($0, name.wildcardName(below: encloser)) }
    }
}

extension LookupName {
    fileprivate func wildcardName(below label: Int) -> DomainName {
        let parent = domainName(from: label)
        return DomainName(labels: [[UInt8(ascii: "*")]] + parent.labels.map(Array.init)) ?? parent
    }
}
