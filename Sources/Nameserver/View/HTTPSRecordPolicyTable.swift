import DNS

/// Which policy a name that is looked up upstream has. The longest domain wins; for one domain, what
/// stands nearer to the name: an entry for the domain itself before the forward rule, the zone, the
/// view and the server.
struct HTTPSRecordPolicyTable: Sendable {
    private let table: DomainTable
    private let defaultPolicy: HTTPSRecordPolicy

    /// Nothing is touched.
    static let pass = HTTPSRecordPolicyTable()

    private init() {
        table = DomainTable([], seed: 0)
        defaultPolicy = .pass
    }

    init(_ view: ViewDescription, seed: UInt64) {
        var policies: [DomainName: HTTPSRecordPolicy] = [:]
        // Later ones replace earlier ones of the same domain.
        let server = view.serverHTTPSRecords
        let rules = view.forward.sorted { $0.domain.labelCount < $1.domain.labelCount }
        for zone in view.zones {
            policies[zone.settings.apex] = zone.settings.httpsRecords.defaultPolicy
        }
        for rule in rules {
            policies[rule.domain] = rule.httpsRecords.defaultPolicy ?? policies[rule.domain]
        }
        let exceptions =
            [server, view.httpsRecords] + view.zones.map(\.settings.httpsRecords)
            + rules.map(\.httpsRecords)
        for exception in exceptions { policies.merge(exception.domains) { $1 } }
        defaultPolicy =
            view.httpsRecords.defaultPolicy ?? server.defaultPolicy ?? HTTPSRecordPolicy.removeH3
        table = DomainTable(policies.map { ($0.key, Self.index(of: $0.value)) }, seed: seed)
    }

    @inline(__always)
    func policy(for name: LookupName) -> HTTPSRecordPolicy {
        guard !table.isEmpty, let match = table.match(name) else { return defaultPolicy }
        return HTTPSRecordPolicy.allCases[match.value]
    }

    private static func index(of policy: HTTPSRecordPolicy) -> Int {
        HTTPSRecordPolicy.allCases.firstIndex(of: policy) ?? 0
    }
}
