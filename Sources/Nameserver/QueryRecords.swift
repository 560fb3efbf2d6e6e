import DNS

/// The records behind a query's question.
struct QueryRecords {
    /// The OPT record, also of a message that is malformed elsewhere: its answer has one, too
    /// (RFC 6891 §7).
    private(set) var edns: EDNS?
    /// The TSIG record that ends the message (RFC 8945 §5.1).
    private(set) var signature: ResourceRecord?
    /// Whether a record is cut short or stands where none may, or octets follow the last one.
    private(set) var isMalformed = false

    init(_ message: Span<UInt8>, _ header: Header, _ type: RRType, from start: Int) {
        do {
            try read(message, header, type, from: start)
        } catch {
            isMalformed = true
        }
    }

    /// Throws for data in a query (only IXFR has a SOA record, RFC 1995 §3), a second OPT or one
    /// outside the additional section or not owned by the root (RFC 6891 §6.1.1), and a TSIG that is
    /// not the last record (RFC 8945 §5.1).
    private mutating func read(
        _ message: Span<UInt8>, _ header: Header, _ type: RRType, from start: Int
    ) throws(MessageError) {
        let answers = Int(header.answerCount)
        let others = answers &+ Int(header.authorityCount)
        let total = others &+ Int(header.additionalCount)
        let isQuery = header.opcode == Opcode.query
        let hasRoomForOthers = !isQuery || others == 0 || (type == .ixfr && answers == 0)
        var reader = MessageReader(message, at: start)
        for index in 0..<total {
            let record = try reader.readRecord()
            let isAdditional = index >= others
            switch record.type {
            case .opt:
                guard isAdditional, edns == nil, message[record.ownerOffset] == 0 else {
                    throw .malformedRData(at: record.ownerOffset)
                }
                edns = EDNS(record)
            case .tsig:
                guard isAdditional, index == total &- 1 else {
                    throw .malformedRData(at: record.ownerOffset)
                }
                signature = record
            // SIG(0) of a client whose key nobody here knows (RFC 2931 §3.2), and the record of a
            // key exchange that nobody here takes part in (RFC 2930 §4).
            case .sig, .tkey: break
            default:
                guard !isQuery || !isAdditional else {
                    throw .malformedRData(at: record.ownerOffset)
                }
            }
        }
        guard hasRoomForOthers, reader.isAtEnd else { throw .malformedRData(at: reader.offset) }
    }
}
