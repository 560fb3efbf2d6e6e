package import DNS

/// The records of a zone's nodes, laid out for sending: one block of octets a node.
///
/// A block is: flags (1 octet), count of RRsets (1), then for each RRset its type (2), count of
/// records (2), length in octets (2) and the records as they go on the wire, each with an owner name
/// that is a pointer to the question's (RFC 1035 §4.1.4: `c0 0c`), TTL and RDATA in full.
struct ZoneBlocks: Sendable {
    /// The block of a node without records.
    static let emptyNode: UInt32 = 0
    /// Octets of a record before its RDATA: pointer, type, class, TTL, length.
    static let recordHeaderLength = 12
    private static let nodeHeaderLength = 2
    private static let rrsetHeaderLength = 6
    private static let pointerToQuestion: UInt16 = 0xc00c

    private(set) var octets: [UInt8] = [0, 0]

    /// Appends a node's block; nil when an RRset is longer than 65,535 octets, the node has more
    /// than 255 RRsets or the zone more than 4 GiB.
    mutating func append(
        isPublic: Bool, types: [RRType],
        records: (RRType) -> [(ttl: UInt32, rdata: ArraySlice<UInt8>)]
    ) -> UInt32? {
        guard let start = UInt32(exactly: octets.count), types.count <= 255 else { return nil }
        var flags: ZoneNode.Flags = isPublic ? .isPublic : []
        for type in types { flags.formUnion(ZoneNode.Flags(of: type)) }
        octets.append(flags.rawValue)
        octets.append(UInt8(types.count))
        for type in types {
            let header = octets.count
            let records = records(type)
            append(type.rawValue)
            append(UInt16(truncatingIfNeeded: records.count))
            append(0)
            let ttl = records.map(\.ttl).min() ?? 0
            for record in records { append(type, ttl, record.rdata) }
            let length = octets.count - header - Self.rrsetHeaderLength
            guard let length = UInt16(exactly: length) else { return nil }
            octets[header + 4] = UInt8(length >> 8)
            octets[header + 5] = UInt8(length & 0xff)
        }
        return start
    }

    private mutating func append(_ type: RRType, _ ttl: UInt32, _ rdata: ArraySlice<UInt8>) {
        append(Self.pointerToQuestion)
        append(type.rawValue)
        append(RRClass.internet)
        append(UInt16(truncatingIfNeeded: ttl >> 16))
        append(UInt16(truncatingIfNeeded: ttl))
        append(UInt16(rdata.count))
        octets.append(contentsOf: rdata)
    }

    private mutating func append(_ value: UInt16) {
        octets.append(UInt8(value >> 8))
        octets.append(UInt8(value & 0xff))
    }

    func flags(of node: ZoneNode) -> ZoneNode.Flags {
        ZoneNode.Flags(rawValue: octets[Int(node.offset)])
    }

    /// The RRset of this type at `node`; for `nil` the first there is.
    func rrset(at node: ZoneNode, type: RRType?) -> RRset? {
        let octets = octets.span
        var position = Int(node.offset) &+ Self.nodeHeaderLength
        for _ in 0..<octets[Int(node.offset) &+ 1] {
            let found = octets.uint16(at: position)
            let count = octets.uint16(at: position &+ 2)
            let start = position &+ Self.rrsetHeaderLength
            let end = start &+ Int(octets.uint16(at: position &+ 4))
            if type == nil || found == type?.rawValue {
                return RRset(
                    type: RRType(rawValue: found), recordCount: count, octets: start..<end)
            }
            position = end
        }
        return nil
    }
}

/// A node of a zone, by the place of its block.
struct ZoneNode: Equatable, Sendable {
    let offset: UInt32

    /// What a look-up asks of a node before it looks for a type.
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8

        /// Handed back to the public zone.
        static let isPublic = Flags(rawValue: 1)
        /// Has an address record or one that leads to addresses.
        static let hasAddress = Flags(rawValue: 2)
        static let hasCNAME = Flags(rawValue: 4)
        static let hasDNAME = Flags(rawValue: 8)
        static let hasALIAS = Flags(rawValue: 16)
        /// Has NS records; below the apex a zone cut (RFC 9499 §7).
        static let hasNS = Flags(rawValue: 32)

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(of type: RRType) {
            switch type {
            case .a, .aaaa: self = .hasAddress
            case .cname: self = [.hasCNAME, .hasAddress]
            case .alias: self = [.hasALIAS, .hasAddress]
            case .dname: self = .hasDNAME
            case .ns: self = .hasNS
            default: self = []
            }
        }
    }
}

/// Where an RRset's records lie in its zone's blocks.
package struct RRset: Equatable, Sendable {
    package let type: RRType
    package let recordCount: UInt16
    /// The records as they go on the wire.
    let octets: Range<Int>
}
