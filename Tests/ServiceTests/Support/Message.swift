import DNS

/// A message as a test writes it: fields one after the other, names without compression.
struct MessageBuilder {
    private(set) var octets: [UInt8] = []

    mutating func write(_ value: UInt8) { octets.append(value) }

    mutating func write(_ value: UInt16) { octets += [UInt8(value >> 8), UInt8(value & 0xff)] }

    mutating func write(_ value: UInt32) {
        write(UInt16(value >> 16))
        write(UInt16(value & 0xffff))
    }

    mutating func write(_ name: DomainName) { octets += name.octets }

    mutating func write(_ more: [UInt8]) { octets += more }

    mutating func write(_ question: Question) {
        write(question.name)
        write(question.type.rawValue)
        write(question.rrClass)
    }

    mutating func write(_ header: Header) {
        for value in [
            header.id, header.flags, header.questionCount, header.answerCount,
            header.authorityCount, header.additionalCount,
        ] { write(value) }
    }

    mutating func write(_ record: Record) {
        write(record.owner)
        write(record.type.rawValue)
        write(record.rrClass)
        write(record.ttl)
        write(UInt16(record.rdata.count))
        write(record.rdata)
    }
}

/// A record read from an answer, or to be sent by a scripted upstream. Names in `rdata` are in full.
struct Record: Hashable, Sendable {
    var owner: DomainName
    var type: RRType
    var rrClass: UInt16 = RRClass.internet
    var ttl: UInt32
    var rdata: [UInt8]

    init(
        _ owner: DomainName, _ type: RRType, rrClass: UInt16 = RRClass.internet, ttl: UInt32,
        _ rdata: [UInt8]
    ) {
        self.owner = owner
        self.type = type
        self.rrClass = rrClass
        self.ttl = ttl
        self.rdata = rdata
    }

    static func a(_ owner: String, _ address: String, ttl: UInt32 = 300) throws -> Record {
        Record(try DomainName(owner), .a, ttl: ttl, IPAddress(address)?.octets ?? [])
    }

    static func cname(_ owner: String, _ target: String, ttl: UInt32 = 300) throws -> Record {
        Record(try DomainName(owner), .cname, ttl: ttl, try DomainName(target).octets)
    }

    static func soa(_ owner: String, ttl: UInt32, minimum: UInt32) throws -> Record {
        var rdata = MessageBuilder()
        rdata.write(try DomainName("ns.\(owner)"))
        rdata.write(try DomainName("hostmaster.\(owner)"))
        for value: UInt32 in [1, 7200, 3600, 604_800, minimum] { rdata.write(value) }
        return Record(try DomainName(owner), .soa, ttl: ttl, rdata.octets)
    }

    /// An OPT record that announces 1,232 octets (RFC 6891 §6.1.2).
    static func opt(_ options: [MessageOption] = [], dnssecOK: Bool = false) -> Record {
        var rdata = MessageBuilder()
        for option in options {
            rdata.write(option.code)
            rdata.write(UInt16(option.data.count))
            rdata.write(option.data)
        }
        return Record(.root, .opt, rrClass: 1232, ttl: dnssecOK ? 0x8000 : 0, rdata.octets)
    }

    static func txt(_ owner: String, _ strings: [String], ttl: UInt32 = 300) throws -> Record {
        let rdata = strings.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return Record(try DomainName(owner), .txt, ttl: ttl, rdata)
    }
}

/// An option of an OPT record (RFC 6891 §6.1.2).
struct MessageOption: Hashable, Sendable {
    var code: UInt16
    var data: [UInt8]

    static let nsid: UInt16 = 3
    static let clientSubnet: UInt16 = 8
    static let cookie: UInt16 = 10
    static let tcpKeepalive: UInt16 = 11
    static let padding: UInt16 = 12
    static let extendedError: UInt16 = 15
}

/// A query that a test sends.
struct Query: Sendable {
    var question: Question
    var id = UInt16.random(in: 0...UInt16.max)
    var flags = Header.Flag.recursionDesired
    /// The UDP size that the client announces; nil for a query without EDNS.
    var ednsSize: UInt16? = 1232
    var dnssecOK = false
    var options: [MessageOption] = []

    var octets: [UInt8] {
        var builder = MessageBuilder()
        builder.write(
            Header(
                id: id, flags: flags, questionCount: 1, additionalCount: ednsSize == nil ? 0 : 1))
        builder.write(question)
        if let ednsSize {
            var opt = Record.opt(options, dnssecOK: dnssecOK)
            opt.rrClass = ednsSize
            builder.write(opt)
        }
        return builder.octets
    }
}

/// An answer, read in full.
struct Response: Sendable {
    let header: Header
    let question: Question?
    let answer: [Record]
    let authority: [Record]
    let additional: [Record]
    /// The answer's length on the wire.
    let size: Int

    init(_ octets: [UInt8]) throws {
        let span = octets.span
        guard let header = Header(span) else { throw MessageError.truncated(at: octets.count) }
        var reader = MessageReader(span, at: Header.length)
        self.header = header
        size = octets.count
        question = header.questionCount == 0 ? nil : try reader.readQuestion()
        answer = try Self.records(&reader, Int(header.answerCount))
        authority = try Self.records(&reader, Int(header.authorityCount))
        additional = try Self.records(&reader, Int(header.additionalCount))
        guard reader.isAtEnd else { throw MessageError.malformedRData(at: reader.offset) }
    }

    private static func records(_ reader: inout MessageReader, _ count: Int) throws -> [Record] {
        var records: [Record] = []
        for _ in 0..<count {
            let record = try reader.readRecord()
            records.append(
                Record(
                    try MessageReader.name(in: reader.message, at: record.ownerOffset), record.type,
                    rrClass: record.rrClass, ttl: record.ttl,
                    try expand(record, in: reader.message)))
        }
        return records
    }

    /// RDATA with its names in full.
    private static func expand(
        _ record: ResourceRecord, in message: Span<UInt8>
    ) throws -> [UInt8] {
        guard let layout = RDataLayout.of(record.type) else { return message.array(record.rdata) }
        var octets: [UInt8] = []
        var reader = MessageReader(
            message.extracting(0..<record.rdata.upperBound), at: record.rdata.lowerBound)
        for _ in 0..<layout.fixedOctets { octets.append(try reader.readUInt8()) }
        for _ in 0..<layout.characterStrings {
            let length = try reader.readUInt8()
            octets.append(length)
            for _ in 0..<length { octets.append(try reader.readUInt8()) }
        }
        for _ in 0..<layout.names { octets += try reader.readName().octets }
        while !reader.isAtEnd { octets.append(try reader.readUInt8()) }
        return octets
    }

    var rcode: RCode { header.rcode }
    var isAuthoritative: Bool { header.flags & Header.Flag.authoritativeAnswer != 0 }
    var offersRecursion: Bool { header.flags & Header.Flag.recursionAvailable != 0 }
    var isTruncated: Bool { header.isTruncated }
    var isAuthenticated: Bool { header.flags & Header.Flag.authenticData != 0 }

    /// The answer section in presentation form without TTLs, sorted: `www.example.com. A 192.0.2.1`.
    var lines: [String] { answer.map(\.line).sorted() }

    /// The data of the records of `type` in the answer section, sorted.
    func data(_ type: RRType) -> [String] {
        answer.filter { $0.type == type }.map(\.presentation).sorted()
    }

    /// NOERROR without an answer and with one SOA record (RFC 2308 §2.2).
    var isNoDataWithSOA: Bool {
        rcode == .noError && answer.isEmpty && authority.map(\.type) == [.soa]
    }

    /// NXDOMAIN with one SOA record (RFC 2308 §2.1).
    var isNameErrorWithSOA: Bool { rcode == .nameError && authority.map(\.type) == [.soa] }

    /// The OPT record.
    var edns: Record? { additional.first { $0.type == .opt } }

    /// The OPT record's options, in their order.
    var options: [MessageOption] {
        var options: [MessageOption] = []
        var rest = (edns?.rdata ?? [])[...]
        while rest.count >= 4 {
            let fields = rest.prefix(4).map { UInt16($0) }
            let data = rest.dropFirst(4).prefix(Int(fields[2] << 8 | fields[3]))
            options.append(MessageOption(code: fields[0] << 8 | fields[1], data: Array(data)))
            rest = rest.dropFirst(4 + data.count)
        }
        return options
    }

    /// The extended error (RFC 8914 §2): its code and text.
    var extendedError: (code: UInt16, text: String)? {
        guard let data = options.first(where: { $0.code == MessageOption.extendedError })?.data,
            data.count >= 2
        else { return nil }
        let code = UInt16(data[0]) << 8 | UInt16(data[1])
        return (code, String(decoding: data.dropFirst(2), as: UTF8.self))
    }

    /// Every record of the message but OPT.
    var records: [Record] { answer + authority + additional.filter { $0.type != .opt } }
}
