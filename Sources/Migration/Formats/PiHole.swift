import DNS

/// Reads `pihole.toml` of Pi-hole 6, whose DNS server is dnsmasq.
struct PiHoleReader {
    let dnsmasq: DnsmasqReader
    private let path: String
    private var hasDHCP = false

    init(_ dnsmasq: DnsmasqReader, path: String) {
        self.dnsmasq = dnsmasq
        self.path = path
    }

    mutating func read(_ text: String) {
        let toml = TOMLReader(text)
        for problem in toml.problems {
            dnsmasq.site.refuseUnknown(state(problem.line, ""), problem.text)
        }
        let values = Dictionary(
            toml.assignments.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        let name = values["dns.domain.name"] ?? values["dns.domain"]
        if let text = name?.text, let domain = try? DomainName(text) { dnsmasq.domain = domain }
        if values["dns.expandHosts"]?.isTrue == true { dnsmasq.expandsHosts = true }
        let isLocal =
            values["dns.domain.local"]?.isTrue ?? values["dns.domainNeeded"]?.isTrue ?? false
        hasDHCP = values["dhcp.active"]?.isTrue == true
        for assignment in toml.assignments {
            apply(assignment.key, assignment.value, isLocal: isLocal)
        }
    }

    func state(_ line: Int, _ text: String) -> StatementID {
        dnsmasq.site.state(SourcePlace(file: path, line: line), text)
    }

    private func apply(_ key: String, _ value: TOMLValue, isLocal: Bool) {
        switch key {
        case "dns.hosts":
            each(value) { text, id in
                dnsmasq.host(text.split { $0 == " " || $0 == "\t" }, in: id)
            }
        case "dns.cnameRecords":
            each(value) { text, id in dnsmasq.alias(option("cname", text, id)) }
        case "dns.upstreams": each(value) { text, id in upstream(text, id) }
        case "dns.revServers": each(value) { text, id in reverseServer(text, id) }
        case "dns.hostRecord":
            each(value) { text, id in dnsmasq.hostRecord(option("host-record", text, id)) }
        case "dns.domain", "dns.domain.name":
            each(value) { text, id in ownDomain(text, isLocal: isLocal, id) }
        case "dns.domain.local":
            dnsmasq.site.isSoAnyway(
                state(value.line, "\(key) = \(value.text ?? "")"), "the zone's mode says it")
        case "dns.port":
            let id = state(value.line, "\(key) = \(value.text ?? "")")
            guard let number = value.text.flatMap({ UInt16(decimal: $0) }), number != 53 else {
                dnsmasq.site.isSoAnyway(id, "53 is the default")
                return
            }
            dnsmasq.setPort(number, in: id)
        case "misc.dnsmasq_lines": each(value) { text, id in dnsmasqLine(text, id) }
        case "dhcp.hosts" where hasDHCP:
            each(value) { text, id in dnsmasq.dhcpHost(option("dhcp-host", text, id)) }
        default: other(key, value)
        }
    }

    /// Every item of a list as a statement of its own.
    private func each(_ value: TOMLValue, _ body: (String, StatementID) -> Void) {
        for item in value.items {
            guard let text = item.text?.trimmed, !text.isEmpty else { continue }
            body(text, state(item.line, text))
        }
    }

    private func option(_ name: String, _ value: String, _ id: StatementID) -> DnsmasqReader.Option
    {
        DnsmasqReader.Option(name: name, value: value, id: id, path: path)
    }

    private func dnsmasqLine(_ text: String, _ id: StatementID) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        dnsmasq.apply(option(parts[0].trimmed, parts.count > 1 ? parts[1].trimmed : "", id))
    }

    private func upstream(_ text: String, _ id: StatementID) {
        dnsmasq.closeResolv()
        if text.contains("://") {
            UpstreamReader.add(text, [.root], &dnsmasq.site, id)
        } else {
            dnsmasq.rules([.root], text, id)
        }
    }

    /// `ACTIVE,NETWORK,SERVER[#PORT][,DOMAIN]`.
    private func reverseServer(_ text: String, _ id: StatementID) {
        let parts = text.commaParts
        guard parts.count > 2 else {
            dnsmasq.site.refuse(id, "a network and a server are wanted")
            return
        }
        guard parts[0] == "true" else {
            dnsmasq.site.isSoAnyway(id, "it is switched off")
            return
        }
        dnsmasq.reverseRules(parts[1], parts[2], id)
        if parts.count > 3, !parts[3].isEmpty, let domain = dnsmasq.site.name(parts[3], in: id) {
            dnsmasq.rules([domain], parts[2], id)
        }
    }

    private func ownDomain(_ text: String, isLocal: Bool, _ id: StatementID) {
        guard text != "none", let name = dnsmasq.site.name(text, in: id) else { return }
        dnsmasq.site.domains.append(
            ForeignDomain(name: name, kind: isLocal ? .local : .shared, origin: id))
        dnsmasq.site.isSoAnyway(id, "its names are grouped by it")
    }
}
