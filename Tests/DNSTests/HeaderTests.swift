import DNS
import Testing

@Suite("Headers")
struct HeaderTests {
    @Test("Twelve octets are a header, eleven are not")
    func reads() {
        let message = octets("beef 8583 0001 0002 0003 0004")
        let header = Header(message.span)
        #expect(
            header
                == Header(
                    id: 0xbeef, flags: 0x8583, questionCount: 1, answerCount: 2, authorityCount: 3,
                    additionalCount: 4))
        #expect(header?.isResponse == true)
        #expect(header?.isTruncated == false)
        #expect(header?.opcode == Opcode.query)
        #expect(header?.rcode == .nameError)
        let short = Header(message.span.extracting(0..<11))
        #expect(short == nil)
    }

    @Test("The opcode is four bits of the flags")
    func readsOpcode() {
        #expect(Header(id: 0, flags: 0x2800).opcode == Opcode.update)
    }
}
