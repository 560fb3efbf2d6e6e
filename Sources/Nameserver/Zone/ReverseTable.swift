package import DNS

/// The PTR records made from the addresses in a view's zones (`reverse: true`).
struct ReverseTable: Sendable {
    /// Names of one address that are answered, so that the answer fits a message.
    private static let maximumNames = 200

    let zones: [Zone]

    /// nil when no zone answers for its addresses.
    init?(_ zones: [Zone], seed: UInt64) {
        var names: [IPAddress: Int] = [:]
        var records: [(address: IPAddress, owner: DomainName, ttl: UInt32)] = []
        for zone in zones {
            for (address, owner) in zone.reverseRecords {
                names[address, default: 0] += 1
                guard names[address, default: 0] <= Self.maximumNames else { continue }
                records.append((address, owner, zone.settings.negativeTTL))
            }
        }
        guard !records.isEmpty else { return nil }
        // The builder would rather have all names of an address together.
        records.sort { $0.address.precedes($1.address) }
        self.zones = [("in-addr.arpa", true), ("ip6.arpa", false)].compactMap { apex, isIPv4 in
            guard let domain = try? DomainName(apex) else { return nil }
            var builder = ZoneBuilder(ZoneSettings(apex: domain, mode: .authoritative), seed: seed)
            for record in records where record.address.isIPv4 == isIPv4 {
                try? builder.add(
                    owner: record.address.reverseName, type: .ptr, ttl: record.ttl,
                    rdata: record.owner.octets)
            }
            return try? builder.build()
        }
    }

    /// What is said to an address's reverse name; nil when no zone has the address.
    func answer(_ name: LookupName, _ type: RRType) -> ZoneAnswer? {
        for zone in zones {
            if let node = zone.node(name), let rrset = zone.blocks.rrset(at: node, type: .ptr) {
                return ZoneAnswer(
                    zone: Borrowed(zone),
                    answer: type == .ptr || type == .any ? .records(rrset) : .noData)
            }
        }
        return nil
    }

    /// The node at `name`, such as that of a network with addresses below it.
    func node(_ name: LookupName) -> ZoneNode? {
        // The apexes exist in the public DNS as well.
        zones.lazy.compactMap { $0.apexLabelCount < name.labelCount ? $0.node(name) : nil }.first
    }
}

extension IPAddress {
    fileprivate func precedes(_ other: IPAddress) -> Bool {
        switch (self, other) {
        case (.v4(let left), .v4(let right)): left < right
        case (.v6(let high, let low), .v6(let otherHigh, let otherLow)):
            (high, low) < (otherHigh, otherLow)
        case (.v4, .v6): true
        case (.v6, .v4): false
        }
    }

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
