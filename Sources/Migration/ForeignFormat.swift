import DNS

/// The formats that can be imported.
package enum ForeignFormat: String, CaseIterable, Sendable {
    case pihole, dnsmasq, coredns, unbound, adguard, hosts, bind, gateway
}

extension ForeignFormat {
    /// What a message calls a file of the format.
    var title: String {
        switch self {
        case .pihole: "a configuration of Pi-hole"
        case .dnsmasq: "a configuration of dnsmasq"
        case .coredns: "a Corefile"
        case .unbound: "a configuration of Unbound"
        case .adguard: "a configuration of AdGuard Home"
        case .hosts: "a file of hosts"
        case .bind: "a zone file"
        case .gateway: "a manifest of the Gateway API"
        }
    }

    /// What a file seems to be; nil when its name and content do not tell.
    static func recognise(path: String, text: String) -> ForeignFormat? {
        byName(path.lastPathPart.lowercased()) ?? byContent(text)
    }

    private static func byName(_ name: String) -> ForeignFormat? {
        switch name {
        case "pihole.toml": .pihole
        case "custom.list", "hosts": .hosts
        case "corefile": .coredns
        case "adguardhome.yaml": .adguard
        case "unbound.conf": .unbound
        case "dnsmasq.conf", "05-pihole-custom-cname.conf": .dnsmasq
        default:
            if name.hasPrefix("db.") || name.hasSuffix(".zone") { .bind } else { nil }
        }
    }

    /// As many lines as are looked at; every format shows itself in its first ones.
    private static let linesLookedAt = 2_000

    private static func byContent(_ text: String) -> ForeignFormat? {
        let lines = text.split(whereSeparator: \.isNewline).prefix(linesLookedAt).map(\.trimmed)
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        func count(_ isOne: (String) -> Bool) -> Int { lines.count { isOne($0) } }
        if count(isGatewayAPI) > 0 { return .gateway }
        if CorefileConfigMap.isOne(lines) { return .coredns }
        if count({ $0.hasPrefix("schema_version:") || $0 == "rewrites:" || $0 == "upstream_dns:" })
            > 0
        {
            return .adguard
        }
        if lines.contains("[dns]") { return .pihole }
        if count(isUnbound) > 0 { return .unbound }
        if count({ $0.hasSuffix("{") }) > 0, count({ isPlugin($0) }) > 0 { return .coredns }
        if count(isMasterFile) > 0 { return .bind }
        if !lines.isEmpty, count(isHosts) == lines.count { return .hosts }
        let dnsmasq = count(isDnsmasq)
        return dnsmasq > 0 && dnsmasq * 2 > lines.count ? .dnsmasq : nil
    }

    /// An object by itself, one of a list, or a whole list as JSON in one line.
    private static func isGatewayAPI(_ line: String) -> Bool {
        line.filter { !"\"' ".contains($0) }.contains("apiVersion:gateway.networking.k8s.io/")
    }

    private static func isUnbound(_ line: String) -> Bool {
        ["server:", "forward-zone:", "stub-zone:", "view:"].contains(line)
            || line.hasPrefix("local-zone:") || line.hasPrefix("local-data:")
    }

    private static func isPlugin(_ line: String) -> Bool {
        let word = line.prefix { !$0.isWhitespace }
        return ["forward", "hosts", "file", "template", "cache", "errors", "import", "auto"]
            .contains(word)
    }

    private static func isMasterFile(_ line: String) -> Bool {
        if line.hasPrefix("$ORIGIN") || line.hasPrefix("$TTL") { return true }
        let words = line.split { $0 == " " || $0 == "\t" }
        return words.contains("SOA") && words.count > 3
    }

    private static func isHosts(_ line: String) -> Bool {
        let words = line.split { $0 == " " || $0 == "\t" }
        return words.count > 1 && IPAddress(words[0].prefix { $0 != "%" }) != nil
    }

    private static func isDnsmasq(_ line: String) -> Bool {
        let name = line.prefix { $0 != "=" }.trimmed
        return DnsmasqReader.commonOptions.contains(name)
            || line.contains("=") && name.hasPrefix("dhcp-")
    }
}
