extension PiHoleReader {
    /// What else matters of Pi-hole's settings; most are about its own pages and lists.
    func other(_ key: String, _ value: TOMLValue) {
        let text = value.items.first?.text ?? ""
        guard !["", "false", "0"].contains(text) else { return }
        let statement = "\(key) = \(text)"
        if let why = Self.soAnyway[key] {
            dnsmasq.site.isSoAnyway(state(value.line, statement), why)
        } else if let instead = Self.instead[key] {
            dnsmasq.site.refuse(state(value.line, statement), instead)
        } else if key == "dhcp.active" {
            dnsmasq.refuseDHCP(state(value.line, statement))
        }
    }

    /// What needs no line here.
    private static let soAnyway: [String: String] = [
        "dhcp.hosts": "DHCP is switched off",
        "dns.bogusPriv": "reverse zones of private addresses are answered here",
        "dns.cache.optimizer": "answers past their lifetime are served while no upstream answers",
        "dns.cache.size": "the cache is measured in octets: \"cache-size\", by default 64MiB",
        "dns.expandHosts": "names of one label are there with the domain, too",
        "dns.localise": "a view gives its clients other addresses",
        "dns.queryLogging":
            "\"horizond log --follow\" shows every query; \"log: {queries: true}\" writes each into "
            + "the journal",
        "dns.specialDomains.designatedResolver": "resolver.arpa has no data here",
        "dns.specialDomains.iCloudPrivateRelay": "\"bypass-guard\" is on by default",
        "dns.specialDomains.mozillaCanary": "\"bypass-guard\" is on by default",
    ]

    /// What to do instead of what has no place here.
    private static let instead: [String: String] = [
        "dns.EDNS0ECS": "clients are known by their address only",
        "dns.blocking.active":
            "no blocklists here: keep Pi-hole, with horizond as its only upstream",
        "dns.dnssec": "answers are not validated; ask an upstream that does",
        "dns.domainNeeded": DnsmasqReader.plainNames,
        "dns.interface": "\"listen\" has addresses, and \"views\" says who may ask",
        "dns.listeningMode": "\"listen\" has addresses, and \"views\" says who may ask",
        "dns.rateLimit.count":
            "\"rate-limit\" counts by the second: 1000 in 60 s are {queries: 17, burst: 1000}",
        "dns.reply.host.IPv4": "write the name of the host in a zone",
        "dns.reply.host.IPv6": "write the name of the host in a zone",
        "misc.etc_dnsmasq_d": "the files of /etc/dnsmasq.d count, too: give them as well",
        "webserver.domain": "the name of Pi-hole's pages: write it with its address in a zone",
    ]
}
