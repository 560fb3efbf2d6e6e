package import DNS

/// A question that may be answered, with what its message says about how. Kept so small that it is
/// passed in registers.
package struct Query: Sendable {
    package let id: UInt16
    /// The header's second 16 bits as they came.
    package let flags: UInt16
    package let type: RRType
    package let rrClass: UInt16
    /// Where the question section ends in the message.
    private let questionEnd: UInt16
    /// The message's OPT record.
    let edns: EDNS?
    private let maximumLength: UInt16
    /// Octets that the response's OPT record will take.
    private var reservedLength: UInt16 = 0

    /// The octets of the question section in the message.
    package var question: Range<Int> { Header.length..<Int(questionEnd) }
    /// The largest response that may be sent, in octets.
    var messageLimit: Int { Int(maximumLength) }
    /// The largest response without its OPT record, in octets.
    var responseLimit: Int { Int(maximumLength &- reservedLength) }

    /// Keeps room for the response's OPT record.
    mutating func reserve(_ length: Int) { reservedLength = UInt16(truncatingIfNeeded: length) }

    var opcode: UInt8 { Header(id: id, flags: flags).opcode }
    /// Whether the message has an OPT record; the response then has one too (RFC 6891 §6.1.1).
    package var hasEDNS: Bool { edns != nil }
    package var dnssecOK: Bool { edns?.dnssecOK ?? false }
    package var recursionDesired: Bool { flags & Header.Flag.recursionDesired != 0 }
    package var checkingDisabled: Bool { flags & Header.Flag.checkingDisabled != 0 }
    /// Whether the client wants to see the AD bit (RFC 6840 §5.7).
    package var wantsAuthenticData: Bool {
        dnssecOK || flags & Header.Flag.authenticData != 0
    }

    /// What a message turned out to be.
    package enum Acceptance {
        case query(Query)
        /// A NOTIFY or UPDATE for the zone that the question section names.
        case zoneChange(Query)
        /// No question, but a client that wants a server cookie (RFC 7873 §5.4).
        case cookieRequest(Query)
        /// Signed, with this TSIG record; there are no keys here that could have done it.
        case signed(question: Range<Int>, EDNS?, ResourceRecord)
        /// To be answered with an error; the question is repeated when it could be read.
        case error(RCode, question: Range<Int>?, EDNS?)
        /// Not to be answered: it may be a response that was sent here to be reflected.
        case ignore(DropReason)
    }

    package enum DropReason: Sendable {
        case tooShort
        case isResponse
    }

    /// Reads a message in the order of the RFCs and fills `name` with the question's name.
    @inline(__always)
    package static func accept(
        _ message: Span<UInt8>, transport: ClientTransport, name: LookupName
    ) -> Acceptance {
        guard let header = Header(message) else { return .ignore(.tooShort) }
        guard !header.isResponse else { return .ignore(.isResponse) }
        let isQuery = header.opcode == Opcode.query
        guard isQuery || header.opcode == Opcode.notify || header.opcode == Opcode.update else {
            // Nobody knows what the rest of such a message is (RFC 6895 §2.2).
            return .error(.notImplemented, question: nil, nil)
        }
        // A query asks exactly one question (RFC 9619 §4), NOTIFY and UPDATE are about one zone
        // (RFC 1996 §3.7, RFC 2136 §2.3).
        guard header.questionCount == 1 else {
            return header.questionCount == 0
                ? acceptWithoutQuestion(message, header, transport)
                : .error(.formatError, question: nil, nil)
        }
        guard let nameEnd = name.setUncompressed(message, at: Header.length),
            nameEnd &+ 4 <= message.count
        else { return .error(.formatError, question: nil, nil) }
        let question = Header.length..<nameEnd &+ 4
        let type = RRType(rawValue: message.uint16(at: nameEnd))
        let rrClass = message.uint16(at: nameEnd &+ 2)
        guard header.hasRecords else {
            guard question.upperBound == message.count, !header.isTruncated else {
                return .error(.formatError, question: question, nil)
            }
            let query = Query(
                header, transport, type: type, rrClass: rrClass, question: question, edns: nil)
            return isQuery ? .query(query) : .zoneChange(query)
        }
        let records = QueryRecords(message, header, type, from: question.upperBound)
        guard !records.isMalformed, !header.isTruncated else {
            return .error(.formatError, question: question, records.edns)
        }
        if let edns = records.edns, edns.version != 0 {
            return .error(.badVersion, question: question, edns)
        }
        if let signature = records.signature {
            return .signed(question: question, records.edns, signature)
        }
        let query = Query(
            header, transport, type: type, rrClass: rrClass, question: question,
            edns: records.edns)
        return isQuery ? .query(query) : .zoneChange(query)
    }

    /// A message with QDCOUNT 0 is an error unless it asks for a cookie.
    private static func acceptWithoutQuestion(
        _ message: Span<UInt8>, _ header: Header, _ transport: ClientTransport
    ) -> Acceptance {
        let records = QueryRecords(message, header, .any, from: Header.length)
        guard header.opcode == Opcode.query, !records.isMalformed, !header.isTruncated,
            records.signature == nil, let edns = records.edns
        else { return .error(.formatError, question: nil, records.edns) }
        guard edns.version == 0 else { return .error(.badVersion, question: nil, edns) }
        guard (try? edns.requestedOptions(in: message))?.cookie != nil else {
            return .error(.formatError, question: nil, edns)
        }
        return .cookieRequest(
            Query(
                header, transport, type: .any, rrClass: RRClass.internet,
                question: Header.length..<Header.length, edns: edns))
    }

    private init(
        _ header: Header, _ transport: ClientTransport, type: RRType,
        rrClass: UInt16, question: Range<Int>, edns: EDNS?
    ) {
        id = header.id
        flags = header.flags
        self.type = type
        self.rrClass = rrClass
        questionEnd = UInt16(question.upperBound)
        self.edns = edns
        maximumLength = UInt16(Self.messageLimit(edns, transport))
    }

    /// RFC 6891 §6.2.5, bounded by what crosses networks unfragmented.
    static func messageLimit(_ edns: EDNS?, _ transport: ClientTransport) -> Int {
        switch transport {
        case .tcp: 65_535
        case .udp:
            edns.map {
                min(max(Int($0.udpSize), EDNS.classicUDPSize), EDNS.maximumUDPSize)
            } ?? EDNS.classicUDPSize
        }
    }
}
