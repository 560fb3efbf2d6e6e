import DNS

/// A message read by rules of its own, stricter than the server's and written apart from them: every
/// octet belongs to something, and everything has the form that its RFC prescribes.
struct StrictMessage {
    enum Section: Int { case answer = 6, authority = 8, additional = 10 }

    struct Record {
        let section: Section
        let owner: [UInt8]
        let type: UInt16
        let rrClass: UInt16
        let ttl: UInt32
        let rdata: Range<Int>
    }

    let octets: [UInt8]
    private(set) var questionEnd = 12
    private(set) var records: [Record] = []

    var id: Int { number(at: 0) }
    var flags: Int { number(at: 2) }
    var questionCount: Int { number(at: 4) }
    var isResponse: Bool { flags & 0x8000 != 0 }
    var opcode: Int { flags >> 11 & 15 }
    var isTruncated: Bool { flags & 0x0200 != 0 }
    var rcode: Int { flags & 15 }
    var options: [Record] { records.filter { $0.type == 41 } }

    init(_ octets: [UInt8]) throws(Finding) {
        self.octets = octets
        try require(octets.count >= 12, "\(octets.count) octets are no message")
        try require(questionCount <= 1, "\(questionCount) questions")
        if questionCount == 1 {
            var offset = 12
            _ = try readName(&offset, mayBeCompressed: false)
            questionEnd = offset + 4
            try require(questionEnd <= octets.count, "the question ends early")
        }
        var offset = questionEnd
        for section in [Section.answer, .authority, .additional] {
            for _ in 0..<number(at: section.rawValue) {
                records.append(try readRecord(section, &offset))
            }
        }
        try require(offset == octets.count, "\(octets.count - offset) octets behind the message")
    }

    /// Sixteen bits; the caller knows that they are there.
    func number(at offset: Int) -> Int { Int(octets[offset]) << 8 | Int(octets[offset + 1]) }

    private func readRecord(_ section: Section, _ offset: inout Int) throws(Finding) -> Record {
        let owner = try readName(&offset)
        try require(offset + 10 <= octets.count, "a record ends early")
        let start = offset + 10
        let rdata = start..<start + number(at: offset + 8)
        try require(rdata.upperBound <= octets.count, "RDATA ends early")
        let record = Record(
            section: section, owner: owner, type: UInt16(number(at: offset)),
            rrClass: UInt16(number(at: offset + 2)),
            ttl: UInt32(number(at: offset + 4)) << 16 | UInt32(number(at: offset + 6)),
            rdata: rdata)
        offset = rdata.upperBound
        try check(record)
        return record
    }

    /// The labels with their length octets, compression undone; moves `offset` behind the name.
    private func readName(
        _ offset: inout Int, mayBeCompressed: Bool = true
    ) throws(Finding) -> [UInt8] {
        var name: [UInt8] = []
        var position = offset
        var end: Int?
        // Where this part of the name starts; a pointer must point before it.
        var start = offset
        while true {
            try require(position < octets.count, "a name ends early")
            let length = Int(octets[position])
            if length >= 0xc0 {
                try require(mayBeCompressed, "a compressed name at \(position)")
                try require(position + 1 < octets.count, "a pointer ends early")
                let target = number(at: position) & 0x3fff
                try require(target >= 12 && target < start, "a bad pointer at \(position)")
                end = end ?? position + 2
                position = target
                start = target
                continue
            }
            try require(length < 64, "a label of \(length) octets")
            try require(position + 1 + length <= octets.count, "a label ends early")
            name += octets[position...position + length]
            try require(name.count <= 255, "a name of more than 255 octets")
            position += 1 + length
            if length == 0 { break }
        }
        offset = end ?? position
        return name
    }
}

extension StrictMessage {
    /// What RDATA consists of.
    private enum Field {
        case octets(Int)
        /// A name of which RFC 3597 §4 allows the compression, and one of which it does not.
        case compressible, name
        case string
        /// Any number of strings, at least one.
        case strings
    }

    private static let formats: [UInt16: [Field]] = [
        1: [.octets(4)], 28: [.octets(16)], 2: [.compressible], 5: [.compressible],
        12: [.compressible], 39: [.name], 6: [.compressible, .compressible, .octets(20)],
        15: [.octets(2), .compressible], 33: [.octets(6), .name], 13: [.string, .string],
        16: [.strings], 99: [.strings], 17: [.name, .name], 18: [.octets(2), .name],
        35: [.octets(4), .string, .string, .string, .name], 14: [.compressible, .compressible],
        3: [.compressible], 4: [.compressible], 7: [.compressible], 8: [.compressible],
        9: [.compressible],
    ]

    private func check(_ record: Record) throws(Finding) {
        let what = "type \(record.type) at \(record.rdata.lowerBound)"
        if record.type == 41 { return try checkOPT(record) }
        if record.type == 250 {
            // RFC 8945 §4.2 and §5.1: class ANY, TTL 0, the last record.
            let isLast = record.rdata.upperBound == octets.count
            return try require(record.rrClass == 255 && record.ttl == 0 && isLast, "a bad TSIG")
        }
        try require(record.ttl <= 0x7fff_ffff, "a TTL with the top bit set, \(what)")
        // Class CH has texts only, for questions in class CH (RFC 4892 §3).
        let isChaos =
            record.type == 16 && questionCount == 1 && octets[questionEnd - 2] == 0
            && octets[questionEnd - 1] == 3
        try require(record.rrClass == (isChaos ? 3 : 1), "class \(record.rrClass), \(what)")
        if record.type == 64 || record.type == 65 { return try checkServiceBinding(record) }
        guard let fields = Self.formats[record.type] else { return }
        var offset = record.rdata.lowerBound
        for field in fields {
            switch field {
            case .octets(let count): offset += count
            case .compressible: _ = try readName(&offset)
            case .name: _ = try readName(&offset, mayBeCompressed: false)
            case .string: try skipString(&offset, record.rdata)
            case .strings:
                repeat {
                    try skipString(&offset, record.rdata)
                } while offset < record.rdata.upperBound
            }
            try require(offset <= record.rdata.upperBound, "RDATA too short, \(what)")
        }
        try require(offset == record.rdata.upperBound, "RDATA too long, \(what)")
    }

    private func skipString(_ offset: inout Int, _ rdata: Range<Int>) throws(Finding) {
        try require(offset < rdata.upperBound, "a string is missing at \(offset)")
        offset += 1 + Int(octets[offset])
    }

    /// RFC 6891 §6.1.2.
    private func checkOPT(_ record: Record) throws(Finding) {
        try require(record.section == .additional, "OPT in the wrong section")
        try require(record.owner == [0], "OPT of an owner name")
        try require(record.ttl >> 16 & 0xff == 0, "EDNS version \(record.ttl >> 16 & 0xff)")
        try require(record.ttl & 0x7fff == 0, "EDNS flags \(record.ttl & 0x7fff)")
        try require(record.rrClass >= 512, "an EDNS size of \(record.rrClass)")
        var offset = record.rdata.lowerBound
        while offset < record.rdata.upperBound {
            try require(offset + 4 <= record.rdata.upperBound, "an EDNS option ends early")
            offset += 4 + number(at: offset + 2)
        }
        try require(offset == record.rdata.upperBound, "an EDNS option passes the record's end")
    }

    /// RFC 9460 §2.2: the name in full, the keys in increasing order.
    private func checkServiceBinding(_ record: Record) throws(Finding) {
        var offset = record.rdata.lowerBound + 2
        try require(offset < record.rdata.upperBound, "a short service binding at \(offset)")
        _ = try readName(&offset, mayBeCompressed: false)
        var last = -1
        while offset < record.rdata.upperBound {
            try require(offset + 4 <= record.rdata.upperBound, "a parameter ends early")
            try require(number(at: offset) > last, "parameters out of order at \(offset)")
            last = number(at: offset)
            offset += 4 + number(at: offset + 2)
        }
        try require(offset == record.rdata.upperBound, "a parameter passes the record's end")
    }
}
