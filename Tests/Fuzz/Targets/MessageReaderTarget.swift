import DNS

/// Reads arbitrary octets as a message, with all names expanded; what can be read is written again
/// and must then read the same.
func fuzzMessageReader(_ input: [UInt8]) throws(Finding) {
    guard let parts = ReadMessage(input) else { return }
    var buffer = [UInt8](repeating: 0, count: 65_535)
    guard let count = parts.write(input, into: &buffer) else { return }
    let written = Array(buffer[..<count])
    guard let again = ReadMessage(written) else {
        throw Finding("written again it cannot be read: \(hexadecimal(written))")
    }
    try require(again.questions == parts.questions, "another question: \(hexadecimal(written))")
    try require(again.edns == parts.edns, "another OPT record: \(hexadecimal(written))")
    try require(again.records.count == parts.records.count, "not as many records")
    for (old, new) in zip(parts.records, again.records) {
        try require(
            old.owner == new.owner && old.bounds.type == new.bounds.type
                && old.bounds.rrClass == new.bounds.rrClass && old.bounds.ttl == new.bounds.ttl,
            "another record: \(hexadecimal(written))")
        try require(
            old.fields == new.fields && old.names == new.names,
            "other data of \(old.bounds.type): \(hexadecimal(written))")
    }
}

/// A message with everything read that the server ever reads of one.
private struct ReadMessage {
    struct Record {
        let owner: DomainName
        let bounds: ResourceRecord
        /// RDATA without its names.
        let fields: [UInt8]
        let names: [DomainName]
    }

    struct Options: Equatable {
        let size: UInt16
        let fields: UInt32
        let octets: [UInt8]
    }

    /// More of them say nothing new.
    private static let maximumCount = 64

    private(set) var questions: [Question] = []
    private(set) var records: [Record] = []
    private(set) var edns: [Options] = []

    /// Nil when something cannot be read.
    init?(_ octets: [UInt8]) {
        guard let header = Header(octets.span) else { return nil }
        let count =
            Int(header.answerCount) + Int(header.authorityCount) + Int(header.additionalCount)
        guard Int(header.questionCount) <= Self.maximumCount, count <= Self.maximumCount else {
            return nil
        }
        var reader = MessageReader(octets.span, at: Header.length)
        do {
            for _ in 0..<header.questionCount { questions.append(try reader.readQuestion()) }
            for _ in 0..<count {
                let bounds = try reader.readRecord()
                if bounds.type == .opt { edns.append(Self.options(bounds, octets)) }
                records.append(try Self.record(bounds, octets))
            }
        } catch {
            return nil
        }
    }

    private static func options(_ bounds: ResourceRecord, _ octets: [UInt8]) -> Options {
        let edns = EDNS(bounds)
        _ = try? edns.option(EDNSOption.extendedError, in: octets.span)
        return Options(
            size: edns.udpSize, fields: bounds.ttl, octets: octets.span.array(edns.options))
    }

    private static func record(
        _ bounds: ResourceRecord, _ octets: [UInt8]
    ) throws(MessageError) -> Record {
        let owner = try MessageReader.name(in: octets.span, at: bounds.ownerOffset)
        guard let layout = RDataLayout.of(bounds.type) else {
            return Record(
                owner: owner, bounds: bounds, fields: octets.span.array(bounds.rdata), names: [])
        }
        var reader = MessageReader(
            octets.span.extracting(0..<bounds.rdata.upperBound), at: bounds.rdata.lowerBound)
        try reader.skipToNames(of: layout)
        var fields = octets.span.array(bounds.rdata.lowerBound..<reader.offset)
        var names: [DomainName] = []
        for _ in 0..<layout.names { names.append(try reader.readName()) }
        fields += octets.span.array(reader.offset..<bounds.rdata.upperBound)
        return Record(owner: owner, bounds: bounds, fields: fields, names: names)
    }

    /// Writes the message again; nil when it does not fit, since names lose what compression they had.
    func write(_ octets: [UInt8], into buffer: inout [UInt8]) -> Int? {
        guard var header = Header(octets.span) else { return nil }
        header.questionCount = UInt16(questions.count)
        var writer = MessageWriter(buffer.mutableSpan, limit: 65_535)
        writer.write(header)
        for question in questions { writer.write(question) }
        for record in records {
            do {
                try writer.copyRecord(record.bounds, of: octets.span, ttl: record.bounds.ttl)
            } catch {
                return nil
            }
        }
        return writer.hasOverflowed ? nil : writer.count
    }
}
