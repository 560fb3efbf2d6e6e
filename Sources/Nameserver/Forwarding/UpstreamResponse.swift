import DNS

/// An upstream's response, read: where its records and the names in them stand in the message.
struct UpstreamResponse: ~Copyable, ~Escapable {
    enum Section { case answer, authority, additional }

    /// What the records of one set have in common (RFC 2181 §5).
    struct RRsetName: Hashable {
        let owner: DomainName
        let type: RRType
    }

    /// Plain numbers, so that copying one costs nothing.
    struct Record {
        let section: Section
        let bounds: ResourceRecord
        /// Where the names in RDATA stand (targets of aliases, mail exchangers, name servers,
        /// endpoints); 0 where there is none, or no second one.
        let firstName: UInt16
        let secondName: UInt16
        /// The type that an RRSIG record covers (RFC 4034 §3.1.1).
        let covered: RRType?
        /// Which of the response's replacements a policy put in the place of RDATA.
        var replacement: Int?
        var isRemoved = false

        var type: RRType { bounds.type }
        /// Where the owner's name stands.
        var owner: Int { bounds.ownerOffset }

        /// Whether it is part of a proof that something does not exist (RFC 4034 §4, RFC 5155 §3).
        var proves: Bool {
            let proven = covered ?? type
            return section == .authority && (proven == .nsec || proven == .nsec3)
        }
    }

    let message: Span<UInt8>
    let header: Header
    var records: [Record]
    /// RDATA that a policy put in the place of what came.
    var replacements: [[UInt8]]
    let edns: EDNS?

    @_lifetime(copy message)
    init(_ message: Span<UInt8>) throws(MessageError) {
        guard let header = Header(message) else { throw .truncated(at: 0) }
        var records: [Record] = []
        var edns: EDNS?
        var reader = MessageReader(message, at: Header.length)
        for _ in 0..<header.questionCount {
            try reader.skipName()
            try reader.skip(4)
        }
        let answers = Int(header.answerCount)
        let authorities = answers + Int(header.authorityCount)
        let count = authorities + Int(header.additionalCount)
        // No record is shorter than this, whatever the header says.
        records.reserveCapacity(min(count, message.count / Self.shortestRecord))
        for index in 0..<count {
            let bounds = try reader.readRecord()
            if bounds.type == .opt {
                edns = EDNS(bounds)
                continue
            }
            // What belongs to the message and not to the data goes no further.
            guard bounds.type.isData, bounds.rrClass == RRClass.internet else { continue }
            var owner = MessageReader(message, at: bounds.ownerOffset)
            try owner.checkName()
            let names = try Self.names(in: bounds, of: message)
            let isSignature = bounds.type == .rrsig && bounds.rdata.count >= 2
            records.append(
                Record(
                    section: index < answers
                        ? .answer : index < authorities ? .authority : .additional,
                    bounds: bounds, firstName: names.first, secondName: names.second,
                    covered: isSignature
                        ? RRType(rawValue: message.uint16(at: bounds.rdata.lowerBound)) : nil))
        }
        self.message = message
        self.header = header
        self.records = records
        replacements = []
        self.edns = edns
    }

    /// The root's name, type, class, TTL and the length of no RDATA.
    private static let shortestRecord = 11

    /// Where the names in RDATA stand. Throws when RDATA with names does not have the form of its type.
    private static func names(
        in record: ResourceRecord, of message: Span<UInt8>
    ) throws(MessageError) -> (first: UInt16, second: UInt16) {
        var reader = MessageReader(
            message.extracting(0..<record.rdata.upperBound), at: record.rdata.lowerBound)
        if record.type == .https || record.type == .svcb {
            // The policy says what becomes of a malformed one.
            guard record.rdata.count > 2, (try? reader.skip(2)) != nil else { return (0, 0) }
            let start = reader.offset
            return (try? reader.checkName()) == nil ? (0, 0) : (UInt16(start), 0)
        }
        guard let layout = RDataLayout.of(record.type) else {
            guard try hasLength(record, &reader) else {
                throw .malformedRData(at: record.rdata.lowerBound)
            }
            return (0, 0)
        }
        try reader.skipToNames(of: layout)
        let first = reader.offset
        var second = 0
        for index in 0..<layout.names {
            if index == 1 { second = reader.offset }
            try reader.checkName()
        }
        let rest = record.rdata.upperBound - reader.offset
        let isWhole =
            switch record.type {
            case .soa: rest == 20
            // A signature and a bit map of types (RFC 2535 §4.1, §5.2).
            case .sig, .nxt: true
            default: rest == 0
            }
        guard isWhole else { throw .malformedRData(at: reader.offset) }
        return (UInt16(first), UInt16(second))
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
    func cookie() throws(MessageError) -> [UInt8]? {
        guard let option = try edns?.option(EDNSOption.cookie, in: message) else { return nil }
        return message.array(option)
    }

    /// The name at a place that a record gives.
    func name(at offset: Int) -> DomainName {
        do {
            return try MessageReader.name(in: message, at: offset)
        } catch {
            preconditionFailure("the names were checked when the response was read: \(error)")
        }
    }

    /// A record's RDATA, with what a policy put in its place.
    func rdata(of record: Record) -> [UInt8] {
        record.replacement.map { replacements[$0] } ?? message.array(record.bounds.rdata)
    }

    /// The set that a record belongs to; for a signature, the one that it signs.
    func rrset(of record: Record) -> RRsetName {
        RRsetName(owner: name(at: record.owner), type: record.covered ?? record.type)
    }

    // MARK: The answer section

    /// The names from the question's along its aliases; nil when they form a loop, or are too many.
    func chain(from question: UpstreamQuestion) -> NameChain? {
        var chain = NameChain()
        guard question.type != .cname else { return chain }
        while let alias = alias(of: chain.last) {
            guard chain.count < NameChain.maximumLength else { return nil }
            for index in 0..<chain.count where message.hasEqualNames(at: chain[index], alias) {
                return nil
            }
            chain.append(alias)
        }
        return chain
    }

    /// The target of the first CNAME record of a name.
    private func alias(of name: Int) -> Int? {
        for record in records
        where record.section == .answer && record.type == .cname
            && message.hasEqualNames(at: record.owner, name)
        {
            return Int(record.firstName)
        }
        return nil
    }

    /// Gives the answer section's records that belong to the chain, in order, by their index: each alias with
    /// its signatures, the DNAME records behind aliases, then the records asked for.
    func answer(_ chain: NameChain, _ question: UpstreamQuestion, into ordered: inout [Int]) {
        ordered.removeAll(keepingCapacity: true)
        for position in 0..<chain.count {
            let owner = chain[position]
            let isLast = position == chain.count - 1
            // A synthesized CNAME has no signature of its own: the DNAME goes with it, also where the
            // CNAME itself was asked for (RFC 6672 §3.1).
            if !isLast || question.type == .cname {
                for (index, record) in records.enumerated()
                where record.section == .answer
                    && (record.type == .dname || record.covered == .dname)
                    && !message.hasEqualNames(at: owner, record.owner)
                    && message.hasName(at: owner, atOrBelow: record.owner)
                {
                    ordered.append(index)
                }
            }
            let wanted = isLast ? question.type : .cname
            for isSignature in [false, true] {
                for (index, record) in records.enumerated()
                where record.section == .answer
                    && (isSignature ? record.covered : record.type) == wanted
                    && message.hasEqualNames(at: record.owner, owner)
                {
                    ordered.append(index)
                }
            }
        }
    }

    /// Whether records of the type asked for stand at the end of the chain; those that a policy has
    /// removed do not count unless `removed`.
    func hasData(_ chain: NameChain, _ question: UpstreamQuestion, removed: Bool = false) -> Bool {
        for record in records
        where record.section == .answer && record.isRemoved == removed
            && record.type == question.type
            && message.hasEqualNames(at: record.owner, chain.last)
        {
            return true
        }
        return false
    }

    /// Whether a policy has removed all records of the type asked for.
    func isEmptied(_ chain: NameChain, _ question: UpstreamQuestion) -> Bool {
        !hasData(chain, question) && hasData(chain, question, removed: true)
    }

    // MARK: The other sections

    /// Whether the message has records in its additional section, beside the OPT record.
    private var hasAdditional: Bool {
        // In the order of the sections.
        records.last?.section == .additional
    }

    /// The additional section's records by their index, each RRset in one piece with its signatures
    /// behind it, so that what does not fit is left out whole.
    var additional: [Int] {
        guard hasAdditional else { return [] }
        var sets: [RRsetName: [Int]] = [:]
        var order: [RRsetName] = []
        for (index, record) in records.enumerated() where record.section == .additional {
            let rrset = rrset(of: record)
            if sets[rrset] == nil { order.append(rrset) }
            sets[rrset, default: []].append(index)
        }
        let records = records
        return order.flatMap { rrset in
            let ofSet = sets[rrset] ?? []
            return ofSet.filter { records[$0].covered == nil }
                + ofSet.filter { records[$0].covered != nil }
        }
    }

    /// Removes what a resolver may not believe or pass on (RFC 2181 §5.4.1): authority records of a
    /// zone that the chain is not in, and additional records of names that nothing in the answer or
    /// authority section mentions.
    @_lifetime(self: copy self)
    mutating func removeWhatIsUnrelated(to chain: NameChain) {
        for index in records.indices where records[index].section == .authority {
            let record = records[index]
            switch record.covered ?? record.type {
            case .soa, .ns, .ds: records[index].isRemoved = !isAtOrAbove(chain, record.owner)
            case .nsec, .nsec3: break
            default: records[index].isRemoved = true
            }
        }
        guard hasAdditional else { return }
        var mentioned: Set<DomainName> = []
        for record in records where record.section != .additional && !record.isRemoved {
            if record.firstName > 0 { mentioned.insert(name(at: Int(record.firstName))) }
            if record.secondName > 0 { mentioned.insert(name(at: Int(record.secondName))) }
        }
        for index in records.indices where records[index].section == .additional {
            records[index].isRemoved = !mentioned.contains(name(at: records[index].owner))
        }
    }

    private func isAtOrAbove(_ chain: NameChain, _ owner: Int) -> Bool {
        for index in 0..<chain.count where message.hasName(at: chain[index], atOrBelow: owner) {
            return true
        }
        return false
    }

    @_lifetime(self: copy self)
    mutating func remove(where isUnwanted: (Record) -> Bool) {
        for index in records.indices where isUnwanted(records[index]) {
            records[index].isRemoved = true
        }
    }

    var hasSOA: Bool {
        records.contains { $0.section == .authority && $0.type == .soa && !$0.isRemoved }
    }

    func kind(_ chain: NameChain, _ question: UpstreamQuestion) -> AnswerKind {
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

/// Where the names from the question's along its aliases stand in a message, in order.
struct NameChain {
    /// RFC 1034 §5.3.3 leaves the bound to the resolver; public chains have about five.
    static let maximumLength = SIMD16<UInt16>.scalarCount

    private var names = SIMD16<UInt16>(repeating: UInt16(Header.length))
    /// The question's name is always there.
    private(set) var count = 1

    subscript(index: Int) -> Int { Int(names[index]) }

    var last: Int { self[count - 1] }

    mutating func append(_ name: Int) {
        names[count] = UInt16(name)
        count += 1
    }
}
