import Configuration
import DNS
import Nameserver

/// Reads AdGuardHome.yaml: its rewrites and its upstreams. It answers A and AAAA of a rewritten name,
/// and says NODATA to every other type.
final class AdGuardHomeReader {
    var site: ForeignSite
    private let path: String

    init(_ site: ForeignSite, path: String) {
        self.site = site
        self.path = path
    }

    func read(_ root: YAMLNode) {
        let dns = root["dns"]
        listen(dns)
        let rewrites =
            (root["filtering", "rewrites"]?.items ?? []) + (dns?["rewrites"]?.items ?? [])
        for node in rewrites { rewrite(node) }
        if let rules = root["user_rules"] { userRules(rules) }
        for node in dns?["upstream_dns"]?.items ?? [] { upstream(node) }
        for node in dns?["local_ptr_upstreams"]?.items ?? [] { pointerUpstream(node) }
        for node in dns?["allowed_clients"]?.items ?? [] { client(node) }
        for node in dns?["disallowed_clients"]?.items ?? [] { refusedClient(node) }
        if let mode = dns?["upstream_mode"] { policy(mode) }
        if dns?["all_servers"]?.text == "true", let node = dns?["all_servers"] {
            setting(".", "policy", "{parallel: 2}", state(node, "all_servers: true"))
        }
        refusals(root)
    }

    private func state(_ node: YAMLNode, _ text: String) -> StatementID {
        site.state(SourcePlace(file: path, line: node.line), text)
    }

    private func setting(_ domain: String, _ key: String, _ value: String, _ id: StatementID) {
        guard let name = site.name(domain, in: id) else { return }
        site.settings.append(ForeignSetting(domain: name, key: key, value: value, origin: id))
    }

    private func listen(_ dns: YAMLNode?) {
        let hosts = dns?["bind_hosts"]?.items ?? (dns?["bind_host"].map { [$0] } ?? [])
        let port = dns?["port"].flatMap { $0.text }.flatMap { UInt16(decimal: $0) } ?? 53
        for node in hosts {
            let id = state(node, "bind_hosts: \(node.text ?? "")")
            guard port > 0, let address = node.text.flatMap({ IPAddress($0) }) else {
                site.refuse(id, "an address is wanted")
                continue
            }
            site.listen.append((EndpointText.plain(address, port: port), id))
            // One address for all of IPv6 is all of IPv4, too.
            if address == .v6(0, 0), hosts.count == 1 {
                site.listen.append((EndpointText.plain(.v4(0), port: port), id))
            }
        }
        if let node = dns?["port"] {
            site.isSoAnyway(
                state(node, "port: \(port)"), "it stands with each address of \"listen\"")
        }
    }

    // MARK: Rewrites

    private func rewrite(_ node: YAMLNode) {
        let (domain, answer) = (node["domain"]?.text ?? "", node["answer"]?.text ?? "")
        let id = state(node, "\(domain) → \(answer)")
        guard node["enabled"]?.text != "false" else {
            site.isSoAnyway(id, "it is switched off")
            return
        }
        guard let owner = site.name(domain, in: id) else { return }
        if answer == "A" || answer == "AAAA" {
            handOn(owner, id)
            site.note(id, "every type comes from the public zone here, not \(answer) alone")
        } else {
            override([owner], by: answer, id)
        }
    }

    /// Gives names an address, or the records of another name; the last one tells what leaks.
    private func override(_ owners: [DomainName], by answer: String, _ id: StatementID) {
        for owner in owners { override(owner, by: answer, id) }
        guard let owner = owners.last, site.records.last?.origin == id else { return }
        leak(owner, id)
    }

    private func override(_ owner: DomainName, by answer: String, _ id: StatementID) {
        if let address = IPAddress(answer) {
            site.add(owner, address, from: id)
        } else if let target = site.name(answer, in: id) {
            guard target != owner else {
                handOn(owner, id)
                return
            }
            site.records.append(
                ForeignRecord(owner: owner, type: .cname, rdata: target.octets, origin: id))
        }
    }

    /// Rules of the user's own: those that give a name an answer are carried over.
    private func userRules(_ rules: YAMLNode) {
        var blocking: [YAMLNode] = []
        for node in rules.items {
            switch AdGuardRule(node.text ?? "") {
            case .comment: break
            case .hosts(let address, let names):
                let id = state(node, node.text ?? "")
                for owner in names.compactMap({ site.name($0, in: id) }) {
                    site.add(owner, address, from: id)
                }
            case .rewrite(let domain, let isBelow, let answer):
                let id = state(node, node.text ?? "")
                guard let name = site.name(domain, in: id) else { continue }
                let below = isBelow && !name.isWildcard ? name.wildcard : nil
                override([name, below].compactMap { $0 }, by: answer, id)
            case .refused(let why): site.refuse(state(node, node.text ?? ""), why)
            case .blocking: blocking.append(node)
            }
        }
        guard let first = blocking.first else { return }
        let others = blocking.count > 1 ? " and \(blocking.count - 1) more" : ""
        site.refuse(
            state(first, "user_rules: \(first.text ?? "")\(others)"),
            "no blocking here: keep AdGuard Home, with horizond as its only upstream")
    }

    /// A name that is not rewritten although a wildcard covers it.
    private func handOn(_ owner: DomainName, _ id: StatementID) {
        site.domains.append(ForeignDomain(name: owner, kind: .handedOn, origin: id))
    }

    private func leak(_ owner: DomainName, _ id: StatementID) {
        let below =
            owner.isWildcard
            ? "" : ", and HTTPS at _PORT._https. below it comes from the public zone"
        site.leak(
            id, at: owner,
            "TXT (dns-01 challenges), MX and CAA are lost (NODATA)\(below); with horizond they "
                + "are the public ones" + (below.isEmpty ? "" : ", and HTTPS is NODATA"))
    }

    // MARK: Upstreams

    /// `1.1.1.1`, `tls://1.1.1.1`, `[/domain/domain/]1.1.1.1 9.9.9.9`, `[/domain/]#`.
    private func upstream(_ node: YAMLNode) {
        guard let text = node.text?.trimmed, !text.hasPrefix("#"), !text.isEmpty else { return }
        let id = state(node, text)
        guard text.hasPrefix("[/"), let end = text.firstRange(of: "/]") else {
            UpstreamReader.add(text, [.root], &site, id)
            return
        }
        var domains: [DomainName] = []
        for part in text[..<end.lowerBound].dropFirst(2).split(separator: "/") {
            // `*.x` is the names below x without x itself.
            let name = part.hasPrefix("*.") ? part.dropFirst(2) : part
            if name != part { site.note(id, "\(name) itself is asked there, too") }
            if let domain = site.name(name, in: id) { domains.append(domain) }
        }
        guard !domains.isEmpty else {
            site.refuse(id, "names of one label: give them a zone")
            return
        }
        for server in text[end.upperBound...].split(separator: " ") {
            if server == "#" {
                for owner in domains + domains.compactMap(\.wildcard) { handOn(owner, id) }
            } else {
                UpstreamReader.add(String(server), domains, &site, id)
            }
        }
    }

    /// A server for the names of private addresses.
    private func pointerUpstream(_ node: YAMLNode) {
        guard let text = node.text else { return }
        let id = state(node, "local_ptr_upstreams: \(text)")
        let networks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"]
        UpstreamReader.add(text, networks.flatMap { ReverseDomains.of($0) ?? [] }, &site, id)
    }

    private func policy(_ node: YAMLNode) {
        let mode = node.text ?? ""
        let id = state(node, "upstream_mode: \(mode)")
        switch mode {
        case "parallel": setting(".", "policy", "{parallel: 2}", id)
        case "fastest_addr": setting(".", "policy", "fastest", id)
        default: setting(".", "policy", "random", id)
        }
    }

    // MARK: Clients, and what has no place here

    private func client(_ node: YAMLNode) {
        let id = state(node, "allowed_clients: \(node.text ?? "")")
        guard let prefix = node.text.flatMap({ ClientNetwork.text($0) }) else {
            site.refuse(id, "clients are known by their address only")
            return
        }
        site.clients.append((prefix, id))
    }

    private func refusedClient(_ node: YAMLNode) {
        let id = state(node, "disallowed_clients: \(node.text ?? "")")
        guard site.clients.isEmpty else {
            site.isSoAnyway(id, "only allowed_clients counts beside it")
            return
        }
        guard let prefix = node.text.flatMap({ ClientNetwork.text($0) }) else {
            site.refuse(id, "clients are known by their address only; this one may ask")
            return
        }
        site.refusedClients.append((prefix, id))
    }

    private func refusals(_ root: YAMLNode) {
        let dns = root["dns"]
        func refuse(_ node: YAMLNode?, _ key: String, _ instead: String) {
            guard let node else { return }
            if case .scalar(let scalar) = node, ["", "false", "0"].contains(scalar.text) { return }
            if case .sequence(let items, _) = node, items.isEmpty { return }
            site.refuse(state(node, "\(key): \(node.text ?? "…")"), instead)
        }
        refuse(
            root["filters"], "filters",
            "no blocklists here: keep AdGuard Home, with horizond as its only upstream")
        refuse(
            dns?["bootstrap_dns"], "bootstrap_dns",
            "upstreams are addresses here, so that none has to be looked up")
        refuse(dns?["fallback_dns"], "fallback_dns", "list them behind the others in \"to\"")
        refuse(dns?["aaaa_disabled"], "aaaa_disabled", "AAAA records are not filtered")
        refuse(dns?["enable_dnssec"], "enable_dnssec", "answers are not validated")
        refuse(dns?["upstream_dns_file"], "upstream_dns_file", "put its lines in upstream_dns")
        refuse(root["clients", "persistent"], "clients", "\"views\" gives clients other zones")
        refuse(root["tls", "enabled"], "tls", "clients are served over UDP and TCP only")
        refuse(root["dhcp", "enabled"], "dhcp", "no DHCP here; keep AdGuard Home for it")
    }
}
