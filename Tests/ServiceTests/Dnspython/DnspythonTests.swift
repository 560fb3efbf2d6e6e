import DNS
import Testing

extension ServiceTests {
    /// Octets and texts of horizond's own library, held against dnspython's.
    @Suite("Messages and RDATA, beside dnspython", .aloneOnMachine)
    struct DnspythonTests {
        private static let seed: UInt64 = 3597
        /// dnspython writes these by fields of their own; here they are octets (RFC 3597 §5).
        private static let opaqueHere: Set<RRType> = [.rrsig, .nsec, .nsec3]

        /// dnspython 2.3 escapes the items of `alpn` as character strings before it escapes the list.
        /// RFC 9460 §A.1 has `\\` and `\,` there and no other escape.
        private static func isEscapedTwice(_ text: String) -> Bool {
            text.contains(/alpn="[^=]*\\\\(\d\d\d|\\")/)
        }

        private static func parse(_ text: String, _ type: RRType) throws -> [UInt8] {
            try RData.parse(text, type: type)
        }

        /// Both read `texts` as the octets beside them, and each reads what the other prints.
        private static func compare(_ cases: [(type: RRType, text: String, wire: [UInt8])]) throws {
            let lines = cases.map { item in
                let ours = RData.describe(item.wire.span, type: item.type)
                return ["rdata", "\(item.type)", item.text, ours, Hexadecimal.encode(item.wire)]
            }
            let verdicts = try Dnspython.verdicts(on: lines, count: cases.count)
            for (item, verdict) in zip(cases, verdicts) {
                switch verdict {
                case .differs(let reason):
                    Issue.record("\(item.type) \(item.text): \(reason)")
                case .agrees(let text):
                    if opaqueHere.contains(item.type) || isEscapedTwice(text) { continue }
                    let again = try? parse(text, item.type)
                    #expect(again == item.wire, "\(item.type) as dnspython prints it: \(text)")
                }
            }
        }

        @Test("Presentation forms stand for the same octets")
        func presentation() throws {
            try Self.compare(
                try PresentationCases.all.map {
                    ($0.type, $0.text, try Self.parse($0.text, $0.type))
                })
        }

        @Test("RDATA of every type is printed and read the same way")
        func rdata() throws {
            var generated = GeneratedRData(seed: Self.seed)
            var cases: [(type: RRType, text: String, wire: [UInt8])] = []
            for type in GeneratedRData.types {
                for _ in 0..<60 {
                    let wire = generated.rdata(type)
                    let text = RData.describe(wire.span, type: type)
                    #expect(try Self.parse(text, type) == wire, "\(type) \(text)")
                    cases.append((type, text, wire))
                }
            }
            try Self.compare(cases)
        }

        @Test("A message that one writes the other reads, compression and options included")
        func messages() throws {
            var generated = GeneratedRData(seed: Self.seed)
            let messages = (0..<300).map { GeneratedMessage(UInt16($0), &generated) }
            let verdicts = try Dnspython.verdicts(
                on: messages.flatMap(\.lines), count: messages.count)
            for (message, verdict) in zip(messages, verdicts) {
                switch verdict {
                case .differs(let reason): Issue.record("message \(message.id): \(reason)")
                case .agrees(let digits):
                    let octets = try #require(Hexadecimal.decode(digits))
                    try message.check(octets)
                }
            }
        }
    }
}
