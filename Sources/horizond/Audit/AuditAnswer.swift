import DNS

/// A response as an audit looks at it: the records that a client may take from it.
struct AuditAnswer: Sendable {
    struct Record: Hashable, Sendable {
        let owner: DomainName
        let type: RRType
        let rdata: [UInt8]

        var text: String { "\(type) \(RData.describe(rdata.span, type: type))" }

        /// The addresses that an HTTPS or SVCB record hints at.
        var hints: [IPAddress] {
            guard let binding else { return [] }
            var hints: [IPAddress] = []
            _ = binding.removingHints { hint in
                hints.append(hint)
                return false
            }
            return hints
        }

        var binding: ServiceBinding? {
            guard type == .https || type == .svcb else { return nil }
            return try? ServiceBinding(rdata: rdata.span)
        }

        var address: IPAddress? {
            type == .a || type == .aaaa ? IPAddress(octets: rdata) : nil
        }
    }

    /// Whether the question was answered, be it that there is nothing.
    let isAnswered: Bool
    let answer: [Record]
    let additional: [Record]

    /// Reads a response; nil when it is none.
    init?(_ octets: [UInt8]) {
        guard let header = Header(octets.span) else { return nil }
        isAnswered = header.rcode == .noError || header.rcode == .nameError
        var reader = MessageReader(octets.span, at: Header.length)
        do {
            for _ in 0..<header.questionCount { _ = try reader.readQuestion() }
            answer = try Self.records(header.answerCount, &reader)
            _ = try Self.records(header.authorityCount, &reader)
            additional = try Self.records(header.additionalCount, &reader)
        } catch {
            return nil
        }
    }

    /// The RDATA of the records of a type.
    func records(_ type: RRType) -> [Record] { answer.filter { $0.type == type } }

    private static func records(
        _ count: UInt16, _ reader: inout MessageReader
    ) throws(MessageError) -> [Record] {
        var records: [Record] = []
        for _ in 0..<count {
            let record = try reader.readRecord()
            guard record.type != .opt else { continue }
            records.append(
                Record(
                    owner: try MessageReader.name(in: reader.message, at: record.ownerOffset),
                    type: record.type, rdata: try record.expandedRData(in: reader.message)))
        }
        return records
    }
}
