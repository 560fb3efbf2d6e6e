import DNS

extension CoreDNSReader {
    /// The domains that a plugin is for: those that it names, within the block's.
    func domains(_ names: some Collection<String>, _ block: Block, _ id: StatementID)
        -> [DomainName]
    {
        guard !names.isEmpty else { return block.zones }
        return names.flatMap { name -> [DomainName] in
            guard let domain = site.name(name, in: id) else { return [] }
            // `forward .` in the block of a zone is for that zone.
            return block.zones.contains { domain.isAtOrBelow($0) }
                ? [domain] : block.zones.filter { $0.isAtOrBelow(domain) }
        }
    }

    /// `forward FROM TO… { … }`.
    func forward(_ directive: CorefileDirective, _ block: Block) {
        let id = site.state(directive.place, directive.text)
        guard let from = directive.arguments.first else {
            site.refuse(id, "a domain and servers are wanted")
            return
        }
        let domains = domains([from], block, id)
        let tlsName = directive.body.first { $0.name == "tls_servername" }?.arguments.first
        for to in directive.arguments.dropFirst() {
            UpstreamReader.add(
                to, domains, &site, id, view: block.view, tlsName: tlsName.map { $0[...] })
        }
        if !block.has("cache") { setting("cache", "off", domains, block, id) }
        // CoreDNS asks them in random order unless told otherwise.
        if !directive.body.contains(where: { $0.name == "policy" }),
            directive.arguments.count > 2
        {
            setting("policy", "random", domains, block, id)
        }
        for option in directive.body { forwardOption(option, domains, block) }
    }

    private func forwardOption(
        _ option: CorefileDirective, _ domains: [DomainName], _ block: Block
    ) {
        let id = site.state(option.place, option.text)
        switch option.name {
        case "policy":
            let policy = option.arguments.first ?? ""
            setting("policy", policy == "sequential" ? policy : "random", domains, block, id)
            if policy == "round_robin" { site.note(id, "in random order rather than in turn") }
        case "tls_servername": site.isSoAnyway(id, "the name behind # says it")
        case "tls" where option.arguments.isEmpty, "tls" where option.arguments.count == 1:
            site.refuse(id, "authorities of your own: \"tls-ca: FILE\"")
        case "except":
            site.refuse(
                id, "a rule is for a whole domain: write one for each of these, or a zone")
        case "max_fails", "expire", "health_check", "max_idle_conns",
            "failfast_all_unhealthy_upstreams":
            site.isSoAnyway(id, "upstreams that fail are asked last until they answer again")
        case "prefer_udp": site.isSoAnyway(id, "UDP comes first")
        case "max_concurrent": site.isSoAnyway(id, "8192 questions of a rule may wait")
        default: site.refuse(id, "\(option.name.quoted) has no counterpart here")
        }
    }

    private func setting(
        _ key: String, _ value: String, _ domains: [DomainName], _ block: Block, _ id: StatementID
    ) {
        for domain in domains {
            site.settings.append(
                ForeignSetting(
                    domain: domain, key: key, value: value, origin: id, view: block.view))
        }
    }

    /// `cache [TTL] [ZONES…] { success CAPACITY [TTL [MINTTL]] … }`.
    func cache(_ directive: CorefileDirective, _ block: Block) {
        let id = site.state(directive.place, directive.text)
        guard block.has("forward") else {
            site.isSoAnyway(id, "zones are not cached")
            return
        }
        var arguments = directive.arguments
        let ttl = arguments.first.flatMap { UInt32(decimal: $0) }
        if ttl != nil { arguments.removeFirst() }
        var cache = CoreDNSCache(ttl: ttl)
        for option in directive.body where !cache.take(option, &site, id) {
            let optionID = site.state(option.place, option.text)
            if ["success", "denial"].contains(option.name), option.words.count < 3 {
                site.isSoAnyway(optionID, "\"cache-size\" is the room for all answers")
            } else {
                site.refuse(optionID, CoreDNSCache.reason(against: option))
            }
        }
        let isShort = directive.body.isEmpty && ttl != nil
        setting("cache", isShort ? cache.short : cache.value, forwarded(block), block, id)
    }

    /// The domains of the block's forward plugins.
    private func forwarded(_ block: Block) -> [DomainName] {
        block.directives.filter { $0.name == "forward" }.flatMap { directive -> [DomainName] in
            guard let from = directive.arguments.first, let domain = try? DomainName(from)
            else { return [] }
            return block.zones.contains { domain.isAtOrBelow($0) }
                ? [domain] : block.zones.filter { $0.isAtOrBelow(domain) }
        }
    }
}
