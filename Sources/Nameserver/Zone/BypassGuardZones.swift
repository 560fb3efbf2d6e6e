package import DNS

/// A way around this server that clients take by themselves, and give up when a name does not exist.
package enum KnownBypass: CaseIterable, Sendable {
    /// Mozilla's canary: Firefox leaves its default DNS over HTTPS off on networks where the name
    /// has no address. What a user switched on stays on.
    case firefox
    /// Apple's "Prepare your network for iCloud Private Relay": without these names devices tell
    /// their user that the relay is not available here. Silence would make them wait.
    case privateRelay

    /// The domains whose names, all below them too, do not exist for those who are to stay.
    package var domains: [DomainName] {
        let texts =
            switch self {
            case .firefox: ["use-application-dns.net"]
            case .privateRelay: ["mask.icloud.com", "mask-h2.icloud.com"]
            }
        return texts.compactMap { try? DomainName($0) }
    }
}

extension KnownBypass: CustomStringConvertible {
    package var description: String {
        switch self {
        case .firefox: "Firefox's DNS over HTTPS"
        case .privateRelay: "iCloud Private Relay"
        }
    }
}

/// The zones that keep clients here. Each stands back when the configuration names it or a domain
/// above it, as `SpecialUseZones` do.
enum BypassGuardZones {
    /// All of them, to be shared by every view that has the guard.
    static func make(seed: UInt64) -> [Zone] {
        KnownBypass.allCases.flatMap { bypass in
            bypass.domains.compactMap { domain in
                var settings = ZoneSettings(apex: domain, mode: .authoritative)
                settings.isBuiltIn = true
                settings.bypass = bypass
                return try? ZoneBuilder(settings, seed: seed).build()
            }
        }
    }
}
