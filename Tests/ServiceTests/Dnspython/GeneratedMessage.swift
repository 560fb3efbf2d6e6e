import DNS
import Testing

/// A response with records of any type in all sections, as `MessageWriter` writes it.
struct GeneratedMessage {
    let id: UInt16
    private let question: Question
    private let rcode: RCode
    private let dnssecOK: Bool
    private let extendedError: ExtendedErrorOption
    /// By section: answer, authority, additional.
    private let sections: [[Record]]
    /// What the other side is to write into its OPT record.
    private let options: [(code: UInt16, data: [UInt8])]

    init(_ id: UInt16, _ generated: inout GeneratedRData) {
        self.id = id
        question = Question(
            name: generated.name(), type: generated.generator.pick(GeneratedRData.types))
        rcode = generated.generator.pick([.noError, .nameError, .nameExists, .badVersion])
        dnssecOK = generated.generator.oneIn(2)
        extendedError = ExtendedErrorOption(
            UInt16(generated.generator.below(30)),
            generated.generator.pick(["no rule", "upstream is silent: é", "x"]))
        var sections: [[Record]] = []
        for _ in 0..<3 {
            let count = generated.generator.below(8)
            sections.append((0..<count).map { _ in Self.record(&generated) })
        }
        self.sections = sections
        let codes: [UInt16] = [10, 12, 3, 65001]
        options = codes.prefix(generated.generator.below(5)).map { code in
            // A COOKIE has 8 octets of the client (RFC 7873 §4).
            (code, generated.octets(code == 10 ? 8 : generated.generator.below(20)))
        }
    }

    private static func record(_ generated: inout GeneratedRData) -> Record {
        let type = generated.generator.pick(GeneratedRData.types)
        // dnspython takes TTLs over 2³¹ − 1 as 0 (RFC 2181 §8).
        let ttl = UInt32(generated.generator.below(Int(Int32.max)))
        return Record(generated.name(), type, ttl: ttl, generated.rdata(type))
    }

    private var octets: [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_535)
        var count = 0
        do {
            var writer = MessageWriter(buffer.mutableSpan, limit: 65_535)
            let counts = sections.map { UInt16($0.count) }
            writer.write(
                Header(
                    id: id, flags: Header.Flag.response | (rcode.rawValue & Header.Flag.rcodeMask),
                    questionCount: 1, answerCount: counts[0], authorityCount: counts[1],
                    additionalCount: counts[2] + 1))
            writer.write(question)
            for record in sections.joined() {
                writer.writeRecord(
                    owner: record.owner, type: record.type, ttl: record.ttl,
                    rdata: record.rdata.span)
            }
            let text = Array(extendedError.text.utf8)
            let error = [EDNSOption.extendedError, UInt16(2 + text.count), extendedError.infoCode]
            let option = error.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } + text
            writer.writeRecord(
                owner: .root, type: .opt, rrClass: 1232,
                ttl: UInt32(rcode.rawValue >> 4) << 24 | (dnssecOK ? 0x8000 : 0), rdata: option.span
            )
            count = writer.count
        }
        return Array(buffer[..<count])
    }

    /// The message and what is in it, for the script.
    var lines: [[String]] {
        var lines = [["message", Hexadecimal.encode(octets)]]
        for (section, records) in sections.enumerated() {
            for record in records {
                lines.append([
                    "record", "\(section)", "\(record.owner)", "\(record.ttl)", "\(record.type)",
                    RData.describe(record.rdata.span, type: record.type),
                ])
            }
        }
        lines.append([
            "edns", "\(rcode.rawValue)", dnssecOK ? "1" : "0", "\(extendedError.infoCode)",
            extendedError.text,
        ])
        let options = options.map { "\($0.code):\(Hexadecimal.encode($0.data))" }
        return lines + [["end", options.joined(separator: ",")]]
    }

    /// Reads the message as the other side wrote it anew: the same records and its options.
    func check(_ octets: [UInt8]) throws {
        let response = try Response(octets)
        #expect(response.header.id == id && response.question == question)
        #expect(response.question?.name.octets == question.name.octets)
        #expect(response.answer.map(\.exact) == sections[0].map(\.exact))
        #expect(response.authority.map(\.exact) == sections[1].map(\.exact))
        let additional = response.additional.filter { $0.type != .opt }
        #expect(additional.map(\.exact) == sections[2].map(\.exact))

        var reader = MessageReader(octets.span, at: Header.length)
        _ = try reader.readQuestion()
        while !reader.isAtEnd {
            let record = try reader.readRecord()
            guard record.type == .opt else { continue }
            let edns = EDNS(record)
            #expect(edns.dnssecOK == dnssecOK && edns.version == 0)
            #expect(UInt16(edns.extendedRCode) == rcode.rawValue >> 4)
            for (code, data) in options {
                let range = try #require(try edns.option(code, in: octets.span))
                #expect(Array(octets[range]) == data)
            }
        }
    }
}

extension Record {
    /// Every octet that counts, the owner's spelling included.
    fileprivate var exact: [UInt8] {
        var octets = MessageBuilder()
        octets.write(self)
        return octets.octets
    }
}
