import DNS

/// What other servers' words are called here: those of dnsmasq, Unbound, BIND, CoreDNS, Pi-hole,
/// AdGuard Home, Blocky and of records' usual forms.
enum ForeignWords {
    /// Words in `normal` form, and the keys or values with the same meaning. Of several, each at a place of
    /// its own, the first that may stand at a place is meant there.
    private static let groups: [(words: String, meant: [String])] = [
        (
            """
            upstream upstreams upstream-dns nameserver nameservers server servers dns dns-servers \
            resolver resolvers forwarder forwarders forwarding forward-zone forward-addr \
            forward-to conditional conditional-forwarding bootstrap-dns
            """, ["to", "forward"]
        ),
        (
            "port ports bind bind-address listen-on listen-address listen-addresses addr",
            ["svcparams", "listen"]
        ),
        ("interface interfaces", ["clients", "listen"]),
        ("zone domain domains except exceptions whitelist", ["allow", "zones"]),
        ("zonefile zone-file filename path", ["file"]),
        (
            """
            host hosts host-record local local-zone local-zones local-data custom-dns custom \
            rewrite rewrites mapping mappings names entries data records record static overrides
            """, ["exchange", "target", "value", "records", "zones"]
        ),
        ("address addresses ip ips", ["value", "to", "zones"]),
        ("content rdata text answer", ["value"]),
        ("target", ["exchange", "targetname", "value"]),
        ("priority", ["svcpriority"]),
        ("alpn ipv4hint ipv6hint ech mandatory params parameters", ["svcparams"]),
        ("primary ns", ["mname"]),
        ("email mail mbox contact hostmaster", ["rname"]),
        (
            """
            client acl acls access-control access-list allow allow-query allow-recursion \
            allow-from match-clients client-groups subnet subnets network networks prefix \
            prefixes cidr source sources
            """, ["pass", "clients", "views"]
        ),
        (
            "cache caching cache-ttl ttl expire max-ttl cache-max-ttl max-time maximum success",
            ["max", "cache"]
        ),
        ("min-ttl cache-min-ttl min-time minimum", ["min", "cache"]),
        ("neg-ttl denial max-negative-ttl cache-max-negative-ttl", ["negative-max", "cache"]),
        ("serve-stale serve-expired stale-ttl optimistic", ["stale"]),
        ("prefetching cache-prefetch", ["prefetch"]),
        ("cache-memory cache-max-size msg-cache-size rrset-cache-size", ["cache-size"]),
        ("strategy order load-balance upstream-mode", ["policy"]),
        ("ecs edns-subnet edns-client-subnet", ["client-subnet"]),
        ("type authoritative", ["mode"]),
        ("ptr", ["reverse"]),
        ("default-ttl", ["ttl"]),
        ("https svcb filter-https", ["https-records"]),
        ("ca ca-file ca-bundle cert-file certificate tls-cert-bundle", ["tls-ca"]),
        ("tls dot", ["tls-ca", "to"]),
        ("logging query query-log querylog log-queries", ["queries", "log"]),
        ("verbosity log-level level", ["log"]),
        ("threads num-threads processes cpus", ["workers"]),
        (
            "ratelimit qps ip-ratelimit rate-limiting queries-per-second query-rate-limit",
            ["rate-limit", "queries"]
        ),
        ("rrl responses-per-second rrl-ratelimit", ["response-rate-limit", "responses"]),
        ("rrl-slip", ["slip"]),
        ("ipv4-prefix-length rrl-ipv4-prefix-length ratelimit-subnet-len-ipv4", ["ipv4-prefix"]),
        ("ipv6-prefix-length rrl-ipv6-prefix-length ratelimit-subnet-len-ipv6", ["ipv6-prefix"]),
        ("exempt-clients ratelimit-whitelist", ["allow"]),
        ("timeout", ["idle-timeout"]),
        ("tcp-idle-timeout", ["tcp"]),
        ("max-tcp tcp-connections", ["connections", "tcp"]),
        (
            "rebind rebinding stop-dns-rebind private-address private-domain", ["rebind-protection"]
        ),
        ("control-socket remote-control", ["control"]),
        ("token token_file password secret", ["token-file"]),
        ("http webserver web prometheus metrics dashboard api", ["admin"]),
        ("hostname server-id id.server", ["id"]),
        ("version.bind", ["version"]),
        // Values.
        ("strip none drop block filter", ["remove"]),
        ("keep", ["pass"]),
        ("static master primary auth", ["authoritative"]),
        ("transparent redirect override", ["overlay"]),
        ("round-robin", ["random"]),
        ("failover first ordered", ["sequential"]),
        ("fast latency", ["fastest"]),
        ("race all", ["parallel"]),
    ]

    private static let meanings: [String: [String]] = {
        var meanings: [String: [String]] = [:]
        for (words, meant) in groups {
            for word in words.split(separator: " ") { meanings[String(word), default: []] += meant }
        }
        return meanings
    }()

    /// Keys of the configuration that people look for elsewhere, and where each of them is.
    private static let homes: [(keys: Set<String>, home: String)] = [
        (["to", "policy", "cache", "client-subnet"], "a rule of \"forward\""),
        (["stale", "prefetch", "negative-max"], "\"cache\" of a rule of \"forward\""),
        (["clients"], "a view of \"views\""),
        (["records", "mode", "own", "reverse", "negative-ttl", "ttl"], "a zone of \"zones\""),
        (["version", "id", "nsid"], "\"identity\""),
        (["errors", "queries"], "\"log\""),
        (["token-file", "coredns-names"], "\"admin\""),
        (["connections", "connections-per-client"], "\"tcp\""),
    ]

    /// The one of `words` that says what `word` says elsewhere, or `word` in another spelling
    /// (`cacheSize`, `CACHE_SIZE`), in quotation marks.
    static func meaning(of word: String, among words: [String]) -> String? {
        for candidate in candidates(word) {
            if let meant = words.first(where: { normal($0) == candidate }) { return meant.quoted }
        }
        return nil
    }

    /// Where the key is that `word` stands for: `"clients" in a view of "views"`.
    static func home(of word: String) -> String? {
        for candidate in candidates(word) {
            if let place = homes.first(where: { $0.keys.contains(candidate) }) {
                return "\(candidate.quoted) in \(place.home)"
            }
        }
        return nil
    }

    private static func candidates(_ word: String) -> [String] {
        let word = normal(word)
        return [word] + meanings[word, default: []]
    }

    /// `cache-size` for `cache_size`, `cacheSize`, `Cache Size` and the like.
    private static func normal(_ word: String) -> String {
        var normal = ""
        for (index, character) in zip(word.indices, word) {
            let startsWord =
                character.isUppercase && index > word.startIndex
                && word[word.index(before: index)].isLowercase
            if startsWord { normal.append("-") }
            normal += "_ ".contains(character) ? "-" : character.lowercased()
        }
        return normal
    }
}
