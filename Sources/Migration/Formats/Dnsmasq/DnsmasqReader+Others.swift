import DNS

extension DnsmasqReader {
    /// Says what becomes of an option that has no place here.
    static func refuseOrExplain(_ option: Option, _ site: inout ForeignSite) {
        if let why = soAnyway[option.name] {
            site.isSoAnyway(option.id, why)
        } else if option.name.hasPrefix("dhcp-") || others[option.name] == noDHCP {
            site.refuse(option.id, noDHCP)
        } else {
            site.refuse(
                option.id,
                others[option.name] ?? "\(option.name.quoted) has no counterpart here")
        }
    }

    /// What tells a file of dnsmasq's from others.
    static let commonOptions: Set<String> = Set(soAnyway.keys).union(others.keys).union([
        "address", "addn-hosts", "cname", "conf-dir", "conf-file", "domain", "host-record",
        "listen-address", "local", "mx-host", "no-resolv", "port", "ptr-record", "resolv-file",
        "rev-server", "server", "srv-host", "stop-dns-rebind", "txt-record",
    ])

    private static let noDHCP = "no DHCP here; keep dnsmasq for it, with port=0 for no DNS"

    /// What needs no line here.
    private static let soAnyway: [String: String] = [
        "bind-dynamic": "addresses are bound when they come up",
        "bind-interfaces": "each address of \"listen\" is bound by itself",
        "bogus-priv": "reverse zones of private addresses are answered here",
        "clear-on-reload": "a reload keeps the cache, and every answer that changed is new",
        "domain-needed": "a site's own names are not asked of others once their zone is here",
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
