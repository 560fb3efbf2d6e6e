/// The OPT record of a message (RFC 6891 §6.1).
package struct EDNS: Equatable, Sendable {
    /// The largest UDP answer that this server sends and the size that it announces: what crosses
    /// any network unfragmented (RFC 9715 §3.1 gives 1400 as the upper bound; 1232 is the 2020 flag
    /// day's).
    package static let maximumUDPSize = 1232
    /// What a client without EDNS takes over UDP (RFC 1035 §4.2.1).
    package static let classicUDPSize = 512
    /// An OPT record without options: root, type, class, TTL, length.
    package static let emptyLength = 11

    /// The sender's UDP payload size as written; under 512 it counts as 512 (RFC 6891 §6.2.3).
    package var udpSize: UInt16
    /// The upper eight bits of the response's RCODE.
    package var extendedRCode: UInt8
    package var version: UInt8
    /// The DO bit (RFC 3225).
    package var dnssecOK: Bool
    /// The options' octets in the message.
    package var options: Range<Int>

    package init(_ record: ResourceRecord) {
        udpSize = record.rrClass
        extendedRCode = UInt8(truncatingIfNeeded: record.ttl >> 24)
        version = UInt8(truncatingIfNeeded: record.ttl >> 16)
        dnssecOK = record.ttl & 0x8000 != 0
        options = record.rdata
    }

    /// The octets of the first option with this code. Throws when an option passes the record's
    /// end.
    package func option(
        _ code: UInt16, in message: Span<UInt8>
    ) throws(MessageError) -> Range<Int>? {
        var reader = MessageReader(
            message.extracting(0..<options.upperBound), at: options.lowerBound)
        var found: Range<Int>?
        while !reader.isAtEnd {
            let current = try reader.readUInt16()
            let length = Int(try reader.readUInt16())
            try reader.skip(length)
            if current == code, found == nil { found = reader.offset &- length..<reader.offset }
        }
        return found
    }
}

/// An extended error to tell a client (RFC 8914 §2).
package struct ExtendedErrorOption: Equatable, Sendable {
    package let infoCode: UInt16
    /// A text for people; empty for none.
    package let text: String

    package init(_ infoCode: UInt16, _ text: String = "") {
        self.infoCode = infoCode
        self.text = text
    }
}

extension MessageWriter {
    /// Writes an OPT record that announces `EDNS.maximumUDPSize` (RFC 6891 §6.1.2).
    @_lifetime(self: copy self)
    package mutating func writeOPT(
        rcode: RCode = .noError, dnssecOK: Bool, extendedError: ExtendedErrorOption? = nil
    ) {
        write(UInt8(0))
        write(RRType.opt.rawValue)
        write(UInt16(EDNS.maximumUDPSize))
        write(UInt8(truncatingIfNeeded: rcode.rawValue >> 4))
        write(UInt8(0))
        write(UInt16(dnssecOK ? 0x8000 : 0))
        guard let extendedError else { return write(UInt16(0)) }
        let text = extendedError.text.utf8.count
        write(UInt16(truncatingIfNeeded: 6 &+ text))
        write(EDNSOption.extendedError)
        write(UInt16(truncatingIfNeeded: 2 &+ text))
        write(extendedError.infoCode)
        for octet in extendedError.text.utf8 { write(octet) }
    }
}
