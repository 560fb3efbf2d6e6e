package import DNS

extension Snapshot {
    /// Why the client has its view; nil when it is in none.
    package func viewChoice(for client: IPAddress) -> ViewChoice? {
        guard let index = viewIndex(for: client) else { return nil }
        let entries = clients.entries[index].filter { $0.prefix.contains(client) }
        guard let longest = entries.max(by: { $0.prefix.length < $1.prefix.length }) else {
            return nil
        }
        return ViewChoice(
            name: views[index].name, place: views[index].place, prefix: longest.prefix,
            interface: longest.interface)
    }

    /// Why the client is answered as it is; nil when it is in no view.
    package func decision(
        _ name: DomainName, _ type: RRType, for client: IPAddress
    ) -> Decision? {
        view(for: client)?.kept.decision(name, type)
    }
}

extension View {
    /// Why this view answers a name and type as it does.
    package func decision(_ domain: DomainName, _ type: RRType) -> Decision {
        let name = LookupName(domain)
        if let local = localAnswer(name, type) {
            return .zone(decision(of: local.zone.kept, local.answer, name, type))
        }
        guard let rule = rule(for: name)?.kept else {
            return waitingRule.map { .forward(decision(of: $0, name, type)) } ?? .refused
        }
        let policy = policy(for: name, under: rule)
        return .forward(
            ForwardDecision(
                domain: rule.domain, place: rule.place,
                upstreams: rule.upstreams.map(\.address), httpsRecords: policy.httpsRecords,
                removesPrivateAddresses: policy.rebindProtection != 0,
                passedBy: passingZone(name, type)))
    }

    private func decision(
        of rule: WaitingRule, _ name: LookupName, _ type: RRType
    ) -> ForwardDecision {
        ForwardDecision(
            domain: .root, place: rule.place, upstreams: [],
            httpsRecords: policies.policy(for: name), removesPrivateAddresses: false,
            passedBy: passingZone(name, type))
    }

    private func decision(
        of zone: Zone, _ local: LocalAnswer, _ name: LookupName, _ type: RRType
    ) -> ZoneDecision {
        let answer: ZoneDecision.Answer =
            switch local {
            case .records: .records
            case .cname(let rrset), .alias(let rrset), .dname(let rrset, _):
                .alias(
                    rrset.type, target: DomainName(uncheckedOctets: zone.firstRData(rrset)))
            case .noData, .elsewhere: .noData
            case .nameError: .nameError
            case .referral: .referral
            }
        return ZoneDecision(
            apex: zone.settings.apex, mode: zone.settings.mode,
            isBuiltIn: zone.settings.isBuiltIn, bypass: zone.bypass,
            owner: host(of: local, zone) ?? zone.decidingOwner(name, type, local),
            answer: answer)
    }

    /// The host whose address made a PTR record (`reverse: true`).
    private func host(of local: LocalAnswer, _ zone: Zone) -> DecidingOwner? {
        guard case .records(let rrset) = local, rrset.type == .ptr, zone.file == nil else {
            return nil
        }
        let host = DomainName(uncheckedOctets: zone.firstRData(rrset))
        let name = LookupName(host)
        for zone in zones where zone.settings.reverse && host.isAtOrBelow(zone.settings.apex) {
            if let node = zone.node(name) { return zone.owner(node, host, nil) }
        }
        return nil
    }

    /// The zone with the name's domain, when it leaves the name to an upstream.
    private func passingZone(_ name: LookupName, _ type: RRType) -> PassingZone? {
        guard let zone = zoneWithDomain(of: name) else { return nil }
        func reason() -> PassingZone.Reason {
            guard zone.settings.mode == .overlay, zone.answer(name, type) == .elsewhere else {
                return .rule
            }
            if let owner = zone.decidingOwner(name, type, .elsewhere) {
                return zone.isPublic(owner.name) ? .handedBack(owner) : .otherType(owner)
            }
            // No name decides about this type; one may own the name all the same.
            guard let owner = zone.decidingOwner(name, .a, zone.answer(name, .a)) else {
                return .noOwner
            }
            return .otherType(owner)
        }
        return PassingZone(apex: zone.settings.apex, reason: reason())
    }
}
