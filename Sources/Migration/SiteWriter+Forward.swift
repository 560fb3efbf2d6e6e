import Configuration
import DNS

extension SiteWriter {
    mutating func writeForward(_ view: ViewID?, indent: String) {
        var domains: [DomainName] = []
        var upstreams: [DomainName: [(text: String, origins: [StatementID])]] = [:]
        for rule in site.rules where rule.view == view {
            if upstreams[rule.domain] == nil { domains.append(rule.domain) }
            add(rule, to: &upstreams[rule.domain, default: []])
        }
        domains.removeAll { upstreams[$0]?.isEmpty ?? true }
        let settings = Dictionary(
            grouping: site.settings.filter { $0.domain != nil && $0.view == view }, by: \.domain)
        for setting in site.settings where setting.view == view {
            guard let domain = setting.domain, upstreams[domain]?.isEmpty ?? true else { continue }
            site.isSoAnyway(setting.origin, "there is no rule for \(domain.text)")
        }
        guard !domains.isEmpty || view == nil && !site.asksResolvConf else { return }
        if view == nil { output.write("") }
        guard !domains.isEmpty else {
            output.write("\(indent)forward: {}")
            return
        }
        output.write("\(indent)forward:")
        if view == nil, site.asksResolvConf, !domains.contains(.root) {
            output.write("\(indent)  .: /etc/resolv.conf")
        }
        for domain in domains.sorted(by: { $0.isRoot && !$1.isRoot }) {
            let own = merged(settings[domain] ?? [])
            writeRule(domain, upstreams[domain] ?? [], own, indent: indent + "  ")
        }
    }

    /// Adds an upstream to a rule, unless it is there or it is this server.
    mutating func add(
        _ rule: ForeignRule, to upstreams: inout [(text: String, origins: [StatementID])]
    ) {
        if let index = upstreams.firstIndex(where: { $0.text == rule.upstream }) {
            upstreams[index].origins.append(rule.origin)
        } else if OwnAddresses.contains(rule.upstream, listen: site.listen.map(\.address)) {
            site.refuse(
                rule.origin,
                "\(rule.upstream) would be this server itself: give \"listen\" the "
                    + "machine's own address alone, or that server another port")
        } else if upstreams.count == Self.maximumUpstreams {
            site.refuse(rule.origin, "a rule has at most \(Self.maximumUpstreams) servers")
        } else {
            upstreams.append((rule.upstream, [rule.origin]))
        }
    }

    private static let maximumUpstreams = 15

    mutating func writeRule(
        _ domain: DomainName, _ upstreams: [(text: String, origins: [StatementID])],
        _ settings: [(key: String, value: String, origins: [StatementID])], indent: String
    ) {
        let name = domain.isRoot ? "." : YAMLText.scalar(domain.text)
        if settings.isEmpty, upstreams.count == 1 {
            output.write(
                "\(indent)\(name): \(YAMLText.scalar(upstreams[0].text))",
                from: upstreams[0].origins)
            return
        }
        output.write("\(indent)\(name):")
        output.write("\(indent)  to:")
        for (text, origins) in upstreams {
            output.write("\(indent)    - \(YAMLText.scalar(text))", from: origins)
        }
        for (key, value, origins) in settings {
            // Several at once want as many.
            if value.contains("parallel"), upstreams.count < 2 {
                for origin in origins { site.isSoAnyway(origin, "there is one server to ask") }
            } else {
                output.write("\(indent)  \(key): \(value)", from: origins)
            }
        }
    }
}

/// Whether a server that is to be asked is this one.
private enum OwnAddresses {
    static func contains(_ upstream: String, listen: [String]) -> Bool {
        guard let (address, port) = EndpointText.parse(upstream, sign: ":") else { return false }
        let own = listen.isEmpty ? ["0.0.0.0", "::"] : listen
        return own.contains { text in
            guard let (ownAddress, ownPort) = EndpointText.parse(text, sign: ":") else {
                return false
            }
            return ownPort == port
                && (ownAddress == address
                    || ownAddress.isUnspecified && address.isLoopback
                        && ownAddress.isIPv4 == address.isIPv4)
        }
    }
}
