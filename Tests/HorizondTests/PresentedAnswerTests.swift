import DNS
import Testing

@testable import horizond

@Suite("A response in presentation form")
struct PresentedAnswerTests {
    /// REFUSED for a.example A, with an extended error of this code and text.
    private static func refusal(code: UInt16, _ text: String) -> [UInt8] {
        let option = [UInt8(code >> 8), UInt8(code & 0xff)] + Array(text.utf8)
        let octets = { (number: Int) in [UInt8(number >> 8), UInt8(number & 0xff)] }
        return [0, 1, 0x81, 0x85, 0, 1, 0, 0, 0, 0, 0, 1]
            + [1, 0x61, 7] + Array("example".utf8) + [0, 0, 1, 0, 1]
            + [0, 0, 41, 4, 0xd0, 0, 0, 0, 0] + octets(option.count + 4)
            + [0, 15] + octets(option.count) + option
    }

    @Test("what an upstream writes cannot move a terminal's cursor")
    func hostileText() throws {
        let octets = Self.refusal(code: 18, "no\u{1b}[31m\u{7}\n\u{202e}way")
        let answer = try #require(PresentedAnswer(octets))
        #expect(answer.rcode == "REFUSED")
        let text = try #require(answer.extendedError)
        #expect(text.hasPrefix("no") && text.hasSuffix("way"))
        #expect(text.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 })
    }

    @Test("an extended error without a text has the name of its code")
    func names() throws {
        func error(_ code: UInt16) -> String? {
            PresentedAnswer(Self.refusal(code: code, ""))?.extendedError
        }
        #expect(error(20) == "Not Authoritative" && error(0) == "Other Error")
        #expect(error(999) == "EDE 999")
    }
}
