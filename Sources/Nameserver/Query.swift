package import DNS

/// A question that may be answered, with what its message says about how.
package struct Query: Sendable {
    package let id: UInt16
    /// The header's second 16 bits as they came.
    package let flags: UInt16
    package let type: RRType
    package let rrClass: UInt16
    /// The octets of the question section in the message.
    package let question: Range<Int>
    /// Whether the message has an OPT record; the response then has one too (RFC 6891 §6.1.1).
    package let hasEDNS: Bool
    package let dnssecOK: Bool
    /// The largest response that may be sent, in octets.
    package let responseLimit: Int

    package var recursionDesired: Bool { flags & Header.Flag.recursionDesired != 0 }
    package var checkingDisabled: Bool { flags & Header.Flag.checkingDisabled != 0 }
    /// Whether the client wants to see the AD bit (RFC 6840 §5.7).
    package var wantsAuthenticData: Bool {
        dnssecOK || flags & Header.Flag.authenticData != 0
    }

    /// What a message turned out to be.
    enum Acceptance {
        case query(Query)
        /// To be answered with an error; the question is repeated when it could be read.
        case error(RCode, question: Range<Int>?, hasEDNS: Bool)
        /// Not to be answered: it may be a response that was sent here to be reflected.
        case ignore(DropReason)
    }

    package enum DropReason: Sendable {
        case tooShort
        case isResponse
    }

    /// Reads a message in the order of the RFCs and fills `name` with the question's name.
    static func accept(
        _ message: Span<UInt8>, transport: ClientTransport, name: LookupName
    ) -> Acceptance {
        guard let header = Header(message) else { return .ignore(.tooShort) }
        guard !header.isResponse else { return .ignore(.isResponse) }
        guard header.opcode == Opcode.query else {
            return .error(.notImplemented, question: nil, hasEDNS: false)
        }
        // RFC 9619 §4: a query asks exactly one question.
        guard header.questionCount == 1, header.answerCount == 0, !header.isTruncated else {
            return .error(.formatError, question: nil, hasEDNS: false)
        }
        guard let nameEnd = name.setUncompressed(message, at: Header.length),
            nameEnd &+ 4 <= message.count
        else { return .error(.formatError, question: nil, hasEDNS: false) }
        let question = Header.length..<nameEnd &+ 4
        let edns: EDNS?
        do {
            edns = try readEDNS(message, header, from: question.upperBound)
        } catch {
            return .error(.formatError, question: question, hasEDNS: false)
        }
        if let edns, edns.version != 0 {
            return .error(.badVersion, question: question, hasEDNS: true)
        }
        return .query(
            Query(
                id: header.id, flags: header.flags,
                type: RRType(rawValue: message.uint16(at: nameEnd)),
                rrClass: message.uint16(at: nameEnd &+ 2), question: question,
                hasEDNS: edns != nil, dnssecOK: edns?.dnssecOK ?? false,
                responseLimit: responseLimit(edns, transport)))
    }

    /// The message's OPT record. Throws when a record is cut short, and for a second OPT or one
    /// that is not in the additional section or not owned by the root (RFC 6891 §6.1.1, §6.1.2).
    private static func readEDNS(
        _ message: Span<UInt8>, _ header: Header, from start: Int
    ) throws(MessageError) -> EDNS? {
        let others = Int(header.authorityCount)
        let total = others &+ Int(header.additionalCount)
        guard total > 0 else { return nil }
        var reader = MessageReader(message, at: start)
        var found: EDNS?
        for index in 0..<total {
            let record = try reader.readRecord()
            guard record.type == .opt else { continue }
            guard found == nil, index >= others, message[record.ownerOffset] == 0 else {
                throw .malformedRData(at: record.ownerOffset)
            }
            let edns = EDNS(record)
            // Every option must lie inside the record.
            if !record.rdata.isEmpty { _ = try edns.option(0, in: message) }
            found = edns
        }
        return found
    }

    /// RFC 6891 §6.2.5, bounded by what crosses networks unfragmented.
    private static func responseLimit(_ edns: EDNS?, _ transport: ClientTransport) -> Int {
        switch transport {
        case .tcp: 65_535
        case .udp:
            edns.map {
                min(max(Int($0.udpSize), EDNS.classicUDPSize), EDNS.maximumUDPSize)
            } ?? EDNS.classicUDPSize
        }
    }
}
