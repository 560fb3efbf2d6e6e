/// The OPT record of a message (RFC 6891 §6.1).
public struct EDNS: Equatable, Sendable {
    /// The largest UDP answer that this server sends and the size that it announces: what crosses
    /// any network unfragmented (RFC 9715 §3.1 gives 1400 as the upper bound; 1232 is the 2020 flag
    /// day's).
    public static var maximumUDPSize: Int { 1232 }
    /// What a client without EDNS takes over UDP (RFC 1035 §4.2.1).
    public static var classicUDPSize: Int { 512 }
    /// An OPT record without options: root, type, class, TTL, length.
    public static var emptyLength: Int { 11 }
    /// The code and length that stand before an option's data (RFC 6891 §6.1.2).
    public static var optionHeaderLength: Int { 4 }

    /// The sender's UDP payload size as written; under 512 it counts as 512 (RFC 6891 §6.2.3).
    public var udpSize: UInt16
    /// The upper eight bits of the response's RCODE.
    public var extendedRCode: UInt8
    public var version: UInt8
    /// The DO bit (RFC 3225).
    public var dnssecOK: Bool
    /// Where the options' octets stand in the message, which has 65,535 at most.
    private let optionsStart: UInt16
    private let optionsEnd: UInt16

    /// The options' octets in the message.
    public var options: Range<Int> { Int(optionsStart)..<Int(optionsEnd) }

    public init(_ record: ResourceRecord) {
        udpSize = record.rrClass
        extendedRCode = UInt8(truncatingIfNeeded: record.ttl >> 24)
        version = UInt8(truncatingIfNeeded: record.ttl >> 16)
        dnssecOK = record.ttl & 0x8000 != 0
        optionsStart = UInt16(record.rdata.lowerBound)
        optionsEnd = UInt16(record.rdata.upperBound)
    }

    /// The octets of the first option with this code. Throws when an option passes the record's
    /// end.
    public func option(
        _ code: UInt16, in message: Span<UInt8>
    ) throws(MessageError) -> Range<Int>? {
        var found: Range<Int>?
        try forEachOption(in: message) { current, data in
            if current == code, found == nil { found = data }
        }
        return found
    }

    /// What a client asks of its server by options. Throws when an option passes the record's end.
    public func requestedOptions(
        in message: Span<UInt8>
    ) throws(MessageError) -> RequestedOptions {
        var requested = RequestedOptions()
        try forEachOption(in: message) { code, data in
            switch code {
            case EDNSOption.nsid: requested.nsid = true
            // RFC 7873 §5.2: the first one counts.
            case EDNSOption.cookie: requested.cookie = requested.cookie ?? data
            case EDNSOption.tcpKeepalive: requested.tcpKeepalive = requested.tcpKeepalive ?? data
            default: break
            }
        }
        return requested
    }

    @inline(__always)
    private func forEachOption(
        in message: Span<UInt8>, _ body: (UInt16, Range<Int>) -> Void
    ) throws(MessageError) {
        var reader = MessageReader(
            message.extracting(0..<options.upperBound), at: options.lowerBound)
        while !reader.isAtEnd {
            let code = try reader.readUInt16()
            let length = Int(try reader.readUInt16())
            try reader.skip(length)
            body(code, reader.offset &- length..<reader.offset)
        }
    }
}

/// The options of a query that change what its response says. Options that this server does not
/// know are passed over (RFC 6891 §6.1.2).
public struct RequestedOptions: Equatable, Sendable {
    /// The client asks for the server's identifier (RFC 5001 §2.1).
    public var nsid = false
    /// Where a COOKIE option's data stand (RFC 7873 §4).
    public var cookie: Range<Int>?
    /// Where an edns-tcp-keepalive option's data stand; a client sends none (RFC 7828 §3.2.1).
    public var tcpKeepalive: Range<Int>?

    public init() {}
}

/// An extended error to tell a client (RFC 8914 §2).
public struct ExtendedErrorOption: Equatable, Sendable {
    public let infoCode: UInt16
    /// A text for people; empty for none.
    public let text: String

    public init(_ infoCode: UInt16, _ text: String = "") {
        self.infoCode = infoCode
        self.text = text
    }
}

extension MessageWriter {
    /// Writes what stands before the options of a query's OPT record; it announces
    /// `EDNS.maximumUDPSize` (RFC 6891 §6.1.2).
    @_lifetime(self: copy self)
    public mutating func writeOPT(dnssecOK: Bool, optionsLength: Int) {
        write(UInt8(0))
        write(RRType.opt.rawValue)
        write(UInt16(EDNS.maximumUDPSize))
        write(UInt32(dnssecOK ? 0x8000 : 0))
        write(UInt16(optionsLength))
    }

    /// Writes one option of an OPT record.
    @_lifetime(self: copy self)
    public mutating func writeOption(_ code: UInt16, _ data: Span<UInt8>) {
        write(code)
        write(UInt16(data.count))
        write(data)
    }
}
