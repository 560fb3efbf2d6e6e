import DNS

/// The zones that a resolver answers itself, so that such queries never leave the site. Each stands
/// back when the configuration names it or a domain above it.
enum SpecialUseZones {
    /// RFC 6303 §4 and RFC 7793: reverse zones of addresses that mean nothing outside the site.
    private static let privateReverse =
        ["10.in-addr.arpa", "168.192.in-addr.arpa"]
        + (16...31).map { "\($0).172.in-addr.arpa" }
        + (64...127).map { "\($0).100.in-addr.arpa" }
        + [
            "0.in-addr.arpa", "254.169.in-addr.arpa",
            "2.0.192.in-addr.arpa", "100.51.198.in-addr.arpa", "113.0.203.in-addr.arpa",
            "255.255.255.255.in-addr.arpa", "d.f.ip6.arpa", "8.e.f.ip6.arpa", "9.e.f.ip6.arpa",
            "a.e.f.ip6.arpa", "b.e.f.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa",
            zeros(32) + "ip6.arpa",
        ]

    /// RFC 6761 §6.2 and §6.4, RFC 6762 §22.1, RFC 7686 §2, RFC 9476 §2: names that the public DNS
    /// does not have. Not `ipv4only.arpa`, which is special to DNS64 servers alone (RFC 8880 §7.1),
    /// nor the example domains, which resolve as any other (RFC 6761 §6.5).
    private static let nonexistent = ["invalid", "test", "local", "onion", "alt"]

    /// RFC 8375 §4, RFC 9665 §10: domains for sites, cut off the public DNS without DNSSEC. The
    /// query for the DS record is the one that goes on, for the proof that there is none lets
    /// clients that validate believe what is answered here.
    private static let homeDomains = ["home.arpa", "service.arpa"]

    private static func zeros(_ count: Int) -> String { String(repeating: "0.", count: count) }

    /// All of them, to be shared by every view.
    static func make(seed: UInt64) -> [Zone] {
        let loopback: [(RRType, [UInt8])] = [
            (.a, [127, 0, 0, 1]), (.aaaa, [UInt8](repeating: 0, count: 15) + [1]),
        ]
        var zones = (privateReverse + nonexistent).compactMap { zone($0, seed: seed) }
        zones += homeDomains.compactMap { zone($0, seed: seed, hasPublicCut: true) }
        // RFC 6761 §6.3: localhost and every name below it is the loopback address.
        zones += [zone("localhost", apex: loopback, below: loopback, seed: seed)].compactMap { $0 }
        zones += loopbackReverse(seed: seed)
        // RFC 9462 §6.5: NODATA, or an upstream's designated resolver would pull clients away.
        zones += [zone("resolver.arpa", seed: seed, hasNames: true)].compactMap { $0 }
        return zones
    }

    /// The reverse zones of the loopback addresses, of which one of each family has a name.
    private static func loopbackReverse(seed: UInt64) -> [Zone] {
        guard let localhost = try? DomainName("localhost"),
            let host = try? DomainName("1.0.0.127.in-addr.arpa")
        else { return [] }
        let pointer: [(RRType, [UInt8])] = [(.ptr, localhost.octets)]
        return [
            zone("127.in-addr.arpa", host: (host, pointer), seed: seed),
            zone("1." + zeros(31) + "ip6.arpa", apex: pointer, seed: seed),
        ].compactMap { $0 }
    }

    private static func zone(
        _ name: String, apex: [(RRType, [UInt8])] = [], below: [(RRType, [UInt8])] = [],
        host: (DomainName, [(RRType, [UInt8])])? = nil, seed: UInt64, hasNames: Bool = false,
        hasPublicCut: Bool = false
    ) -> Zone? {
        guard let domain = try? DomainName(name),
            let wildcard = DomainName(labels: [Array("*".utf8)]).flatMap(domain.prepending)
        else { return nil }
        var settings = ZoneSettings(apex: domain, mode: .authoritative)
        settings.isBuiltIn = true
        settings.hasPublicCut = hasPublicCut
        var builder = ZoneBuilder(settings, seed: seed)
        do {
            try builder.addEmpty(owner: domain)
            if hasNames { try builder.addEmpty(owner: wildcard) }
            for (type, rdata) in apex {
                try builder.add(owner: domain, type: type, ttl: timeToLive, rdata: rdata)
            }
            for (type, rdata) in below {
                try builder.add(owner: wildcard, type: type, ttl: timeToLive, rdata: rdata)
            }
            if let (owner, records) = host {
                for (type, rdata) in records {
                    try builder.add(owner: owner, type: type, ttl: timeToLive, rdata: rdata)
                }
            }
            return try builder.build()
        } catch {
            return nil
        }
    }

    /// RFC 6303 §3 leaves it open; these answers change with a release at most.
    private static let timeToLive: UInt32 = 10800
}
