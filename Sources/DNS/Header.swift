/// A message's first twelve octets (RFC 1035 §4.1.1, with AD and CD of RFC 4035 §3).
public struct Header: Equatable, Sendable {
    /// The header's length in octets.
    public static var length: Int { 12 }

    public var id: UInt16
    /// The second 16 bits: QR, opcode, AA, TC, RD, RA, Z, AD, CD, RCODE.
    public var flags: UInt16
    public var questionCount: UInt16
    public var answerCount: UInt16
    public var authorityCount: UInt16
    public var additionalCount: UInt16

    public init(
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
    @inlinable @inline(__always)
    public init?(_ message: Span<UInt8>) {
        guard message.count >= Self.length else { return nil }
        self.init(
            id: message.uint16(at: 0), flags: message.uint16(at: 2),
            questionCount: message.uint16(at: 4), answerCount: message.uint16(at: 6),
            authorityCount: message.uint16(at: 8), additionalCount: message.uint16(at: 10))
    }

    public enum Flag {
        public static var response: UInt16 { 0x8000 }
        public static var authoritativeAnswer: UInt16 { 0x0400 }
        public static var truncated: UInt16 { 0x0200 }
        public static var recursionDesired: UInt16 { 0x0100 }
        public static var recursionAvailable: UInt16 { 0x0080 }
        public static var authenticData: UInt16 { 0x0020 }
        public static var checkingDisabled: UInt16 { 0x0010 }
        public static var opcodeMask: UInt16 { 0x7800 }
        public static var rcodeMask: UInt16 { 0x000f }
    }

    /// Whether any section but the question's has records.
    public var hasRecords: Bool { answerCount | authorityCount | additionalCount != 0 }
    public var isResponse: Bool { flags & Flag.response != 0 }
    public var isTruncated: Bool { flags & Flag.truncated != 0 }
    public var opcode: UInt8 { UInt8(truncatingIfNeeded: (flags & Flag.opcodeMask) >> 11) }
    /// The RCODE's lower four bits; the upper eight are in the OPT record.
    public var rcode: RCode { RCode(rawValue: flags & Flag.rcodeMask) }
}
