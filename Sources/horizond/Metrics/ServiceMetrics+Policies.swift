import Admin
import Configuration
import Nameserver

extension ServiceMetrics {
    var policyFamilies: [MetricFamily] {
        var bypasses = MetricFamily(
            .counter, "horizond_bypass_queries_total",
            "Queries for names that would open a way around this server, told that they do not exist."
        )
        for bypass in KnownBypass.allCases {
            bypasses.add(report.sum { $0.bypasses[bypass] ?? 0 }, ["kind": bypass.label])
        }
        return [
            counters(
                "horizond_service_records_total",
                "HTTPS and SVCB records of upstreams that the policy for them took out or rewrote, and "
                    + "those taken out because nobody can read them.",
                by: "action",
                [
                    "removed": {
                        $0.answers.changedServiceRecords &- $0.answers.rewrittenServiceRecords
                            &- $0.answers.malformedServiceRecords
                    },
                    "rewritten": \.answers.rewrittenServiceRecords,
                    "malformed": \.answers.malformedServiceRecords,
                ]),
            counter(
                "horizond_rebind_protection_removed_addresses_total",
                "Private addresses taken out of upstreams' answers.", \.answers.removedAddresses),
            counter(
                "horizond_rebind_protection_emptied_answers_total",
                "Answers of which that left nothing.", \.answers.emptiedAddressAnswers),
            bypasses, limited,
        ] + auditFamilies
    }

    /// The view is empty for clients in none.
    private var limited: MetricFamily {
        var family = MetricFamily(
            .counter, "horizond_limited_queries_total",
            "Queries over a limit (rate, response, waiting) by the client's view (empty for clients in "
                + "none) and what became of them: dropped, answered with TC alone (cut), or refused."
        )
        for view in counts.views {
            for action in LimitAction.allCases {
                let (limit, result) = action.labels
                // A client in no view has no other.
                guard view != nil || action == .responseDropped else { continue }
                family.add(
                    counts.limited(view: view, action),
                    ["view": view ?? "", "limit": limit, "action": result])
            }
        }
        return family
    }

    /// None while the configuration wants no audits.
    private var auditFamilies: [MetricFamily] {
        guard let interval = configuration.auditInterval else { return [] }
        var findings = MetricFamily(
            .gauge, "horizond_audit_findings",
            "What the last audit found: leaks (public records beside local ones), misdirected mail and "
                + "service hosts, advertised protocols, hidden public records, names unanswered.")
        for view in configuration.views where audits.lastEnded != nil {
            for kind in AuditReport.Kind.allCases {
                let finding = AuditStatistics.Finding(view: view.name, kind: kind)
                findings.add(
                    audits.findings[finding] ?? 0, ["view": view.name, "kind": kind.rawValue])
            }
        }
        var families = [
            MetricFamily(
                .counter, "horizond_audits_total", "Audits that came to their end.",
                value: audits.audits),
            gauge(
                "horizond_audit_interval_seconds", "The time between two audits (audit).", interval),
            findings,
        ]
        if let last = audits.lastEnded {
            families.append(
                gauge(
                    "horizond_audit_last_timestamp_seconds", "When the last audit ended.", last))
            families.append(
                gauge("horizond_audit_names", "Names that the last audit asked for.", audits.names))
        }
        return families
    }
}

extension LimitAction {
    fileprivate var labels: (limit: String, action: String) {
        switch self {
        case .queryDropped: ("rate", "dropped")
        case .queryCut: ("rate", "cut")
        case .queryRefused: ("rate", "refused")
        case .responseDropped: ("response", "dropped")
        case .responseCut: ("response", "cut")
        case .waitingRefused: ("waiting", "refused")
        }
    }
}

extension KnownBypass {
    fileprivate var label: String {
        switch self {
        case .firefox: "firefox_doh"
        case .privateRelay: "private_relay"
        }
    }
}
