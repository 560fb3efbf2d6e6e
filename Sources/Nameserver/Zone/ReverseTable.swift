package import DNS

/// The PTR records made from the addresses in a view's zones (`reverse: true`).
struct ReverseTable: Sendable {
    private let zones: [Zone]

    /// nil when no zone answers for its addresses.
    init?(_ zones: [Zone], seed: UInt64) {
        let records = zones.flatMap { zone in
            zone.reverseRecords.map { (address: $0.0, owner: $0.1, ttl: zone.settings.negativeTTL) }
        }
        guard !records.isEmpty else { return nil }
        var built: [Zone] = []
        for (apex, isIPv4) in [("in-addr.arpa", true), ("ip6.arpa", false)] {
            guard let domain = try? DomainName(apex) else { continue }
            var builder = ZoneBuilder(ZoneSettings(apex: domain, mode: .authoritative), seed: seed)
            for record in records where record.address.isIPv4 == isIPv4 {
                try? builder.add(
                    owner: record.address.reverseName, type: .ptr, ttl: record.ttl,
                    rdata: record.owner.octets)
            }
            if let zone = try? builder.build() { built.append(zone) }
        }
        self.zones = built
    }

    /// The PTR records at `name`; nil when no zone has this address.
    func answer(_ name: LookupName) -> (zone: Zone, rrset: RRset)? {
        for zone in zones {
            if let node = zone.node(name), let rrset = zone.blocks.rrset(at: node, type: .ptr) {
                return (zone, rrset)
            }
        }
        return nil
    }
}

extension IPAddress {
    /// The name that the address's PTR records have (RFC 1035 §3.5, RFC 3596 §2.5).
    package var reverseName: DomainName {
        let labels: [String]
        switch self {
        case .v4: labels = octets.reversed().map { String($0) } + ["in-addr", "arpa"]
        case .v6:
            labels =
                octets.reversed().flatMap {
                    [String($0 & 15, radix: 16), String($0 >> 4, radix: 16)]
                }
                + ["ip6", "arpa"]
        }
        return DomainName(labels: labels.map { Array($0.utf8) }) ?? .root
    }
}
