import Configuration
import DNS

extension DnsmasqReader {
    /// What one option says.
    func apply(_ option: Option) {
        let id = option.id
        switch option.name {
        case "address": address(option)
        case "server", "local": server(option)
        case "rev-server": reverseServer(option)
        case "host-record": hostRecord(option)
        case "cname": alias(option)
        case "txt-record": text(option)
        case "srv-host": service(option)
        case "mx-host": mailExchanger(option)
        case "ptr-record": pointer(option)
        case "caa-record": certificationAuthority(option)
        case "naptr-record": namingAuthority(option)
        case "dns-rr": opaqueRecord(option)
        case "dhcp-host": dhcpHost(option)
        case "domain": ownDomain(option)
        case "addn-hosts", "hostsdir": hostsFiles(option)
        case "listen-address":
            for text in option.value.commaParts {
                guard let address = IPAddress(text) else {
                    site.refuse(id, "\(text.quoted) is no address")
                    continue
                }
                addListen(address, in: id)
            }
        case "port":
            guard let number = UInt16(decimal: option.value) else {
                site.refuse(id, "\(option.value.quoted) is no port")
                return
            }
            if number == 0 { site.refuse(id, "dnsmasq answers no queries here") }
            setPort(number, in: id)
        case "no-resolv":
            closeResolv()
            site.isSoAnyway(id, "only the rules of \"forward\" are asked")
        case "resolv-file":
            site.rules.append(ForeignRule(domain: .root, upstream: option.value, origin: id))
        case "stop-dns-rebind": protectFromRebinding(in: id)
        case "rebind-domain-ok":
            for name in option.value.split(separator: "/") { allowRebinding(String(name), in: id) }
        case "log-queries":
            site.settings.append(ForeignSetting(key: "log", value: "{queries: true}", origin: id))
        case "all-servers":
            site.settings.append(
                ForeignSetting(domain: .root, key: "policy", value: "{parallel: 2}", origin: id))
        case "strict-order":
            site.isSoAnyway(id, "\"policy: sequential\" is the default")
        default:
            refuseOrExplain(option)
        }
    }

    // MARK: Domains

    /// `/domain/domain/VALUE` as its domains and its value; nil without slashes.
    private func domains(
        _ option: Option
    ) -> (domains: [String], value: String)? {
        guard option.value.hasPrefix("/"), let last = option.value.lastIndex(of: "/") else {
            return nil
        }
        let domains = option.value[..<last].dropFirst()
            .split(separator: "/", omittingEmptySubsequences: false)
        return (domains.map { $0.trimmed }, String(option.value[last...].dropFirst()).trimmed)
    }

    /// `address=/x/192.168.10.50`: the domain and every name below it.
    private func address(_ option: Option) {
        guard let (names, value) = domains(option) else {
            site.refuse(option.id, "no /domain/ in it")
            return
        }
        var addresses: [IPAddress] = []
        switch value {
        case "": break
        case "#": addresses = [.v4(0), .v6(0, 0)]
        default:
            guard let address = IPAddress(value) else {
                site.refuse(option.id, "\(value.quoted) is no address")
                return
            }
            addresses = [address]
        }
        for text in names {
            guard !["#", ""].contains(text) else {
                site.refuse(
                    option.id,
                    "an answer to every name: a zone has a name; list the domains that you mean")
                continue
            }
            guard let name = domainName(text, option.id) else { continue }
            if addresses.isEmpty {
                site.domains.append(ForeignDomain(name: name, kind: .local, origin: option.id))
                site.note(option.id, "\(name.text) itself has no data, where dnsmasq says NXDOMAIN")
            }
            for address in addresses { addDomain(name, address, in: option.id) }
        }
    }

    private func addDomain(_ name: DomainName, _ address: IPAddress, in id: StatementID) {
        for owner in [name, name.wildcard].compactMap({ $0 }) {
            site.add(owner, address, from: id)
        }
        hosts.note(name, address, from: id, isDomain: true)
    }

    /// A domain as it stands between slashes; a leading dot says nothing.
    private func domainName(_ text: String, _ id: StatementID) -> DomainName? {
        let text = text.hasPrefix(".") && text != "." ? String(text.dropFirst()) : text
        guard !text.contains("*") else {
            site.refuse(
                id, "\(text.quoted) stands for parts of labels; list the domains themselves")
            return nil
        }
        return site.name(text, in: id)
    }

    /// `server=1.1.1.1`, `server=/x/192.168.1.1#5353`, `local=/lan/`.
    private func server(_ option: Option) {
        guard let (names, value) = domains(option) else {
            rules([.root], option.value, option.id)
            return
        }
        for text in names {
            if text.isEmpty {
                site.refuse(option.id, Self.plainNames)
                continue
            }
            guard let name = text == "#" ? .root : domainName(text, option.id) else { continue }
            switch value {
            case "":
                site.domains.append(ForeignDomain(name: name, kind: .local, origin: option.id))
            case "#":
                for owner in [name, name.wildcard].compactMap({ $0 }) {
                    site.domains.append(
                        ForeignDomain(name: owner, kind: .handedOn, origin: option.id))
                }
            default: rules([name], value, option.id)
            }
        }
    }

    /// Asks the server `value`, which is `ADDRESS[#PORT][@INTERFACE]`, for these domains.
    func rules(_ domains: [DomainName], _ value: String, _ id: StatementID) {
        let parts = value.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let endpoint = parts.first.flatMap({ EndpointText.parse($0, sign: "#") }) else {
            site.refuse(id, "\(value.quoted) is no address: write the server's address instead")
            return
        }
        if let reason = endpoint.address.reasonAgainstServer {
            site.refuse(id, "\(endpoint.address) \(reason)")
            return
        }
        if parts.count > 1 {
            site.note(id, "the way to it is the kernel's choice here, not @\(parts[1])")
        }
        for domain in domains {
            site.rules.append(
                ForeignRule(
                    domain: domain,
                    upstream: EndpointText.plain(endpoint.address, port: endpoint.port), origin: id)
            )
        }
    }

    /// `rev-server=192.168.10.0/24,192.168.10.1`.
    private func reverseServer(_ option: Option) {
        let parts = option.value.commaParts
        guard parts.count > 1 else {
            site.refuse(option.id, "no server in it")
            return
        }
        reverseRules(parts[0], parts[1], option.id)
    }

    func reverseRules(_ network: String, _ server: String, _ id: StatementID) {
        guard let domains = ReverseDomains.of(network) else {
            site.refuse(id, "\(network.quoted) is no network")
            return
        }
        rules(domains, server, id)
    }

    /// `domain=lan[,192.168.10.0/24[,local]]`.
    private func ownDomain(_ option: Option) {
        let parts = option.value.commaParts
        guard let first = parts.first, first != "#", let name = site.name(first, in: option.id)
        else {
            site.refuse(option.id, "the domain of /etc/resolv.conf: write its name")
            return
        }
        let isLocal = parts.dropFirst(2).contains("local")
        site.domains.append(
            ForeignDomain(name: name, kind: isLocal ? .local : .shared, origin: option.id))
        site.isSoAnyway(option.id, "its names are grouped by it")
    }

    private func hostsFiles(_ option: Option) {
        let found: [String]
        if let all = files.files(in: option.value, namedBy: option.path) {
            found = all
        } else {
            found = files.paths(matching: option.value, in: option.path)
        }
        followed(option.id, found)
        if found.isEmpty { site.refuse(option.id, "it is not here; give it as well") }
        for path in found {
            do {
                readHosts(try files.lines(path))
            } catch {
                site.refuse(option.id, "\(error)")
            }
        }
    }
}
