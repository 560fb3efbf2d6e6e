import DNS

/// A rule for everything none of whose files names a server yet: a host that starts may have to wait for
/// its network. What it is for fails for the time being; it is not refused, as what no rule is for.
struct WaitingRule: Sendable {
    /// Where it stands in the configuration.
    let place: ConfigurationPlace?
    /// What clients are told (RFC 8914 §4.15).
    let error: ExtendedErrorOption

    /// nil for every other rule.
    init?(_ rule: ForwardRule) {
        guard rule.domain.isRoot, rule.upstreams.isEmpty else { return nil }
        place = rule.place
        let files = rule.sources.map(\.description).joined(separator: ", ")
        error = ExtendedErrorOption(ExtendedError.notReady, "no server in \(files) yet")
    }
}
