/// A message's first twelve octets (RFC 1035 §4.1.1, with AD and CD of RFC 4035 §3).
package struct Header: Equatable, Sendable {
    /// The header's length in octets.
    package static let length = 12

    package var id: UInt16
    /// The second 16 bits: QR, opcode, AA, TC, RD, RA, Z, AD, CD, RCODE.
    package var flags: UInt16
    package var questionCount: UInt16
    package var answerCount: UInt16
    package var authorityCount: UInt16
    package var additionalCount: UInt16

    package init(
        id: UInt16, flags: UInt16, questionCount: UInt16 = 0, answerCount: UInt16 = 0,
        authorityCount: UInt16 = 0, additionalCount: UInt16 = 0
    ) {
        self.id = id
        self.flags = flags
        self.questionCount = questionCount
        self.answerCount = answerCount
        self.authorityCount = authorityCount
        self.additionalCount = additionalCount
    }

    /// The header at the start of `message`; nil when there are fewer than twelve octets.
    package init?(_ message: Span<UInt8>) {
        guard message.count >= Self.length else { return nil }
        self.init(
            id: message.uint16(at: 0), flags: message.uint16(at: 2),
            questionCount: message.uint16(at: 4), answerCount: message.uint16(at: 6),
            authorityCount: message.uint16(at: 8), additionalCount: message.uint16(at: 10))
    }

    package enum Flag {
        package static let response: UInt16 = 0x8000
        package static let authoritativeAnswer: UInt16 = 0x0400
        package static let truncated: UInt16 = 0x0200
        package static let recursionDesired: UInt16 = 0x0100
        package static let recursionAvailable: UInt16 = 0x0080
        package static let authenticData: UInt16 = 0x0020
        package static let checkingDisabled: UInt16 = 0x0010
        package static let opcodeMask: UInt16 = 0x7800
        package static let rcodeMask: UInt16 = 0x000f
    }

    package var isResponse: Bool { flags & Flag.response != 0 }
    package var isTruncated: Bool { flags & Flag.truncated != 0 }
    package var opcode: UInt8 { UInt8(truncatingIfNeeded: (flags & Flag.opcodeMask) >> 11) }
    /// The RCODE's lower four bits; the upper eight are in the OPT record.
    package var rcode: RCode { RCode(rawValue: flags & Flag.rcodeMask) }
}
