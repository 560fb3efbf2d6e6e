import DNS

/// What one group of clients sees, ready for look-ups. Immutable and shared by all workers.
package final class View: Sendable {
    package let name: String
    /// Where it stands in the configuration.
    let place: ConfigurationPlace?
    let zones: [Zone]
    let rules: [ActiveForwardRule]
    /// The rule for everything while it has no servers; nil where there is none or it has some.
    let waitingRule: WaitingRule?
    private let zoneTable: DomainTable
    private let ruleTable: DomainTable
    let policies: HTTPSRecordPolicyTable
    private let rebindProtection: ActiveRebindProtection
    /// Domains above a zone's apex: an NXDOMAIN for one would deny the zone (RFC 8020 §2).
    private let ancestors: DomainTable
    let reverse: ReverseTable?
    /// nil where nothing is limited.
    let limits: ViewLimits?
    /// Whether a forward rule is for a domain inside a zone.
    private let hasRulesInZones: Bool

    init(
        _ description: ViewDescription, specialUse: [Zone], upstreams: UpstreamRegistry,
        seed: UInt64
    ) {
        name = description.name
        place = description.place
        let specialUse = specialUse.filter { !Self.isNamed($0.settings.apex, in: description) }
        zones = description.zones + specialUse
        rules = description.forward.filter { !$0.upstreams.isEmpty }
            .map { ActiveForwardRule($0, upstreams: upstreams) }
        waitingRule = description.forward.lazy.compactMap { WaitingRule($0) }.first
        zoneTable = DomainTable(
            zones.enumerated().map { ($1.settings.apex, $0) }, seed: seed)
        ruleTable = DomainTable(
            rules.enumerated().map { ($1.domain, $0) }, seed: seed)
        policies = HTTPSRecordPolicyTable(description, seed: seed)
        rebindProtection = ActiveRebindProtection(description.rebindProtection, seed: seed)
        ancestors = DomainTable(
            Self.ancestors(of: description.zones).map { ($0, 0) }, seed: seed)
        reverse = ReverseTable(description.zones, seed: seed)
        limits = ViewLimits(
            queries: description.rateLimit, responses: description.responseRateLimit)
        let apexes = zones.map(\.settings.apex)
        hasRulesInZones = rules.contains { rule in
            apexes.contains { rule.domain.isAtOrBelow($0) }
        }
    }

    /// The view with no policy for answers from upstream, and without its zones unless `hasZones`.
    init(unfiltered view: View, hasZones: Bool) {
        name = view.name
        place = view.place
        rules = view.rules
        waitingRule = view.waitingRule
        ruleTable = view.ruleTable
        policies = .pass
        limits = nil
        rebindProtection = ActiveRebindProtection(.off, seed: 0)
        let nothing = DomainTable([], seed: 0)
        zones = hasZones ? view.zones : []
        zoneTable = hasZones ? view.zoneTable : nothing
        ancestors = hasZones ? view.ancestors : nothing
        reverse = hasZones ? view.reverse : nil
        hasRulesInZones = hasZones && view.hasRulesInZones
    }

    /// What this view's own data say; `.elsewhere` when the name is for an upstream.
    func localAnswer(_ name: LookupName, _ type: RRType) -> ZoneAnswer? {
        if let reverse, let found = reverse.answer(name, type) { return found }
        guard let match = zoneTable.match(name) else { return nil }
        let zone = Borrowed(zones[match.value])
        let answer = zone.use { zone in
            isTaken(name, type, from: zone, match) ? .elsewhere : zone.answer(name, type)
        }
        switch answer {
        case .elsewhere: return nil
        case .nameError where reverse?.node(name) != nil:
            return ZoneAnswer(zone: zone, answer: .noData)
        default: return ZoneAnswer(zone: zone, answer: answer)
        }
    }

    /// Whether `name` is answered here for some endpoint type, so that nothing of the public
    /// record may be shown beside it.
    func claims(_ name: LookupName, _ type: RRType) -> Bool {
        [type, .a, .https].contains { localAnswer(name, $0) != nil }
    }

    /// Whether an NXDOMAIN for `name` from upstream would deny names that are here (RFC 8020 §2).
    func exists(_ name: LookupName) -> Bool {
        if ancestors.exact(name) != nil || reverse?.node(name) != nil { return true }
        guard let match = zoneTable.match(name) else { return false }
        let zone = zones[match.value]
        if isTaken(name, .a, from: zone, match) { return false }
        return zone.settings.mode == .overlay && zone.overlayExists(name)
    }

    /// The zone whose apex is the nearest at or above the name.
    func zoneWithDomain(of name: LookupName) -> Zone? {
        zoneTable.match(name).map { zones[$0.value] }
    }

    /// Whether `name` is the apex of a zone that is wholly here.
    func isAuthoritative(for name: LookupName) -> Bool {
        guard let zone = zoneTable.exact(name).map({ zones[$0] }) else { return false }
        return zone.settings.mode == .authoritative
    }

    @inline(__always)
    func rule(for name: LookupName) -> Borrowed<ActiveForwardRule>? {
        ruleTable.match(name).map { Borrowed(rules[$0.value]) }
    }

    /// What happens to an answer about `name` that comes by `rule`.
    @inline(__always)
    func policy(for name: LookupName, under rule: ActiveForwardRule) -> AnswerPolicy {
        AnswerPolicy(
            httpsRecords: policies.policy(for: name),
            rebindProtection: rebindProtection.identity(for: name, under: rule))
    }

    /// The protection that `policy` of this view stands for.
    func rebindProtection(_ policy: AnswerPolicy) -> RebindProtection {
        policy.rebindProtection == 0 ? .off : rebindProtection.setting
    }

    /// Whether a forward rule for a domain inside the zone takes the name out of it. The more
    /// specific one wins: a name or wildcard of the zone that is at or below the rule's domain stays,
    /// unless the zone delegates that domain or one above it.
    private func isTaken(
        _ name: LookupName, _ type: RRType, from zone: Zone, _ match: DomainTable.Match
    ) -> Bool {
        guard hasRulesInZones, let rule = ruleTable.match(name), rule.label < match.label else {
            return false
        }
        // The DS record stands on the zone's side of its cut (RFC 4035 §3.1.4.1).
        let lowest = max(rule.label, type == .ds ? 1 : 0)
        if zone.hasCut(above: name, from: lowest) { return true }
        return !zone.hasRecords(for: name, atOrBelow: rule.label)
    }

    /// Whether the configuration has a zone or forward rule for `domain` or above it (not the root).
    private static func isNamed(_ domain: DomainName, in view: ViewDescription) -> Bool {
        let named = view.zones.map(\.settings.apex) + view.forward.map(\.domain)
        return named.contains { !$0.isRoot && domain.isAtOrBelow($0) }
    }

    private static func ancestors(of zones: [Zone]) -> Set<DomainName> {
        var ancestors: Set<DomainName> = []
        for zone in zones {
            var domain = zone.settings.apex.parent
            while let ancestor = domain {
                ancestors.insert(ancestor)
                domain = ancestor.parent
            }
        }
        return ancestors
    }
}
