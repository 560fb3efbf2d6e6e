import DNS
import Nameserver

/// Rules that decide the same name differently in one view, with no order between them that a reader
/// could know. (A more specific domain, a view's own setting before that of all views, and a record
/// before a forward rule for a domain above it are such orders.)
extension ConfigurationFile {
    func reportContradictions(in views: [ViewDescription]) {
        for view in views {
            warnOfMissingRule(in: view)
            reportForwardedZones(in: view, of: views)
            reportPolicies(in: view)
        }
    }

    /// Who writes a rule for one domain mostly means to go on asking for all others.
    private func warnOfMissingRule(in view: ViewDescription) {
        guard let rule = view.forward.first, let place = rule.place,
            !view.forward.contains(where: { $0.domain.isRoot })
        else { return }
        other(place.file).warning(
            YAMLMark(line: place.line, column: place.column ?? 1),
            "no forward rule is for \".\", so all names but those of the rules and zones are refused",
            expected: "a rule for it too, such as .: [1.1.1.1, 9.9.9.9]")
    }

    /// A zone that is wholly here leaves nothing to a forward rule for the same domain. A rule for all
    /// views may be meant for those that do not see the zone.
    private func reportForwardedZones(in view: ViewDescription, of views: [ViewDescription]) {
        let rules = Dictionary(
            view.forward.map { ($0.domain, $0) }, uniquingKeysWith: { first, _ in first })
        for zone in view.zones where zone.settings.mode == .authoritative {
            guard let rule = rules[zone.settings.apex], let place = rule.place,
                !views.contains(where: { $0.uses(rule) })
            else { continue }
            error(
                at: place,
                "a forward rule for \(rule.domain.shown), which is an authoritative zone"
                    + zone.place.line,
                expected:
                    "one of them, or mode: overlay, which forwards what the zone does not have")
        }
    }

    /// For one domain the zone, the forward rule and the lists of exceptions have to agree.
    private func reportPolicies(in view: ViewDescription) {
        var first: [DomainName: Statement] = [:]
        for statement in statements(of: view) {
            guard let other = first[statement.domain] else {
                first[statement.domain] = statement
                continue
            }
            guard other.policy != statement.policy, let place = statement.place else { continue }
            error(
                at: place,
                "https-records: \(statement.policy.rawValue) for \(statement.domain.shown), "
                    + "which is \(other.policy.rawValue)\(other.place.line)",
                expected: "one policy for one domain")
        }
    }

    private typealias Statement = (
        domain: DomainName, policy: HTTPSRecordPolicy, place: ConfigurationPlace?
    )

    /// What a view's parts say about domains. Its own exceptions replace those for all views.
    private func statements(of view: ViewDescription) -> [Statement] {
        func exceptions(_ rules: HTTPSRecordRules) -> [Statement] {
            rules.domains.map { ($0.key, $0.value, rules.places[$0.key]) }
        }
        func domain(_ domain: DomainName, _ rules: HTTPSRecordRules) -> [Statement] {
            rules.defaultPolicy.map { [(domain, $0, rules.defaultPlace)] } ?? []
        }
        let replaced = view.httpsRecords.domains.keys
        let ofAllViews = exceptions(view.serverHTTPSRecords).filter {
            !replaced.contains($0.domain)
        }
        let ofZones = view.zones.flatMap { zone in
            let rules = zone.settings.httpsRecords
            return domain(zone.settings.apex, rules) + exceptions(rules)
        }
        let ofRules = view.forward.flatMap {
            domain($0.domain, $0.httpsRecords) + exceptions($0.httpsRecords)
        }
        return (ofAllViews + exceptions(view.httpsRecords) + ofZones + ofRules)
            .sorted { ($0.place?.line ?? 0) < ($1.place?.line ?? 0) }
    }

    private func error(
        at place: ConfigurationPlace, _ problem: String, expected: String
    ) {
        other(place.file).error(
            YAMLMark(line: place.line, column: place.column ?? 1), problem, expected: expected)
    }
}

extension ViewDescription {
    /// Whether names come to the rule here: no authoritative zone is in front of it.
    fileprivate func uses(_ rule: ForwardRule) -> Bool {
        forward.contains { $0.domain == rule.domain && $0.place == rule.place }
            && !zones.contains {
                $0.settings.apex == rule.domain && $0.settings.mode == .authoritative
            }
    }
}

extension ConfigurationPlace? {
    /// ` on line 3`, or nothing.
    fileprivate var line: String { map { " on line \($0.line)" } ?? "" }
}

extension DomainName {
    fileprivate var shown: String { lineDescription.quoted }
}
