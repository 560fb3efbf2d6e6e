import DNS
import Testing

@Suite("Reading messages")
struct MessageReaderTests {
    /// A response to MX of example.com with a compressed answer and OPT, made by hand after
    /// RFC 1035 §4.1.4 and RFC 6891 §6.1.2.
    static let response = octets(
        """
        1234 8180 0001 0001 0000 0001
        07 6578616d706c65 03 636f6d 00 000f 0001
        c00c 000f 0001 0000012c 0009 000a 04 6d61696c c00c
        00 0029 04d0 00008000 0000
        """)

    /// Reads the whole message and every name in it.
    private static func readAll(_ message: [UInt8]) throws -> [ResourceRecord] {
        let span = message.span
        guard let header = Header(span) else { throw MessageError.truncated(at: 0) }
        var reader = MessageReader(span, at: Header.length)
        for _ in 0..<header.questionCount { _ = try reader.readQuestion() }
        var records: [ResourceRecord] = []
        let count = Int(header.answerCount) + Int(header.authorityCount)
        for _ in 0..<count + Int(header.additionalCount) {
            let record = try reader.readRecord()
            _ = try MessageReader.name(in: span, at: record.ownerOffset)
            records.append(record)
        }
        return records
    }

    /// Labels of 63 octets on the wire.
    private static func longLabels(_ count: Int) -> [UInt8] {
        let label = [63] + [UInt8](repeating: 0x61, count: 63)
        return Array(repeatElement(label, count: count).joined())
    }

    private static func name(in message: [UInt8], at offset: Int) throws -> DomainName {
        try MessageReader.name(in: message.span, at: offset)
    }

    private static func skip(_ message: [UInt8]) throws {
        var reader = MessageReader(message.span)
        try reader.skipName()
    }

    @Test("Question, answer and OPT are read, compressed names in full")
    func reads() throws {
        let records = try Self.readAll(Self.response)
        #expect(records.map(\.type) == [.mx, .opt])
        #expect(records[0].timeToLive == 300)
        #expect(records[0].rdata.count == 9)
        #expect(try Self.name(in: Self.response, at: 43) == DomainName("mail.example.com"))
        var reader = MessageReader(Self.response.span, at: Header.length)
        let question = try reader.readQuestion()
        #expect(try question == Question(name: DomainName("example.com"), type: .mx))
    }

    @Test("A message cut at any octet is refused without a trap")
    func refusesTruncation() {
        for count in 0..<Self.response.count {
            #expect(throws: MessageError.self) {
                try Self.readAll(Array(Self.response.prefix(count)))
            }
        }
    }

    @Test("A compression pointer that points forward is refused")
    func refusesForwardPointer() {
        let message = octets("c002 01 61 00")
        #expect(throws: MessageError.forwardPointer(at: 0)) {
            try Self.name(in: message, at: 0)
        }
        #expect(throws: MessageError.forwardPointer(at: 0)) { try Self.skip(message) }
    }

    @Test("A compression pointer to itself, and a loop of two, are refused")
    func refusesLoops() {
        #expect(throws: MessageError.forwardPointer(at: 0)) {
            try Self.name(in: octets("c000"), at: 0)
        }
        #expect(throws: MessageError.forwardPointer(at: 2)) {
            try Self.name(in: octets("0161 c000"), at: 0)
        }
        // At 4 a pointer to 0, whose name ends in a pointer back to 4.
        #expect(throws: MessageError.forwardPointer(at: 2)) {
            try Self.name(in: octets("0161 c004 c000"), at: 4)
        }
    }

    @Test("The reserved label types 01 and 10 are refused", arguments: [0x40, 0x41, 0x80, 0xbf])
    func refusesReservedLabelTypes(octet: Int) {
        let message = [UInt8(octet), 0, 0]
        #expect(throws: MessageError.reservedLabelType(at: 0)) {
            try Self.name(in: message, at: 0)
        }
        #expect(throws: MessageError.reservedLabelType(at: 0)) { try Self.skip(message) }
    }

    @Test("A name that pointers make longer than 255 octets is refused, one of 255 is read")
    func limitsNamesThroughPointers() throws {
        // 0: three labels of 63 octets and the root, 193 octets; 193: a label and a pointer to 0.
        let base = Self.longLabels(3) + [0]
        func message(_ length: UInt8) -> [UInt8] {
            base + [length] + [UInt8](repeating: 0x62, count: Int(length)) + [0xc0, 0]
        }
        #expect(try Self.name(in: message(61), at: 193).octets.count == 255)
        #expect(throws: MessageError.nameTooLong(at: 193)) {
            try Self.name(in: message(62), at: 193)
        }
    }

    @Test("A name longer than 255 octets without pointers is refused")
    func limitsNames() {
        let message = Self.longLabels(4) + [0]
        #expect(throws: MessageError.nameTooLong(at: 0)) { try Self.name(in: message, at: 0) }
        #expect(throws: MessageError.nameTooLong(at: 0)) { try Self.skip(message) }
    }

    @Test("Skipping a name says whether it had a pointer, and stops after it")
    func skips() throws {
        let message = octets("0161 00 0162 c000 ff")
        var reader = MessageReader(message.span)
        let isPlain = try reader.skipName()
        #expect(isPlain)
        let isPlainToo = try reader.skipName()
        #expect(!isPlainToo)
        let offset = reader.offset
        #expect(offset == 7)
    }

    @Test("RDATA past the message's end is refused")
    func refusesLongRData() {
        var message = Self.response
        message[40] = 0xff
        #expect(throws: MessageError.truncated(at: 41)) { try Self.readAll(message) }
    }

    @Test("A TTL with the top bit set counts as 0")
    func readsTimeToLive() throws {
        #expect(try Self.readAll(Self.response)[1].timeToLive == 0x8000)
        var message = Self.response
        message[35] = 0x80
        #expect(try Self.readAll(message)[0].timeToLive == 0)
    }
}
