import DNS
import TestSupport
import Testing

/// Valid messages with some octets changed or cut off, always the same ones.
@Suite("Mutated messages")
struct MutationTests {
    private static let records: [(RRType, String)] = [
        (.https, "1 . mandatory=alpn alpn=h3,h2 port=443 ipv4hint=192.0.2.1 ech=AQID key667=x"),
        (.svcb, "1 a.example. alpn=dot,doq ipv6hint=2001:db8::1 dohpath=/q{?dns}"),
        (.https, "0 a.example."),
        (.soa, "ns.example. host.example. 1 2 3 4 5"), (.mx, "10 mail.example."),
        (.txt, "\"one\" \"two\""), (.srv, "0 5 443 a.example."),
        (.naptr, "1 2 \"U\" \"sip\" \"!a!b!\" a.example."), (.a, "192.0.2.1"),
        (.aaaa, "2001:db8::1"), (.caa, "0 issue \"a.example\""), (.loc, "1 2 3 N 4 5 6 E 7m"),
        (.ds, "1 8 2 00112233"), (.dnskey, "257 3 15 AQID"), (.uri, "1 2 \"https://a/\""),
        (.tlsa, "3 1 1 0011"), (.hinfo, "\"a\" \"b\""), (.rp, "a.example. b.example."),
        (.cname, "b.example."), (RRType(rawValue: 65280), "\\# 2 abcd"),
    ]

    /// Four of the records with their question and an OPT record, starting at `index`.
    private static func message(_ index: Int) throws -> [UInt8] {
        let owner = try DomainName("www.example")
        return try written { writer in
            writer.write(
                Header(
                    id: 1, flags: 0x8180, questionCount: 1, answerCount: 4, additionalCount: 1))
            writer.write(Question(name: owner, type: .https))
            for offset in 0..<4 {
                let (type, text) = records[(index + offset) % records.count]
                let rdata = try RData.parse(text, type: type)
                writer.writeRecord(owner: owner, type: type, ttl: 300, rdata: rdata.span)
            }
            writer.writeOPT(dnssecOK: true, optionsLength: 0)
        }
    }

    private static func mutate(_ message: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var message = message
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let index = Int.random(in: 0..<message.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: message[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: message[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2:
                message[index] =
                    [0, 1, 0x3f, 0x40, 0xc0, 0xff].randomElement(using: &generator) ?? 0
            default: message[index] = message[index] &+ 1
            }
        }
        if Int.random(in: 0..<8, using: &generator) == 0 {
            message.removeLast(Int.random(in: 0..<message.count, using: &generator))
        }
        return message
    }

    /// Reads everything in a message as the server does, copies its records, and counts them.
    private static func readAll(_ message: [UInt8], count: inout Int) throws {
        guard let header = Header(message.span) else { return }
        var reader = MessageReader(message.span, at: Header.length)
        for _ in 0..<min(header.questionCount, 4) { _ = try reader.readQuestion() }
        for _ in 0..<8 where !reader.isAtEnd {
            let record = try reader.readRecord()
            count += 1
            if record.type == .opt {
                _ = try? EDNS(record).option(EDNSOption.extendedError, in: message.span)
            }
            _ = try? MessageReader.name(in: message.span, at: record.ownerOffset)
            let rdata = message.array(record.rdata)
            _ = RData.describe(rdata.span, type: record.type)
            if record.type == .https || record.type == .svcb {
                _ = (try? ServiceBinding(rdata: rdata.span))?.removingHTTP3()?.removingECH()
            }
            _ = written(limit: 128) {
                try? $0.copyRecord(record, of: message.span, ttl: 30)
                $0.writeRecord(owner: .root, type: record.type, ttl: 30, rdata: rdata.span)
            }
        }
    }

    @Test("20,000 mutated messages are read or refused without a trap")
    func survives() throws {
        var generator = SeededGenerator(seed: 1035)
        let messages = try (0..<Self.records.count).map { try Self.message($0) }
        var count = 0
        for message in messages { try Self.readAll(message, count: &count) }
        #expect(count == messages.count * 5)
        for index in 0..<20_000 {
            let message = Self.mutate(messages[index % messages.count], &generator)
            try? Self.readAll(message, count: &count)
        }
        // Most mutations leave most records readable: the test reaches behind the header.
        #expect(count > 50_000)
    }

    @Test("What describes mutated RDATA reads as the same octets")
    func describesReadably() throws {
        var generator = SeededGenerator(seed: 3597)
        for index in 0..<10_000 {
            let (type, text) = Self.records[index % Self.records.count]
            let rdata = Self.mutate(try RData.parse(text, type: type), &generator)
            let description = RData.describe(rdata.span, type: type)
            let isOpaque = description.hasPrefix("\\# ")
            // An alias's parameters are shown but not accepted.
            let isAlias = (type == .https || type == .svcb) && rdata.starts(with: [0, 0])
            guard !isOpaque, !isAlias else { continue }
            #expect(try RData.parse(description, type: type) == rdata, "\(type) \(description)")
        }
    }
}

extension [UInt8] {
    fileprivate func array(_ range: Range<Int>) -> [UInt8] { Array(self[range]) }
}
