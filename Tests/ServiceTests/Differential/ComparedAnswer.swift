import DNS

/// What two servers must agree on: the header's bits, and the records of each section as sets.
struct ComparedAnswer: Equatable {
    var rcode: RCode
    var isAuthoritative: Bool
    var isTruncated: Bool
    var wantsRecursion: Bool
    var hasEDNS: Bool
    var dnssecOK: Bool
    /// Owner and type of each RRset of the answer section, in the order of their first records.
    var chain: [Link]
    var answer: Set<String>
    var authority: Set<String>
    var additional: Set<String>

    /// An RRset of the answer section.
    struct Link: Hashable, CustomStringConvertible {
        let owner: DomainName
        let type: String
        var description: String { "\(owner.lowercased) \(type)" }
    }

    init(_ response: Response) {
        let opt = response.additional.first { $0.type == .opt }
        let extended = opt.map { UInt16(truncatingIfNeeded: $0.ttl >> 24) << 4 } ?? 0
        rcode = RCode(rawValue: extended | response.rcode.rawValue)
        isAuthoritative = response.isAuthoritative
        isTruncated = response.isTruncated
        wantsRecursion = response.header.flags & Header.Flag.recursionDesired != 0
        hasEDNS = opt != nil
        dnssecOK = opt.map { $0.ttl & 0x8000 != 0 } ?? false
        chain = []
        for record in response.answer {
            let link = Link(owner: record.owner, type: "\(record.type)")
            if !chain.contains(link) { chain.append(link) }
        }
        answer = Set(response.answer.map(\.comparedLine))
        authority = Set(response.authority.map(\.comparedLine))
        additional = Set(response.additional.filter { $0.type != .opt }.map(\.comparedLine))
    }

    /// The name servers of a zone cut in the authority section.
    var isReferral: Bool { rcode == .noError && authority.contains { $0.contains(" NS ") } }

    /// No error, and no data of the type at the end of the chain.
    var isNoData: Bool { rcode == .noError && authority.contains { $0.contains(" SOA ") } }

    mutating func takeSections(of other: ComparedAnswer) {
        (chain, answer) = (other.chain, other.answer)
        (authority, additional) = (other.authority, other.additional)
    }

    /// How it differs from `other`, a line for each field.
    func differences(from other: ComparedAnswer) -> [String] {
        var lines: [String] = []
        func compare<Value: Equatable>(_ field: String, _ left: Value, _ right: Value) {
            if left != right { lines.append("\(field): \(left), theirs: \(right)") }
        }
        func compare(_ field: String, _ left: Set<String>, _ right: Set<String>) {
            for line in left.subtracting(right).sorted() {
                lines.append("\(field) only ours: \(line)")
            }
            for line in right.subtracting(left).sorted() {
                lines.append("\(field) only theirs: \(line)")
            }
        }
        compare("rcode", rcode, other.rcode)
        compare("AA", isAuthoritative, other.isAuthoritative)
        compare("TC", isTruncated, other.isTruncated)
        compare("RD", wantsRecursion, other.wantsRecursion)
        compare("EDNS", hasEDNS, other.hasEDNS)
        compare("DO", dnssecOK, other.dnssecOK)
        compare("answer", answer, other.answer)
        if lines.isEmpty { compare("order", chain, other.chain) }
        compare("authority", authority, other.authority)
        compare("additional", additional, other.additional)
        return lines
    }
}

extension Record {
    /// Owner, type, TTL and data; names in lower case, since servers may fold them (RFC 4343 §4.1).
    var comparedLine: String {
        var data = rdata
        for range in nameRanges {
            for index in range { data[index] = lowercased(data[index]) }
        }
        return "\(owner.lowercased) \(type) \(ttl) \(Hexadecimal.encode(data))"
    }

    /// Where names stand in the data.
    private var nameRanges: [Range<Int>] {
        if type == .svcb || type == .https { return ranges(of: 1, from: 2) }
        guard let layout = RDataLayout.of(type) else { return [] }
        var start = layout.fixedOctets
        for _ in 0..<layout.characterStrings { start += 1 + Int(rdata[start]) }
        return ranges(of: layout.names, from: start)
    }

    private func ranges(of count: Int, from start: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var offset = start
        for _ in 0..<count {
            let first = offset
            while rdata[offset] != 0 { offset += 1 + Int(rdata[offset]) }
            offset += 1
            ranges.append(first..<offset)
        }
        return ranges
    }
}
