import DNS

/// An upstream's response, read.
struct UpstreamResponse {
    enum Section { case answer, authority, additional }

    /// What the records of one set have in common (RFC 2181 §5).
    struct RRsetName: Hashable {
        let owner: DomainName
        let type: RRType
    }

    struct Record {
        let section: Section
        let owner: DomainName
        let bounds: ResourceRecord
        let rdata: [UInt8]
        /// The names in RDATA: targets of aliases, mail exchangers, name servers, endpoints.
        let names: [DomainName]
        /// RDATA that a policy put in the place of what came.
        var replacement: [UInt8]?
        var isRemoved = false

        var type: RRType { bounds.type }

        /// The set that the record belongs to; for a signature, the one that it signs.
        var rrset: RRsetName { RRsetName(owner: owner, type: covered ?? type) }

        /// The type that an RRSIG record covers (RFC 4034 §3.1.1).
        var covered: RRType? {
            guard type == .rrsig, rdata.count >= 2 else { return nil }
            return RRType(rawValue: UInt16(rdata[0]) << 8 | UInt16(rdata[1]))
        }

        /// Whether it is part of a proof that something does not exist (RFC 4034 §4, RFC 5155 §3).
        var proves: Bool {
            let proven = covered ?? type
            return section == .authority && (proven == .nsec || proven == .nsec3)
        }
    }

    let header: Header
    var records: [Record] = []
    private(set) var edns: EDNS?

    init(_ message: Span<UInt8>) throws(MessageError) {
        guard let header = Header(message) else { throw .truncated(at: 0) }
        self.header = header
        var reader = MessageReader(message, at: Header.length)
        for _ in 0..<header.questionCount {
            try reader.skipName()
            try reader.skip(4)
        }
        let answers = Int(header.answerCount)
        let authorities = answers + Int(header.authorityCount)
        for index in 0..<authorities + Int(header.additionalCount) {
            let bounds = try reader.readRecord()
            if bounds.type == .opt {
                edns = EDNS(bounds)
                continue
            }
            // What belongs to the message and not to the data goes no further.
            guard bounds.type.isData, bounds.rrClass == RRClass.internet else { continue }
            records.append(
                Record(
                    section: index < answers
                        ? .answer : index < authorities ? .authority : .additional,
                    owner: try MessageReader.name(in: message, at: bounds.ownerOffset),
                    bounds: bounds, rdata: message.array(bounds.rdata),
                    names: try Self.names(in: bounds, of: message)))
        }
    }

    /// Throws when RDATA with names does not have the form of its type.
    private static func names(
        in record: ResourceRecord, of message: Span<UInt8>
    ) throws(MessageError) -> [DomainName] {
        var reader = MessageReader(
            message.extracting(0..<record.rdata.upperBound), at: record.rdata.lowerBound)
        if record.type == .https || record.type == .svcb {
            // The policy says what becomes of a malformed one.
            guard record.rdata.count > 2, (try? reader.skip(2)) != nil,
                let target = try? reader.readName()
            else { return [] }
            return [target]
        }
        guard let layout = RDataLayout.of(record.type) else {
            guard try hasLength(record, &reader) else {
                throw .malformedRData(at: record.rdata.lowerBound)
            }
            return []
        }
        try reader.skipToNames(of: layout)
        var names: [DomainName] = []
        for _ in 0..<layout.names { names.append(try reader.readName()) }
        let rest = record.rdata.upperBound - reader.offset
        let isWhole =
            switch record.type {
            case .soa: rest == 20
            // A signature and a bit map of types (RFC 2535 §4.1, §5.2).
            case .sig, .nxt: true
            default: rest == 0
            }
        guard isWhole else { throw .malformedRData(at: reader.offset) }
        return names
    }

    /// Whether RDATA without compressible names has a length that its type allows; clients take the
    /// whole message for malformed otherwise.
    private static func hasLength(
        _ record: ResourceRecord, _ reader: inout MessageReader
    ) throws(MessageError) -> Bool {
        switch record.type {
        case .a: return record.rdata.count == 4
        case .aaaa: return record.rdata.count == 16
        // RFC 4034 §3.1: 18 octets, a name, a signature.
        case .rrsig: return record.rdata.count > 19
        case .hinfo:
            for _ in 0..<2 { try reader.skip(Int(try reader.readUInt8())) }
            return reader.isAtEnd
        case .txt, .spf:
            repeat { try reader.skip(Int(try reader.readUInt8())) } while !reader.isAtEnd
            return true
        default: return true
        }
    }

    var rcode: RCode {
        RCode(rawValue: UInt16(edns?.extendedRCode ?? 0) << 4 | header.rcode.rawValue)
    }

    /// The data of the COOKIE option (RFC 7873 §4); nil for none.
    func cookie(in message: Span<UInt8>) throws(MessageError) -> [UInt8]? {
        try edns?.option(EDNSOption.cookie, in: message).map { message.array($0) }
    }

    /// The names from the question's along its aliases, in order; nil when they form a loop, or when
    /// there are more than `maximumLength`.
    func chain(from question: UpstreamQuestion, maximumLength: Int) -> [DomainName]? {
        var chain = [question.name]
        guard question.type != .cname else { return chain }
        while let alias = records.first(where: {
            $0.section == .answer && $0.type == .cname && $0.owner == chain[chain.count - 1]
        }), let target = alias.names.first {
            guard chain.count < maximumLength, !chain.contains(target) else { return nil }
            chain.append(target)
        }
        return chain
    }

    /// The answer section's records that belong to the chain, in order: each alias with its
    /// signatures, the DNAME records behind aliases, then the records asked for.
    func answer(_ chain: [DomainName], _ question: UpstreamQuestion) -> [Record] {
        let answers = records.filter { $0.section == .answer }
        var ordered: [Record] = []
        for (index, owner) in chain.enumerated() {
            let isLast = index == chain.count - 1
            // A synthesized CNAME has no signature of its own: the DNAME goes with it, also where the
            // CNAME itself was asked for (RFC 6672 §3.1).
            if !isLast || question.type == .cname {
                ordered += answers.filter {
                    ($0.type == .dname || $0.covered == .dname) && owner != $0.owner
                        && owner.isAtOrBelow($0.owner)
                }
            }
            let wanted = isLast ? question.type : .cname
            let ofOwner = answers.filter { $0.owner == owner }
            ordered +=
                ofOwner.filter { $0.type == wanted } + ofOwner.filter { $0.covered == wanted }
        }
        return ordered
    }

    /// The additional section's records, each RRset in one piece with its signatures behind it, so
    /// that what does not fit is left out whole.
    var additional: [Record] {
        var sets: [RRsetName: [Record]] = [:]
        var order: [RRsetName] = []
        for record in records where record.section == .additional {
            if sets[record.rrset] == nil { order.append(record.rrset) }
            sets[record.rrset, default: []].append(record)
        }
        return order.flatMap { rrset in
            let ofSet = sets[rrset] ?? []
            return ofSet.filter { $0.covered == nil } + ofSet.filter { $0.covered != nil }
        }
    }

    /// Whether records of the type asked for stand at the end of the chain.
    func hasData(_ chain: [DomainName], _ question: UpstreamQuestion) -> Bool {
        records.contains {
            $0.section == .answer && !$0.isRemoved && $0.type == question.type
                && $0.owner == chain.last
        }
    }

    /// Whether a policy has removed all records of the type asked for.
    func isEmptied(_ chain: [DomainName], _ question: UpstreamQuestion) -> Bool {
        !hasData(chain, question)
            && records.contains {
                $0.section == .answer && $0.isRemoved && $0.type == question.type
                    && $0.owner == chain.last
            }
    }

    /// Removes what a resolver may not believe or pass on (RFC 2181 §5.4.1): authority records of a
    /// zone that the chain is not in, and additional records of names that nothing in the answer or
    /// authority section mentions.
    mutating func removeWhatIsUnrelated(to chain: [DomainName]) {
        for index in records.indices where records[index].section == .authority {
            let record = records[index]
            switch record.covered ?? record.type {
            case .soa, .ns, .ds:
                records[index].isRemoved = !chain.contains { $0.isAtOrBelow(record.owner) }
            case .nsec, .nsec3: break
            default: records[index].isRemoved = true
            }
        }
        let mentioned = Set(
            records.lazy.filter { $0.section != .additional && !$0.isRemoved }.flatMap(\.names))
        for index in records.indices where records[index].section == .additional {
            records[index].isRemoved = !mentioned.contains(records[index].owner)
        }
    }

    mutating func remove(where isUnwanted: (Record) -> Bool) {
        for index in records.indices where isUnwanted(records[index]) {
            records[index].isRemoved = true
        }
    }

    var hasSOA: Bool {
        records.contains { $0.section == .authority && $0.type == .soa && !$0.isRemoved }
    }

    func kind(_ chain: [DomainName], _ question: UpstreamQuestion) -> AnswerKind {
        switch rcode {
        case .noError where hasData(chain, question): .positive
        case .noError where hasSOA: .negative
        case .noError where chain.count > 1: .incomplete
        case .noError: .brief
        case .nameError where chain.count > 1 || !hasSOA: .brief
        case .nameError: .negative
        case .serverFailure, .notImplemented: .failure
        default: .uncacheable
        }
    }
}
