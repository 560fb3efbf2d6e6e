package import DNS

/// Collects a zone's records and makes the immutable `Zone` of them.
package struct ZoneBuilder {
    package let settings: ZoneSettings

    // A million names are collected here, so everything lies in few large arrays: the names number
    // the nodes, a node's records are chained through their indices.
    private var names: NameTableBuilder
    private var nodes: [Node] = []
    private var records: [Record] = []
    private var rdata: [UInt8] = []
    private var reverseRecords: [(IPAddress, DomainName)] = []
    private var wildcardNodes: [(DomainName, Int)] = []
    private let scratch = LookupName()
    private let apexLabelCount: Int
    private let seed: UInt64

    private static let noRecord = UInt32.max
    /// A response has at most 65,535 octets, so a larger RRset could never be sent.
    private static let maximumRRsetLength = 65_000

    private struct Node {
        var firstRecord = ZoneBuilder.noRecord
        var isPublic = false
    }

    private struct Record {
        let type: RRType
        let length: UInt16
        var ttl: UInt32
        let rdataOffset: UInt32
        var next: UInt32
    }

    /// `seed` keeps the zone's hash tables from being flooded with colliding names.
    package init(_ settings: ZoneSettings, seed: UInt64) {
        self.settings = settings
        self.seed = seed
        names = NameTableBuilder(seed: seed)
        apexLabelCount = settings.apex.labelCount
    }

    /// Adds one record. `owner` is absolute and at or below the apex; `rdata` is in wire form with
    /// its names in full. Equal records count once (RFC 2181 §5); the RRset has the lowest TTL of
    /// its records (RFC 2181 §5.2).
    package mutating func add(
        owner: DomainName, type: RRType, ttl: UInt32, rdata: [UInt8]
    ) throws(ZoneError) {
        let node = try makeNode(owner)
        guard !nodes[node].isPublic else { throw .publicAndRecords(owner) }
        var ttl = ttl
        var last: Int?
        for index in chain(of: nodes[node]) {
            try check(records[index].type, beside: type, at: owner, equal: false)
            if records[index].type == type {
                if self.rdata(of: records[index]) == rdata[...] { return }
                try check(type, beside: type, at: owner, equal: true)
                ttl = min(ttl, records[index].ttl)
            }
            last = index
        }
        guard type != .soa || owner == settings.apex else { throw .soaNotAtApex(owner) }
        guard rdata.count < Self.maximumRRsetLength,
            self.rdata.count + rdata.count < Int(UInt32.max), records.count < Int(Self.noRecord)
        else { throw .tooLarge(owner) }
        for index in chain(of: nodes[node]) where records[index].type == type {
            records[index].ttl = ttl
        }
        let record = UInt32(records.count)
        records.append(
            Record(
                type: type, length: UInt16(rdata.count), ttl: ttl,
                rdataOffset: UInt32(self.rdata.count), next: Self.noRecord))
        self.rdata.append(contentsOf: rdata)
        if let last {
            records[last].next = record
        } else {
            nodes[node].firstRecord = record
        }
        if settings.reverse, !owner.isWildcard, type == .a || type == .aaaa,
            let address = IPAddress(octets: rdata)
        {
            reverseRecords.append((address, owner))
        }
    }

    /// Hands `owner` back to the public zone (for a wildcard: the names below too).
    package mutating func addPublic(owner: DomainName) throws(ZoneError) {
        guard settings.mode == .overlay else { throw .publicOutsideOverlay(owner) }
        let node = try makeNode(owner)
        guard nodes[node].firstRecord == Self.noRecord else { throw .publicAndRecords(owner) }
        nodes[node].isPublic = true
    }

    /// Makes `owner` exist without records, as an empty non-terminal does.
    mutating func addEmpty(owner: DomainName) throws(ZoneError) {
        _ = try makeNode(owner)
    }

    /// The zone of all that was added.
    package consuming func build() throws(ZoneError) -> Zone {
        if settings.mode == .authoritative, !records.contains(where: { $0.type == .soa }) {
            // A zone has a SOA record (RFC 1034 §4.2.1), so one is made when the file has none.
            let soa = SynthesizedSOA.octets(zone: settings.apex, ttl: settings.negativeTTL)
            try add(
                owner: settings.apex, type: .soa, ttl: settings.negativeTTL,
                rdata: Array(soa.dropFirst(SynthesizedSOA.rdataOffset)))
        }
        var blocks = ZoneBlocks()
        var offsets: [UInt32] = []
        offsets.reserveCapacity(nodes.count)
        for node in nodes {
            guard let offset = encode(node, into: &blocks) else {
                throw .tooLarge(settings.apex)
            }
            offsets.append(offset)
        }
        // A wildcard is found by its parent's name, in a table of its own: that table is small, and
        // the look-up needs no name but the query's.
        var wildcards = NameTableBuilder(seed: seed)
        for (name, node) in wildcardNodes {
            scratch.set(name)
            _ = wildcards.insert(scratch, from: 1, value: offsets[node])
        }
        names.mapValues { offsets[Int($0)] }
        return Zone(
            settings: settings, names: names.build(), wildcards: wildcards.build(), blocks: blocks,
            reverseRecords: reverseRecords,
            hasCutsOrDNAMEs: records.contains { $0.type == .dname || $0.type == .ns })
    }

    /// The node of `owner`, made if need be with those between it and the apex: an empty
    /// non-terminal exists (RFC 4592 §2.2.2).
    private mutating func makeNode(_ owner: DomainName) throws(ZoneError) -> Int {
        guard owner.isAtOrBelow(settings.apex) else { throw .outsideZone(owner) }
        scratch.set(owner)
        var made: Int?
        for label in 0...(scratch.labelCount - apexLabelCount) {
            let existing = names.insert(scratch, from: label, value: UInt32(nodes.count))
            if let existing { return made ?? Int(existing) }
            if made == nil { made = nodes.count }
            if scratch.isWildcard(at: label) {
                wildcardNodes.append((scratch.domainName(from: label), nodes.count))
            }
            nodes.append(Node())
        }
        return made ?? 0
    }

    private func chain(of node: Node) -> [Int] {
        var chain: [Int] = []
        var next = node.firstRecord
        while next != Self.noRecord {
            chain.append(Int(next))
            next = records[Int(next)].next
        }
        return chain
    }

    private func rdata(of record: Record) -> ArraySlice<UInt8> {
        rdata[Int(record.rdataOffset)..<Int(record.rdataOffset) + Int(record.length)]
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

    /// Lays the node's records out in `blocks`; nil when they do not fit.
    private func encode(_ node: Node, into blocks: inout ZoneBlocks) -> UInt32? {
        let chain = chain(of: node)
        guard !chain.isEmpty || node.isPublic else { return ZoneBlocks.emptyNode }
        var types: [RRType] = []
        for index in chain where !types.contains(records[index].type) {
            types.append(records[index].type)
        }
        return blocks.append(isPublic: node.isPublic, types: types) { type in
            chain.filter { records[$0].type == type }.map {
                (ttl: records[$0].ttl, rdata: rdata(of: records[$0]))
            }
        }
    }
}
