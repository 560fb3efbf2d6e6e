import DNS

extension DnsmasqReader {
    /// `host-record=NAME[,NAME…][,IPv4][,IPv6][,TTL]`.
    func hostRecord(_ option: Option) {
        var names: [DomainName] = []
        var addresses: [IPAddress] = []
        var ttl: UInt32?
        for part in option.value.commaParts where !part.isEmpty {
            if let address = IPAddress(part) {
                addresses.append(address)
            } else if let number = UInt32(decimal: part), !addresses.isEmpty {
                ttl = number
            } else if let name = site.name(part, in: option.id) {
                names.append(name)
            }
        }
        guard !addresses.isEmpty, !names.isEmpty else {
            site.refuse(option.id, "a name and an address are wanted")
            return
        }
        for name in names {
            for address in addresses {
                for owner in expanded(name, at: address) {
                    addHost(owner, address, ttl: ttl, in: option.id, isNamed: true, isFirst: true)
                }
            }
        }
    }

    /// `cname=ALIAS[,ALIAS…],TARGET[,TTL]`.
    func alias(_ option: Option) {
        var parts = option.value.commaParts
        var ttl: UInt32?
        if parts.count > 2, let number = parts.last.flatMap({ UInt32(decimal: $0) }) {
            ttl = number
            parts.removeLast()
        }
        guard parts.count > 1, let target = site.name(parts[parts.count - 1], in: option.id)
        else {
            site.refuse(option.id, "an alias and a target are wanted")
            return
        }
        for part in parts.dropLast() {
            guard let alias = site.name(part, in: option.id) else { continue }
            site.records.append(
                ForeignRecord(
                    owner: alias, type: .cname, ttl: ttl, rdata: target.octets, origin: option.id))
            hosts.note(alias, pointsTo: target, from: option.id)
        }
    }

    /// `txt-record=NAME[,TEXT…]`.
    func text(_ option: Option) {
        let parts = option.value.commaParts
        guard let owner = site.name(parts[0], in: option.id) else { return }
        let texts = parts.dropFirst().isEmpty ? [""] : Array(parts.dropFirst())
        site.add(
            owner, .txt, texts.map(Presentation.quoted).joined(separator: " "), from: option.id)
    }

    /// `srv-host=_SERVICE._PROTOCOL[.DOMAIN][,TARGET[,PORT[,PRIORITY[,WEIGHT]]]]`.
    func service(_ option: Option) {
        let parts = option.value.commaParts
        guard let name = site.name(parts[0], in: option.id) else { return }
        let owner = name.labelCount == 2 ? domain?.prepending(name) ?? name : name
        func part(_ index: Int, _ standard: String) -> String {
            index < parts.count && !parts[index].isEmpty ? parts[index] : standard
        }
        let target = part(1, ".")
        site.add(
            owner, .srv,
            "\(part(3, "0")) \(part(4, "0")) \(part(2, "1")) "
                + Presentation.absolute(target), from: option.id)
    }

    /// `mx-host=NAME[,TARGET[,PREFERENCE]]`.
    func mailExchanger(_ option: Option) {
        let parts = option.value.commaParts
        guard let owner = site.name(parts[0], in: option.id) else { return }
        guard parts.count > 1, !parts[1].isEmpty else {
            site.refuse(option.id, "the target is dnsmasq's own host: write its name")
            return
        }
        let preference = parts.count > 2 ? parts[2] : "1"
        site.add(owner, .mx, "\(preference) \(Presentation.absolute(parts[1]))", from: option.id)
    }

    /// `ptr-record=NAME[,TARGET]`.
    func pointer(_ option: Option) {
        let parts = option.value.commaParts
        guard let owner = site.name(parts[0], in: option.id) else { return }
        guard parts.count > 1 else {
            site.refuse(option.id, "a PTR record without a target")
            return
        }
        // The name of a service may have blanks in it (RFC 6763 §4.1.1).
        guard let target = site.name(parts[1], in: option.id) else { return }
        site.records.append(
            ForeignRecord(owner: owner, type: .ptr, rdata: target.octets, origin: option.id))
    }

    /// `caa-record=NAME,FLAGS,TAG,VALUE`.
    func certificationAuthority(_ option: Option) {
        let parts = option.value.commaParts
        guard parts.count > 3, let owner = site.name(parts[0], in: option.id) else {
            site.refuse(option.id, "a name, flags, a tag and a value are wanted")
            return
        }
        site.add(
            owner, .caa, "\(parts[1]) \(parts[2]) \(Presentation.quoted(parts[3]))",
            from: option.id)
    }

    /// `naptr-record=NAME,ORDER,PREFERENCE,FLAGS,SERVICE,REGEXP[,REPLACEMENT]`.
    func namingAuthority(_ option: Option) {
        let parts = option.value.commaParts
        guard parts.count > 5, let owner = site.name(parts[0], in: option.id) else {
            site.refuse(option.id, "a name and at least five fields are wanted")
            return
        }
        let replacement = parts.count > 6 ? Presentation.absolute(parts[6]) : "."
        site.add(
            owner, .naptr,
            "\(parts[1]) \(parts[2]) \(Presentation.quoted(parts[3])) "
                + "\(Presentation.quoted(parts[4])) \(Presentation.quoted(parts[5])) \(replacement)",
            from: option.id)
    }

    /// `dns-rr=NAME,NUMBER[,HEXADECIMAL]`.
    func opaqueRecord(_ option: Option) {
        let parts = option.value.commaParts
        guard parts.count > 1, let owner = site.name(parts[0], in: option.id),
            let number = UInt16(decimal: parts[1]), RRType(rawValue: number).isData
        else {
            site.refuse(option.id, "a name and a type's number are wanted")
            return
        }
        let digits = (parts.count > 2 ? parts[2] : "").filter { $0 != ":" && $0 != " " }
        site.add(
            owner, RRType(rawValue: number), "\\# \(digits.utf8.count / 2) \(digits)",
            from: option.id)
    }

    /// `dhcp-host=…`: a name and an address in any order among others.
    func dhcpHost(_ option: Option) {
        var name: DomainName?
        var addresses: [IPAddress] = []
        for part in option.value.commaParts where !part.isEmpty {
            // Eight pairs of digits without brackets are an address of hardware.
            let isIPv6 = part.hasPrefix("[")
            let bare = isIPv6 ? String(part.dropFirst().dropLast()) : part
            if let address = IPAddress(bare), address.isIPv4 || isIPv6 {
                addresses.append(address)
            } else if name == nil, Self.isHostName(part) {
                name = try? DomainName(part)
            }
        }
        guard let name, !addresses.isEmpty else {
            refuseDHCP(option.id)
            return
        }
        site.note(option.id, "the name is known here always, in dnsmasq while there is a lease")
        for address in addresses {
            var owners = [name]
            if name.labelCount == 1, let full = domain(of: address)?.prepending(name) {
                owners.insert(full, at: 0)
            }
            for (index, owner) in owners.enumerated() {
                addHost(owner, address, in: option.id, isNamed: index == 0)
            }
        }
    }

    /// Whether a part of `dhcp-host` is its name: no address of hardware, tag, time or word.
    private static func isHostName(_ part: String) -> Bool {
        guard !part.contains(":"), !part.contains("*"), part != "ignore", part != "infinite"
        else { return false }
        let digits = part.prefix { $0.isNumber }
        let isTime = !digits.isEmpty && (part.count - digits.count) < 2
        return !isTime
    }
}
