package import DNS

/// The `rebind-protection:` setting of a view: whether private addresses leave the answers that come
/// from upstream, so that a page on the Internet cannot make its own name that of a host of the site
/// and have a browser read from there what the page may not (DNS rebinding).
package struct RebindProtection: Equatable, Sendable {
    package var isOn: Bool
    /// Names at or below these may have private addresses. What counts is the name that upstream is
    /// asked for, since that is the origin by which a browser tells pages apart, and not the owner
    /// of the address: an alias from elsewhere to a name in an allowed domain is not allowed by it.
    package var allowedDomains: [DomainName]
    /// Addresses in these may pass, also embedded in IPv6 ones.
    package var allowedPrefixes: [AddressPrefix]

    package static let off = RebindProtection(isOn: false)

    package init(
        isOn: Bool = true, allowedDomains: [DomainName] = [], allowedPrefixes: [AddressPrefix] = []
    ) {
        self.isOn = isOn
        self.allowedDomains = allowedDomains
        self.allowedPrefixes = allowedPrefixes
    }

    /// Whether the address may not pass.
    func removes(_ address: IPAddress) -> Bool {
        guard isOn, address.isPrivate else { return false }
        let forms = [address] + address.embeddedIPv4.map { .v4($0) }
        return !allowedPrefixes.contains { forms.contains(where: $0.contains) }
    }
}

/// The protection of one view, ready for look-ups.
struct ActiveRebindProtection: Sendable {
    let setting: RebindProtection
    private let allowed: DomainTable
    /// Never 0. Equal for settings that remove the same addresses, so that views share answers.
    private let identity: UInt64

    init(_ setting: RebindProtection, seed: UInt64) {
        self.setting = setting
        allowed = DomainTable(setting.allowedDomains.map { ($0, 0) }, seed: seed)
        let prefixes = Set(setting.allowedPrefixes.map(\.description)).sorted()
        identity = CacheIdentity.of("\(prefixes)") | 1
    }

    /// What distinguishes answers about `name` that this protection has gone through; 0 where it
    /// does nothing. An upstream chosen for a domain of its own, as the router for home.arpa, is
    /// asked for the sake of its private addresses.
    @inline(__always)
    func identity(for name: LookupName, under rule: ActiveForwardRule) -> UInt64 {
        guard setting.isOn, rule.domain.isRoot else { return 0 }
        return !allowed.isEmpty && allowed.match(name) != nil ? 0 : identity
    }
}
