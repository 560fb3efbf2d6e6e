package import DNS

/// Whether a forward rule has a server that answers.
package struct ForwardRuleHealth: Sendable {
    package let view: String
    package let domain: DomainName
    package let upstreams: [Upstream]

    /// Whether one of its servers has answered, and not failed since.
    package var isGood: Bool {
        upstreams.contains { upstream in
            upstream.hasAnswered && !upstream.isFailing && !upstream.isDown
                && !upstream.isLooping(for: domain)
        }
    }
}

extension Snapshot {
    /// Of each view's rules that have servers.
    package var forwardRules: [ForwardRuleHealth] {
        views.flatMap { view in
            view.rules.map {
                ForwardRuleHealth(view: view.name, domain: $0.domain, upstreams: $0.upstreams)
            }
        }
    }
}

extension Upstream {
    /// Whether it has ever answered.
    package var hasAnswered: Bool { counts.answered > 0 }
}
