import DNS

extension DnsmasqReader {
    /// Says what becomes of an option that has no place here.
    func refuseOrExplain(_ option: Option) {
        if let why = Self.soAnyway[option.name] {
            site.isSoAnyway(option.id, why)
        } else if option.name.hasPrefix("dhcp-") || Self.others[option.name] == Self.noDHCP {
            refuseDHCP(option.id)
        } else if let instead = Self.others[option.name] {
            site.refuse(option.id, instead)
        } else {
            site.refuseUnknown(option.id, "\(option.name.quoted) has no counterpart here")
        }
    }

    /// Leases have names, which nobody but the DHCP server knows: it stays, and is asked for them.
    func refuseDHCP(_ id: StatementID) {
        site.refuse(id, Self.noDHCP)
        hasDHCP = true
    }

    /// How the names of leases are had from dnsmasq.
    func remarkOnLeases() {
        guard hasDHCP else { return }
        let local = site.domains.first { $0.kind != .handedOn && !$0.name.isReverse }?.name
        let domain = (self.domain ?? local)?.text ?? "lan"
        let name = YAMLText.scalar(domain)
        site.remarks.append(
            "the names of DHCP leases: keep dnsmasq for DHCP, on another port (port=5353, or "
                + "dns.port of Pi-hole), and ask it for \(domain): an overlay, which has no \"mode: "
                + "authoritative\", and a rule, \"zones: {\(name): {records: {…}}}\" and "
                + "\"forward: {\(name): '127.0.0.1:5353'}\"")
    }

    /// What tells a file of dnsmasq's from others.
    static let commonOptions: Set<String> = Set(soAnyway.keys).union(others.keys).union([
        "address", "addn-hosts", "cname", "conf-dir", "conf-file", "domain", "host-record",
        "listen-address", "local", "mx-host", "no-resolv", "port", "ptr-record", "resolv-file",
        "rev-server", "server", "srv-host", "stop-dns-rebind", "txt-record",
    ])

    private static let noDHCP =
        "no DHCP here; keep dnsmasq or Pi-hole for it, on another port (see the note)"
    static let plainNames =
        "names of one label that no zone has, such as \"laptop\", do go to the "
        + "upstreams of \".\" here"

    /// What needs no line here.
    private static let soAnyway: [String: String] = [
        "bind-dynamic": "addresses are bound when they come up",
        "bind-interfaces": "each address of \"listen\" is bound by itself",
        "bogus-priv": "reverse zones of private addresses are answered here",
        "clear-on-reload": "a reload keeps the cache, and every answer that changed is new",
        "edns-packet-max": "1232 octets, which fit every path",
        "expand-hosts": "names of one label are there with the domain, too",
        "local-service": "clients outside private networks are refused",
        "localise-queries": "a view gives its clients other addresses",
        "log-async": "the log never holds an answer up",
        "no-daemon": "systemd runs the service",
        "no-hosts": "/etc/hosts is not read here",
        "no-negcache": "denials are kept 30 seconds at most",
        "no-poll": "/etc/resolv.conf is not read when \"forward\" has a rule for \".\"",
        "keep-in-foreground": "systemd runs the service", "pid-file": "systemd runs the service",
        "rebind-localhost-ok": "mail blocklists are allowed by \"rebind-protection\"",
        "user": "the systemd unit has a user of its own",
        "group": "the systemd unit has a user of its own",
    ]

    /// What to do instead of what has no place here.
    private static let others: [String: String] = [
        "auth-server": "zones here are answered to everyone in a view: write a zone",
        "auth-zone": "zones here are answered to everyone in a view: write a zone",
        "bogus-nxdomain": "answers are not turned into NXDOMAIN; ask an honest upstream",
        "cache-size":
            "the cache is measured in octets: \"cache-size\", by default 64MiB, holds more",
        "conf-script": "scripts are not run; give what it prints as a file",
        "domain-needed": plainNames,
        "dnssec": "answers are not validated; ask an upstream that does",
        "dnssec-check-unsigned": "answers are not validated; ask an upstream that does",
        "dynamic-host": "the network part is known only at run time; write the address",
        "except-interface": "\"listen\" has addresses: write those of the other interfaces",
        "fast-dns-retry": "an upstream that is silent is followed by the next one anyway",
        "filter-A": "A records are not filtered",
        "filter-AAAA": "AAAA records are not filtered; a name that is here with an A record alone "
            + "has no AAAA",
        "filter-rr": "to filter HTTPS records write \"https-records: remove\"",
        "interface": "\"listen\" has addresses: write those of the interface",
        "interface-name": "the interface's address is known only at run time; write it as a record",
        "ipset": "answers fill no sets of the firewall",
        "nftset": "answers fill no sets of the firewall",
        "local-ttl": "\"ttl\" of a zone; without it 60 seconds",
        "log-facility": "the log goes to the journal",
        "max-cache-ttl": "\"cache: {max: …}\" of a forward rule; without it 30 seconds",
        "max-ttl": "\"cache: {max: …}\" of a forward rule; without it 30 seconds",
        "min-cache-ttl": "\"cache: {min: …}\" of a forward rule; without it 5 seconds",
        "neg-ttl": "\"negative-ttl\" of a zone, \"cache: {negative-max: …}\" of a forward rule",
        "alias": "addresses in answers are not rewritten; write the names in a zone",
        "synth-domain": "no names are made up of addresses; list them",
        "trust-anchor": "answers are not validated; ask an upstream that does",
        "enable-ra": noDHCP, "enable-tftp": noDHCP, "tftp-root": noDHCP, "read-ethers": noDHCP,
        "pxe-service": noDHCP, "ra-param": noDHCP, "log-dhcp": noDHCP,
    ]
}
