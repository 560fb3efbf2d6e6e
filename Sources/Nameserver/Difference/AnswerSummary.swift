package import DNS

/// What a view says to a name and type, aliases not followed, in a form in which two of them can be
/// compared.
package enum AnswerSummary: Hashable, Sendable {
    /// The RDATA of each record, in an order of its own: none is part of the answer.
    case records(RRType, ttl: UInt32, rdata: [[UInt8]])
    case alias(target: DomainName, ttl: UInt32)
    /// Names below `owner` are aliases of those below `target` (RFC 6672 §2.2).
    case subtreeAlias(owner: DomainName, target: DomainName, ttl: UInt32)
    /// The name is below a zone cut, with these name servers.
    case referral([DomainName])
    case noData
    case nameError
    /// An upstream is asked.
    case upstream
    /// No forward rule is for the name.
    case refused
}

extension View {
    /// What this view says to the name and type.
    func summary(_ name: LookupName, _ type: RRType) -> AnswerSummary {
        guard let local = localAnswer(name, type) else {
            return rule(for: name) == nil && waitingRule == nil ? .refused : .upstream
        }
        let zone = local.zone.kept
        switch local.answer {
        case .records(let rrset) where rrset.type == .cname:
            return Self.alias(rrset, zone)
        case .cname(let rrset), .alias(let rrset):
            return Self.alias(rrset, zone)
        case .dname(let rrset, let label):
            return .subtreeAlias(
                owner: name.domainName(from: label),
                target: DomainName(uncheckedOctets: zone.firstRData(rrset)),
                ttl: zone.timeToLive(rrset))
        case .records(let rrset):
            let rdata = zone.allRData(rrset).sorted { $0.lexicographicallyPrecedes($1) }
            return .records(rrset.type, ttl: zone.timeToLive(rrset), rdata: rdata)
        case .referral(let rrset, _):
            let servers = zone.allRData(rrset).sorted { $0.lexicographicallyPrecedes($1) }
            return .referral(servers.map { DomainName(uncheckedOctets: $0) })
        case .noData, .elsewhere: return .noData
        case .nameError: return .nameError
        }
    }

    private static func alias(_ rrset: RRset, _ zone: Zone) -> AnswerSummary {
        .alias(
            target: DomainName(uncheckedOctets: zone.firstRData(rrset)),
            ttl: zone.timeToLive(rrset))
    }
}
