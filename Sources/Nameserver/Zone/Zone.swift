import DNS

/// One zone's records, immutable, shared by all workers and views.
package final class Zone: Sendable {
    package let settings: ZoneSettings
    /// The file that it was read from, as messages show it.
    package let file: String?
    /// Where the configuration names it.
    package let place: ConfigurationPlace?
    let apexLabelCount: Int
    /// Every owner name and empty non-terminal, with the place of its block.
    let names: NameTable
    /// Every wildcard by its parent's name.
    let wildcards: NameTable
    let blocks: ZoneBlocks
    /// The SOA record for negative answers, from its type on: its TTL is the smaller of the TTL and
    /// MINIMUM (RFC 2308 §3).
    let negativeSOA: [UInt8]
    /// The addresses in the zone and the names that have them, when it answers for them.
    let reverseRecords: [(IPAddress, DomainName)]
    let hasCutsOrDNAMEs: Bool
    let ownsAddressesOnly: Bool
    let bypass: KnownBypass?

    init(
        settings: ZoneSettings, file: String?, place: ConfigurationPlace?, names: NameTable,
        wildcards: NameTable,
        blocks: ZoneBlocks,
        reverseRecords: [(IPAddress, DomainName)], hasCutsOrDNAMEs: Bool
    ) {
        self.settings = settings
        self.file = file
        self.place = place
        self.names = names
        self.wildcards = wildcards
        self.blocks = blocks
        self.reverseRecords = reverseRecords
        self.hasCutsOrDNAMEs = hasCutsOrDNAMEs
        bypass = settings.bypass
        apexLabelCount = settings.apex.labelCount
        ownsAddressesOnly = settings.ownedTypes == ZoneSettings.endpointTypes
        let apex = names.value(of: LookupName(settings.apex)).map { ZoneNode(offset: $0) }
        let soa = apex.flatMap { blocks.rrset(at: $0, type: .soa) }
        negativeSOA = Self.negativeSOA(soa.map { Array(blocks.octets[$0.octets]) }, settings)
    }

    /// How many owner names the zone has, empty non-terminals included.
    package var nameCount: Int { names.count }

    /// Whether the zone answers this type for the names that it owns.
    func owns(_ type: RRType) -> Bool {
        if ownsAddressesOnly {
            return type == .a || type == .aaaa || type == .https || type == .svcb
        }
        return settings.ownedTypes.contains(type)
    }

    @inline(__always)
    func node(_ name: LookupName, from label: Int = 0) -> ZoneNode? {
        names.value(of: name, from: label).map { ZoneNode(offset: $0) }
    }

    /// Whether the suffix of `name` at `label`, or one above it, is delegated.
    func hasCut(above name: LookupName, from label: Int) -> Bool {
        guard settings.mode == .authoritative, hasCutsOrDNAMEs else { return false }
        let apex = name.labelCount &- apexLabelCount
        return label < apex
            && (label..<apex).contains {
                node(name, from: $0).map { blocks.flags(of: $0).contains(.hasNS) } ?? false
            }
    }

    /// Whether records here match `name`, or the host that it is a service of, by an owner name or
    /// wildcard at or below the name's suffix at `label`.
    func hasRecords(for name: LookupName, atOrBelow label: Int) -> Bool {
        let host = name.isServiceName ? 2 : 0
        let owners = [node(name), node(name, from: host)]
        if owners.contains(where: { $0.map { $0.offset != ZoneBlocks.emptyNode } ?? false }) {
            return true
        }
        return stride(from: host + 1, through: label, by: 1).contains {
            wildcard(name, below: $0) != nil
        }
    }

    /// The wildcard directly below the suffix of `name` at `label`.
    @inline(__always)
    func wildcard(_ name: LookupName, below label: Int) -> ZoneNode? {
        wildcards.value(of: name, from: label).map { ZoneNode(offset: $0) }
    }

    /// The RDATA of the first record of `rrset`.
    func firstRData(_ rrset: RRset) -> [UInt8] {
        let octets = blocks.octets
        let length = Int(octets.span.uint16(at: rrset.octets.lowerBound + 10))
        let start = rrset.octets.lowerBound + ZoneBlocks.recordHeaderLength
        return Array(octets[start..<start + length])
    }

    /// The TTL of `rrset` in seconds.
    func timeToLive(_ rrset: RRset) -> UInt32 {
        let octets = blocks.octets
        return octets.span.uint32(at: rrset.octets.lowerBound + 6)
    }

    /// The RDATA of every record of `rrset`.
    func allRData(_ rrset: RRset) -> [[UInt8]] {
        let octets = blocks.octets
        var all: [[UInt8]] = []
        var offset = rrset.octets.lowerBound
        for _ in 0..<rrset.recordCount {
            let start = offset + ZoneBlocks.recordHeaderLength
            let end = start + Int(octets.span.uint16(at: offset + 10))
            all.append(Array(octets[start..<end]))
            offset = end
        }
        return all
    }

    /// A record of the zone's SOA without its owner name, the TTL made that of negative answers;
    /// synthesised when the zone has none.
    private static func negativeSOA(_ record: [UInt8]?, _ settings: ZoneSettings) -> [UInt8] {
        if let record {
            let octets = record.span
            let minimum = octets.uint32(at: octets.count - 4)
            var soa = Array(record.dropFirst(2))
            var span = soa.mutableSpan
            span.store(min(octets.uint32(at: 6), minimum), at: 4)
            return soa
        }
        return SynthesizedSOA.octets(zone: settings.apex, ttl: settings.negativeTTL)
    }
}

/// The SOA record of negative answers for zones that have none (RFC 2308 §2.2).
enum SynthesizedSOA {
    /// Where RDATA starts in what `octets` gives.
    static let rdataOffset = 10

    /// The record from its type on: type, class, TTL, length, RDATA with names in full.
    static func octets(zone: DomainName, ttl: UInt32) -> [UInt8] {
        let hostmaster =
            DomainName(labels: [Array("hostmaster".utf8)]).flatMap(zone.prepending) ?? zone
        // SERIAL 1, then REFRESH, RETRY, EXPIRE, MINIMUM in seconds (RFC 1912 §2.2 gives the ranges);
        // nobody transfers the zone, so only MINIMUM matters.
        var rdata = zone.octets + hostmaster.octets
        for value: UInt32 in [1, 3600, 600, 1_209_600, ttl] { rdata += bigEndian(value) }
        let length = UInt16(rdata.count)
        return [0, UInt8(RRType.soa.rawValue), 0, UInt8(RRClass.internet)] + bigEndian(ttl)
            + [UInt8(length >> 8), UInt8(length & 0xff)] + rdata
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
