import DNS
import Nameserver

/// A response in presentation form, for people and for JSON.
struct PresentedAnswer: Codable, Equatable, Sendable {
    /// Such as `NOERROR`.
    var rcode: String
    /// The records of the answer section, aliases first.
    var records: [Record] = []
    /// For how many seconds a response without data is kept: the TTL of its SOA record.
    var negativeTTL: UInt32?
    /// What the extended error says (RFC 8914), such as `Filtered: …`.
    var extendedError: String?

    struct Record: Codable, Hashable, Sendable {
        /// With its final dot.
        let name: String
        let type: String
        let ttl: UInt32
        let data: String
    }

    /// Reads a response; nil when it is none.
    init?(_ octets: [UInt8]) {
        guard let header = Header(octets.span) else { return nil }
        rcode = "\(header.rcode)"
        var reader = MessageReader(octets.span, at: Header.length)
        do {
            for _ in 0..<header.questionCount { _ = try reader.readQuestion() }
            for _ in 0..<header.answerCount {
                records.append(try Self.record(try reader.readRecord(), of: octets.span))
            }
            for _ in 0..<header.authorityCount {
                let record = try reader.readRecord()
                if record.type == .soa { negativeTTL = record.ttl }
            }
            for _ in 0..<header.additionalCount {
                let start = reader.offset
                guard try reader.readRecord().type == .opt else { continue }
                var again = MessageReader(octets.span, at: start)
                let record = try again.readRecord()
                extendedError = Self.extendedError(EDNS(record), in: octets.span)
            }
        } catch {
            return nil
        }
    }

    /// The records of a type; their data.
    func data(_ type: RRType) -> [String] {
        records.filter { $0.type == "\(type)" }.map(\.data)
    }

    private static func record(
        _ record: ResourceRecord, of message: Span<UInt8>
    ) throws(MessageError) -> Record {
        let rdata = try record.expandedRData(in: message)
        let owner = try MessageReader.name(in: message, at: record.ownerOffset)
        return Record(
            name: "\(owner)", type: "\(record.type)", ttl: record.timeToLive,
            data: RData.describe(rdata.span, type: record.type))
    }

    private static func extendedError(_ edns: EDNS, in message: Span<UInt8>) -> String? {
        guard let option = try? edns.option(EDNSOption.extendedError, in: message),
            option.count >= 2
        else { return nil }
        let code = message.uint16(at: option.lowerBound)
        let text = String(
            decoding: message.array(option.lowerBound + 2..<option.upperBound), as: UTF8.self)
        // It is what an upstream wrote, and stands on a terminal.
        let shown = text.escapingUnprintable
        return shown.isEmpty ? ExtendedError.name(of: code) ?? "EDE \(code)" : shown
    }
}
