import Configuration
import DNS
import Nameserver

/// What two configurations say differently beside their answers.
struct SettingChanges {
    private let before: Configuration
    private let after: Configuration
    private let pairs: [SnapshotDifference.Pair]

    init(
        from before: Configuration, to after: Configuration, _ pairs: [SnapshotDifference.Pair]
    ) {
        self.before = before
        self.after = after
        self.pairs = pairs
    }

    /// Those of views first. What changes alike in several views is one change.
    var all: [Plan.Setting] {
        var settings: [Plan.Setting] = []
        for pair in pairs where pair.before.name == pair.after.name {
            guard let old = before.views.first(where: { $0.name == pair.before.name }),
                let new = after.views.first(where: { $0.name == pair.after.name })
            else { continue }
            let found =
                interfaces(old, new) + zones(old, new) + forwarding(old, new)
                + policies(pair, old, new)
                + protections(old, new)
            for setting in found {
                let index = settings.firstIndex { $0.isEqual(to: setting) }
                if let index {
                    settings[index].views.append(pair.name)
                } else {
                    settings.append(setting.holding(in: pair.name))
                }
            }
        }
        return settings + listeners + serverSettings
    }

    // MARK: Views

    /// The prefixes that interfaces have are clients as others are; here it is who follows which.
    private func interfaces(_ old: ViewDescription, _ new: ViewDescription) -> [Plan.Setting] {
        let texts = [old, new].map { view in
            view.followed.isEmpty ? nil : view.followed.map(\.text).joined(separator: ", ")
        }
        return [Self.setting(.setting, "clients of interfaces", texts[0], texts[1])].compactMap {
            $0
        }
    }

    private func zones(_ old: ViewDescription, _ new: ViewDescription) -> [Plan.Setting] {
        let apexes = Self.union(
            old.zones.map(\.settings.apex), new.zones.map(\.settings.apex))
        return apexes.flatMap { apex -> [Plan.Setting] in
            let (old, new) = (
                old.zones.first { $0.settings.apex == apex }?.settings,
                new.zones.first { $0.settings.apex == apex }?.settings
            )
            guard let old, let new else {
                return [
                    Plan.Setting(
                        kind: .zone, subject: apex.lineDescription, before: old?.mode.rawValue,
                        after: new?.mode.rawValue)
                ]
            }
            let parts = [
                ("mode", old.mode.rawValue, new.mode.rawValue),
                ("own", Self.list(old.ownedTypes), Self.list(new.ownedTypes)),
                ("reverse", "\(old.reverse)", "\(new.reverse)"),
                ("negative-ttl", "\(old.negativeTTL)", "\(new.negativeTTL)"),
            ]
            return parts.compactMap { key, before, after in
                Self.setting(.zone, "\(apex.lineDescription) \(key)", before, after)
            }
        }
    }

    private static func list(_ types: Set<RRType>) -> String {
        let sorted = types.sorted { $0.rawValue < $1.rawValue }
        return sorted.map { "\($0)" }.joined(separator: ", ")
    }

    private func forwarding(_ old: ViewDescription, _ new: ViewDescription) -> [Plan.Setting] {
        Self.union(old.forward.map(\.domain), new.forward.map(\.domain)).flatMap { domain in
            let (old, new) = (
                old.forward.first { $0.domain == domain }, new.forward.first { $0.domain == domain }
            )
            let subject = domain.lineDescription
            guard let old, let new else {
                return [
                    Plan.Setting(
                        kind: .forward, subject: subject, before: old?.servers,
                        after: new?.servers)
                ]
            }
            return [
                Self.setting(.forward, subject, old.servers, new.servers),
                Self.setting(
                    .forward, "\(subject) policy", old.policy.text, new.policy.text),
                Self.setting(.forward, "\(subject) cache", old.cache.text, new.cache.text),
                Self.setting(
                    .forward, "\(subject) client-subnet", old.clientSubnet?.description,
                    new.clientSubnet?.description),
            ].compactMap { $0 }
        }
    }

    /// The policy of each domain that either names, but where it is that of the domain above.
    private func policies(
        _ pair: SnapshotDifference.Pair, _ old: ViewDescription, _ new: ViewDescription
    ) -> [Plan.Setting] {
        let domains = Set(old.policyDomains + new.policyDomains)
            .sorted { ($0.labelCount, "\($0)") < ($1.labelCount, "\($1)") }
        var told: [DomainName: [HTTPSRecordPolicy]] = [:]
        return domains.compactMap { domain in
            let policies = [pair.before, pair.after].map { $0.httpsRecordPolicy(for: domain) }
            var above = domain.parent
            while let ancestor = above, told[ancestor] == nil { above = ancestor.parent }
            told[domain] = policies
            if let above, told[above] == policies { return nil }
            return Self.setting(
                .httpsRecords, domain.lineDescription, policies[0].rawValue,
                policies[1].rawValue)
        }
    }

    private func protections(_ old: ViewDescription, _ new: ViewDescription) -> [Plan.Setting] {
        [
            Self.setting(
                .setting, "rebind-protection", old.rebindProtection.text,
                new.rebindProtection.text),
            Self.setting(
                .setting, "bypass-guard", "\(old.hasBypassGuard)", "\(new.hasBypassGuard)"),
            Self.setting(
                .setting, "rate-limit", old.rateLimit.text(bursts: true),
                new.rateLimit.text(bursts: true)),
            Self.setting(
                .setting, "response-rate-limit", old.responseRateLimit.text(bursts: false),
                new.responseRateLimit.text(bursts: false)),
        ].compactMap { $0 }
    }

    // MARK: The server

    private var listeners: [Plan.Setting] {
        let (old, new) = (before.listen.map { "\($0)" }, after.listen.map { "\($0)" })
        return old.filter { !new.contains($0) }.map {
            Plan.Setting(kind: .listen, subject: $0, before: "open", after: nil)
        }
            + new.filter { !old.contains($0) }.map {
                Plan.Setting(kind: .listen, subject: $0, before: nil, after: "open")
            }
    }

    private var serverSettings: [Plan.Setting] {
        func workers(_ count: Int?) -> String { count.map { "\($0)" } ?? "auto" }
        let atRestart = [
            Self.setting(.setting, "workers", workers(before.workers), workers(after.workers)),
            Self.setting(
                .setting, "cache-size", "\(before.cacheSize)", "\(after.cacheSize)"),
        ].compactMap { $0 }.map { setting in
            var setting = setting
            setting.needsRestart = true
            return setting
        }
        let (old, new) = (before.tcp, after.tcp)
        let limits: [(String, KeyPath<TCPSettings, Int>)] = [
            ("connections", \.connections), ("connections-per-client", \.connectionsPerClient),
            ("queries-in-flight", \.queriesInFlight), ("idle-timeout", \.idleTimeoutSeconds),
            ("first-query-timeout", \.firstQueryTimeoutSeconds),
            ("write-timeout", \.writeTimeoutSeconds), ("lifetime", \.lifetimeSeconds),
            ("queued", \.queuedOctets),
        ]
        let tcp = limits.compactMap { key, path in
            Self.setting(
                .setting, "tcp \(key)", "\(old[keyPath: path])", "\(new[keyPath: path])")
        }
        let others = [
            Self.setting(.setting, "cache-file", before.cacheFile, after.cacheFile),
            Self.setting(
                .setting, "audit every", before.auditInterval.map { "\($0)" } ?? "off",
                after.auditInterval.map { "\($0)" } ?? "off"),
            Self.setting(
                .setting, "log errors", "\(before.log.errors)", "\(after.log.errors)"),
            Self.setting(
                .setting, "log queries", "\(before.log.queries)", "\(after.log.queries)"),
            Self.setting(.setting, "admin", before.admin.addresses, after.admin.addresses),
            Self.setting(
                .setting, "admin hosts", before.admin.hosts.map(\.lineDescription).sentence,
                after.admin.hosts.map(\.lineDescription).sentence),
        ].compactMap { $0 }
        // Secrets are not shown, and neither is a page of certificates.
        let unshown = [
            ("identity", before.server == after.server),
            ("cookies", before.cookies == after.cookies),
            ("admin token-file", before.admin.token == after.admin.token),
            ("tls-ca", before.authorities?.pem == after.authorities?.pem),
        ].filter { !$0.1 }.map {
            Plan.Setting(kind: .setting, subject: $0.0, before: "as it is", after: "changed")
        }
        return atRestart + tcp + others + unshown
    }

    private static func setting(
        _ kind: Plan.Setting.Kind, _ subject: String, _ before: String?, _ after: String?
    ) -> Plan.Setting? {
        before == after
            ? nil : Plan.Setting(kind: kind, subject: subject, before: before, after: after)
    }

    private static func union(_ old: [DomainName], _ new: [DomainName]) -> [DomainName] {
        old + new.filter { !old.contains($0) }
    }
}

extension Plan.Setting {
    fileprivate func holding(in view: String) -> Self {
        var setting = self
        setting.views = [view]
        return setting
    }

    /// Whether it is the same change, in whichever views.
    fileprivate func isEqual(to other: Self) -> Bool {
        kind == other.kind && subject == other.subject && before == other.before
            && after == other.after && needsRestart == other.needsRestart
    }
}

extension AdminSettings {
    fileprivate var addresses: String {
        listen.isEmpty ? "off" : listen.map(\.description).joined(separator: ", ")
    }
}

extension [String] {
    fileprivate var sentence: String? { isEmpty ? nil : joined(separator: ", ") }
}

extension ForwardRule {
    fileprivate var servers: String {
        sources.map { "\($0)" }.joined(separator: ", ")
    }
}

extension FollowedClients {
    fileprivate var text: String {
        switch self {
        case .interface(let name): "interface: \(name)"
        case .onLink: "on-link"
        }
    }
}

extension UpstreamPolicy {
    fileprivate var text: String {
        switch self {
        case .sequential: "sequential"
        case .random: "random"
        case .fastest: "fastest"
        case .parallel(let count): "parallel \(count)"
        }
    }
}

extension CacheLifetimes {
    /// As the configuration writes it.
    fileprivate var text: String {
        guard maximum > 0 else { return "off" }
        return "max \(maximum), min \(minimum), negative-max \(negativeMaximum), "
            + "failures \(failures), stale \(stale), prefetch \(prefetches)"
    }
}

extension RebindProtection {
    fileprivate var text: String {
        let allowed =
            allowedDomains.map(\.lineDescription) + allowedPrefixes.map(\.description)
        guard isOn else { return "false" }
        return allowed.isEmpty ? "true" : "true but for " + allowed.joined(separator: ", ")
    }
}

extension ClientLimit? {
    /// As the configuration writes it, with the key that the setting has.
    fileprivate func text(bursts: Bool) -> String {
        guard let limit = self else { return "off" }
        let allowed = limit.allowed.map(\.description).joined(separator: ", ")
        return
            (bursts
            ? "queries \(limit.rate), burst \(limit.burst)"
            : "responses \(limit.rate), slip \(limit.slip)")
            + ", ipv4-prefix \(limit.ipv4Length), ipv6-prefix \(limit.ipv6Length)"
            + (allowed.isEmpty ? "" : ", allow \(allowed)")
    }
}

extension ViewDescription {
    /// The domains that have a policy for HTTPS records of their own, and all others.
    fileprivate var policyDomains: [DomainName] {
        let rules =
            [httpsRecords, serverHTTPSRecords] + zones.map(\.settings.httpsRecords)
            + forward.map(\.httpsRecords)
        return [.root] + zones.map(\.settings.apex) + forward.map(\.domain)
            + rules.flatMap { Array($0.domains.keys) }
    }
}
