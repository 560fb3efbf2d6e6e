package import DNS

/// The records of a zone's nodes, laid out for sending: one block of octets a node.
///
/// A block is: flags (1 octet), count of RRsets (1), line in the zone's file (4), then for each RRset
/// its type (2), count of records (2), length in octets (2), how many lines further down its first
/// record stands (2), and the records as they go on the wire, each with an owner name that is a
/// pointer to the question's (RFC 1035 §4.1.4: `c0 0c`), TTL and RDATA in full.
struct ZoneBlocks: Sendable {
    /// The block of a node without records.
    static let emptyNode: UInt32 = 0
    /// Octets of a record before its RDATA: pointer, type, class, TTL, length.
    static let recordHeaderLength = 12
    fileprivate static let nodeHeaderLength = 6
    fileprivate static let rrsetHeaderLength = 8
    fileprivate static let pointerToQuestion: UInt16 = 0xc00c

    let octets: [UInt8]

    @inline(__always)
    func flags(of node: ZoneNode) -> ZoneNode.Flags {
        ZoneNode.Flags(rawValue: octets[Int(node.offset)])
    }

    /// The RRset of this type at `node`; for `nil` the first there is.
    @inline(__always)
    func rrset(at node: ZoneNode, type: RRType?) -> RRset? {
        let octets = octets.span
        var position = Int(node.offset) &+ Self.nodeHeaderLength
        for _ in 0..<octets[Int(node.offset) &+ 1] {
            let header = octets.uint64(at: position)
            let found = RRType(rawValue: UInt16(truncatingIfNeeded: header >> 48))
            let length = UInt16(truncatingIfNeeded: header >> 16)
            if type == nil || found == type {
                return RRset(
                    type: found, recordCount: UInt16(truncatingIfNeeded: header >> 32),
                    length: length,
                    start: UInt32(truncatingIfNeeded: position &+ Self.rrsetHeaderLength))
            }
            position &+= Self.rrsetHeaderLength &+ Int(length)
        }
        return nil
    }

    /// The RRsets at `node`, in the order in which their first records were added.
    func rrsets(at node: ZoneNode) -> [RRset] {
        let octets = octets.span
        var rrsets: [RRset] = []
        var position = Int(node.offset) + Self.nodeHeaderLength
        for _ in 0..<octets[Int(node.offset) + 1] {
            let length = octets.uint16(at: position + 4)
            rrsets.append(
                RRset(
                    type: RRType(rawValue: octets.uint16(at: position)),
                    recordCount: octets.uint16(at: position + 2), length: length,
                    start: UInt32(position + Self.rrsetHeaderLength)))
            position += Self.rrsetHeaderLength + Int(length)
        }
        return rrsets
    }

    /// The line at which the node, or one of its RRsets, stands in the zone's file; 0 for none.
    func line(of node: ZoneNode, _ rrset: RRset? = nil) -> Int {
        guard node.offset != Self.emptyNode else { return 0 }
        let octets = octets.span
        let line = Int(octets.uint32(at: Int(node.offset) + 2))
        return line + (rrset.map { Int(octets.uint16(at: Int($0.start) - 2)) } ?? 0)
    }
}

/// Lays out the blocks of a zone, one after the other.
///
/// A million of them take 20 MB and more, so they lie in chunks that do not move when more come, and
/// each is freed as soon as it is copied into the whole.
struct ZoneBlocksBuilder {
    /// The first octets are the block of nodes without records.
    private var chunk = [UInt8](repeating: 0, count: ZoneBlocks.nodeHeaderLength)
    private var fullChunks: [[UInt8]] = []
    /// What `fullChunks` hold together, in octets.
    private var fullLength = 0

    /// Half a megabyte, which the system gives and takes back as a whole.
    private static let chunkLength = 1 << 19

    /// Appends a node's block; nil when an RRset is longer than 65,535 octets, the node has more
    /// than 255 RRsets or the zone more than 4 GiB.
    mutating func append(_ records: NodeRecords) -> UInt32? {
        guard let start = UInt32(exactly: fullLength + chunk.count) else { return nil }
        var length = ZoneBlocks.nodeHeaderLength
        for record in records.all {
            length += ZoneBlocks.recordHeaderLength + record.rdata.count
            if record.isFirstOfType { length += ZoneBlocks.rrsetHeaderLength }
        }
        makeRoom(length)
        let first = chunk.count
        chunk.append(contentsOf: repeatElement(0, count: length))
        var block = chunk.mutableSpan
        var flags: ZoneNode.Flags = records.isPublic ? .isPublic : []
        var rrsetCount = 0
        var position = first + ZoneBlocks.nodeHeaderLength
        for record in records.all where record.isFirstOfType {
            flags.formUnion(ZoneNode.Flags(of: record.type))
            rrsetCount += 1
            let header = position
            let set = records.all.lazy.filter { $0.type == record.type }
            let ttl = set.map(\.ttl).min() ?? 0
            position += ZoneBlocks.rrsetHeaderLength
            var count = 0
            for record in set {
                count += 1
                block.store(ZoneBlocks.pointerToQuestion, at: position)
                block.store(record.type.rawValue, at: position + 2)
                block.store(RRClass.internet, at: position + 4)
                block.store(ttl, at: position + 6)
                block.store(UInt16(record.rdata.count), at: position + 10)
                position += ZoneBlocks.recordHeaderLength
                block.copy(records.octets, record.rdata, at: position)
                position += record.rdata.count
            }
            guard let length = UInt16(exactly: position - header - ZoneBlocks.rrsetHeaderLength)
            else { return nil }
            block.store(record.type.rawValue, at: header)
            block.store(UInt16(truncatingIfNeeded: count), at: header + 2)
            block.store(length, at: header + 4)
            let lines = record.line > records.line ? record.line - records.line : 0
            block.store(UInt16(clamping: lines), at: header + 6)
        }
        guard rrsetCount <= 255 else { return nil }
        block[first] = flags.rawValue
        block[first + 1] = UInt8(rrsetCount)
        block.store(records.line, at: first + 2)
        return start
    }

    /// The records of a block that was appended before.
    func records(at offset: UInt32) -> NodeRecords {
        var (octets, start) = (chunk, Int(offset) - fullLength)
        if start < 0 {
            start = Int(offset)
            octets = []
            for chunk in fullChunks {
                octets = chunk
                guard start >= chunk.count else { break }
                start -= chunk.count
            }
        }
        let block = octets.span
        var records = NodeRecords()
        records.isPublic = ZoneNode.Flags(rawValue: block[start]).contains(.isPublic)
        records.line = block.uint32(at: start + 2)
        var position = start + ZoneBlocks.nodeHeaderLength
        for _ in 0..<block[start + 1] {
            let count = block.uint16(at: position + 2)
            let line = records.line + UInt32(block.uint16(at: position + 6))
            position += ZoneBlocks.rrsetHeaderLength
            for _ in 0..<count {
                let rdata = position + ZoneBlocks.recordHeaderLength
                let end = rdata + Int(block.uint16(at: position + 10))
                records.append(
                    RRType(rawValue: block.uint16(at: position + 2)),
                    ttl: block.uint32(at: position + 6), octets[rdata..<end], line: line)
                position = end
            }
        }
        return records
    }

    consuming func build() -> ZoneBlocks {
        var octets: [UInt8] = []
        octets.reserveCapacity(fullLength + chunk.count)
        var chunks = [chunk] + fullChunks.reversed()
        (chunk, fullChunks) = ([], [])
        while let chunk = chunks.popLast() { octets += chunk }
        return ZoneBlocks(octets: octets)
    }

    private mutating func makeRoom(_ length: Int) {
        guard chunk.count + length > Self.chunkLength else { return }
        fullLength += chunk.count
        fullChunks.append(chunk)
        chunk = []
        chunk.reserveCapacity(max(length, Self.chunkLength))
    }
}

/// The records of one node while they are collected.
struct NodeRecords {
    struct Record {
        let type: RRType
        let ttl: UInt32
        /// Where the RDATA is in `octets`.
        let rdata: Range<Int>
        /// Its line in the zone's file; 0 for none.
        let line: UInt32
        /// Whether no record before it has its type: a block has the RRsets in this order.
        let isFirstOfType: Bool
    }

    /// Handed back to the public zone.
    var isPublic = false
    /// The line of their owner name in the zone's file; 0 for none.
    var line: UInt32 = 0
    private(set) var all: [Record] = []
    /// The RDATA of all records.
    private(set) var octets: [UInt8] = []

    var isEmpty: Bool { all.isEmpty && !isPublic }

    mutating func append(_ type: RRType, ttl: UInt32, _ rdata: some Collection<UInt8>, line: UInt32)
    {
        let start = octets.count
        octets.append(contentsOf: rdata)
        all.append(
            Record(
                type: type, ttl: ttl, rdata: start..<octets.count, line: line,
                isFirstOfType: !all.contains { $0.type == type }))
    }

    mutating func removeAll() {
        isPublic = false
        line = 0
        all.removeAll(keepingCapacity: true)
        octets.removeAll(keepingCapacity: true)
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

/// Where an RRset's records lie in its zone's blocks. So small that look-ups return it in registers.
package struct RRset: Equatable, Sendable {
    package let type: RRType
    package let recordCount: UInt16
    fileprivate let length: UInt16
    fileprivate let start: UInt32

    /// The records as they go on the wire.
    var octets: Range<Int> { Int(start)..<Int(start) &+ Int(length) }
}
