package import DNS

/// Collects a zone's records and makes the immutable `Zone` of them.
///
/// The records of one name are collected and laid out as soon as the next name comes, so that a
/// million of them are in memory once. A name may come again, at the price of its first layout.
package struct ZoneBuilder: ~Copyable {
    package let settings: ZoneSettings
    private let file: String?
    private let place: ConfigurationPlace?

    /// The names number the nodes.
    private var names: NameTableBuilder
    private var blocks = ZoneBlocksBuilder()
    /// The place of each node's block.
    private var offsets: [UInt32] = []
    private var wildcardNodes: [(DomainName, Int)] = []
    private var reverseRecords: [(IPAddress, DomainName)] = []
    private var hasSOA = false
    private var hasCutsOrDNAMEs = false
    /// Whether a node could not be laid out.
    private var isTooLarge = false
    private let scratch = LookupName()
    private let apexLabelCount: Int
    private let seed: UInt64

    /// The name whose records are collected, the number of its node, and the records.
    private var owner: DomainName
    private var node: Int?
    private var records = NodeRecords()

    /// A response has at most 65,535 octets, so a larger RRset could never be sent.
    private static let maximumRRsetLength = 65_000

    /// `seed` keeps the zone's hash tables from being flooded with colliding names.
    /// `file` is where the records come from, as messages show it, and `place` where the zone is named.
    package init(
        _ settings: ZoneSettings, file: String? = nil, place: ConfigurationPlace? = nil,
        seed: UInt64
    ) {
        self.settings = settings
        self.file = file
        self.place = place
        self.seed = seed
        owner = settings.apex
        names = NameTableBuilder(seed: seed)
        apexLabelCount = settings.apex.labelCount
    }

    /// Adds one record. `owner` is absolute and at or below the apex; `rdata` is in wire form with
    /// its names in full. Equal records count once (RFC 2181 §5); the RRset has the lowest TTL of
    /// its records (RFC 2181 §5.2).
    package mutating func add(
        owner: DomainName, type: RRType, ttl: UInt32, rdata: [UInt8]
    ) throws(ZoneError) {
        _ = try open(owner)
        try add(type: type, ttl: ttl, rdata: rdata)
    }

    /// Goes to the node of `owner`, which is made if need be, for what is added next. Returns its
    /// number: nodes are numbered from 0 on as they are made. `line` is where the name stands in the
    /// file, 0 for nowhere.
    package mutating func open(
        _ owner: DomainName, line: UInt32 = 0
    ) throws(ZoneError) -> Int {
        let node = try makeNode(owner)
        guard node != self.node else { return node }
        close()
        self.owner = owner
        self.node = node
        if offsets[node] != ZoneBlocks.emptyNode { records = blocks.records(at: offsets[node]) }
        if records.isEmpty { records.line = line }
        return node
    }

    /// Adds one record to the node that was opened last, by the rules of `add(owner:…)`. `line` is its
    /// own in the file, 0 for that of its owner name.
    package mutating func add(
        type: RRType, ttl: UInt32, rdata: [UInt8], line: UInt32 = 0
    ) throws(ZoneError) {
        guard !records.isPublic else { throw .publicAndRecords(owner) }
        for record in records.all {
            try check(record.type, beside: type, at: owner, equal: false)
            if record.type == type {
                if records.octets[record.rdata] == rdata[...] { return }
                try check(type, beside: type, at: owner, equal: true)
            }
        }
        guard type != .soa || owner == settings.apex else { throw .soaNotAtApex(owner) }
        guard rdata.count < Self.maximumRRsetLength else { throw .tooLarge(owner) }
        records.append(type, ttl: ttl, rdata, line: line)
        if type == .soa { hasSOA = true }
        if type == .dname || type == .ns { hasCutsOrDNAMEs = true }
        if settings.reverse, !owner.isWildcard, type == .a || type == .aaaa,
            let address = IPAddress(octets: rdata)
        {
            reverseRecords.append((address, owner))
        }
    }

    /// Hands `owner` back to the public zone (for a wildcard: the names below too).
    package mutating func addPublic(owner: DomainName, line: UInt32 = 0) throws(ZoneError) {
        guard settings.mode == .overlay else { throw .publicOutsideOverlay(owner) }
        _ = try open(owner, line: line)
        guard records.all.isEmpty else { throw .publicAndRecords(owner) }
        records.isPublic = true
    }

    /// Makes `owner` exist without records, as an empty non-terminal does.
    mutating func addEmpty(owner: DomainName) throws(ZoneError) {
        _ = try makeNode(owner)
    }

    /// The zone of all that was added.
    package consuming func build() throws(ZoneError) -> Zone {
        if settings.mode == .authoritative, !hasSOA {
            // A zone has a SOA record (RFC 1034 §4.2.1), so one is made when the file has none.
            let soa = SynthesizedSOA.octets(zone: settings.apex, ttl: settings.negativeTTL)
            try add(
                owner: settings.apex, type: .soa, ttl: settings.negativeTTL,
                rdata: Array(soa.dropFirst(SynthesizedSOA.rdataOffset)))
        }
        close()
        guard !isTooLarge else { throw .tooLarge(settings.apex) }
        // A wildcard is found by its parent's name, in a table of its own: that table is small, and
        // the look-up needs no name but the query's.
        var wildcards = NameTableBuilder(seed: seed)
        for (name, node) in wildcardNodes {
            scratch.set(name)
            _ = wildcards.insert(scratch, from: 1, value: offsets[node])
        }
        names.mapValues { offsets[Int($0)] }
        offsets = []
        return Zone(
            settings: settings, file: file, place: place, names: names.build(),
            wildcards: wildcards.build(),
            blocks: blocks.build(), reverseRecords: reverseRecords,
            hasCutsOrDNAMEs: hasCutsOrDNAMEs)
    }

    /// Lays out what was collected.
    private mutating func close() {
        guard let node else { return }
        self.node = nil
        guard !records.isEmpty else { return }
        if let offset = blocks.append(records) {
            offsets[node] = offset
        } else {
            isTooLarge = true
        }
        records.removeAll()
    }

    /// The node of `owner`, made if need be with those between it and the apex: an empty
    /// non-terminal exists (RFC 4592 §2.2.2).
    private mutating func makeNode(_ owner: DomainName) throws(ZoneError) -> Int {
        guard owner.isAtOrBelow(settings.apex) else { throw .outsideZone(owner) }
        scratch.set(owner)
        var made: Int?
        for label in 0...(scratch.labelCount - apexLabelCount) {
            let existing = names.insert(scratch, from: label, value: UInt32(offsets.count))
            if let existing { return made ?? Int(existing) }
            if made == nil { made = offsets.count }
            if scratch.isWildcard(at: label) {
                wildcardNodes.append((scratch.domainName(from: label), offsets.count))
            }
            offsets.append(ZoneBlocks.emptyNode)
        }
        return made ?? 0
    }

    /// Throws when a node may not have records of both types, or two of one (`equal`).
    private func check(
        _ type: RRType, beside other: RRType, at owner: DomainName, equal: Bool
    ) throws(ZoneError) {
        guard type != other else {
            guard equal else { return }
            switch type {
            case .cname, .alias: throw .cnameAndOtherData(owner)
            case .dname: throw .severalDNAMEs(owner)
            case .soa: throw .severalSOAs
            default: return
            }
        }
        if type == .cname || other == .cname { throw .cnameAndOtherData(owner) }
        let addresses: Set<RRType> = [.a, .aaaa]
        if type == .alias && addresses.contains(other)
            || other == .alias && addresses.contains(type)
        {
            throw .cnameAndOtherData(owner)
        }
    }
}
