import DNS
import Testing

@Suite("EDNS")
struct EDNSTests {
    /// An OPT record: size 1232, extended RCODE 1, version 0, DO, NSID (3) empty, a cookie (10) of
    /// eight octets (RFC 6891 §6.1.2, RFC 5001 §2.3, RFC 7873 §4).
    private static let record = octets(
        "00 0029 04d0 01008000 0010 0003 0000 000a 0008 0102030405060708")

    private static func edns(_ message: [UInt8]) throws -> EDNS {
        var reader = MessageReader(message.span)
        return EDNS(try reader.readRecord())
    }

    private static func option(_ code: UInt16, of message: [UInt8]) throws -> Range<Int>? {
        try edns(message).option(code, in: message.span)
    }

    @Test("Size, version, extended RCODE and DO are read")
    func reads() throws {
        let edns = try Self.edns(Self.record)
        #expect(edns.udpSize == 1232)
        #expect(edns.extendedRCode == 1)
        #expect(edns.version == 0)
        #expect(edns.dnssecOK)
        #expect(edns.options == 11..<27)
    }

    @Test("An option is found by its code, an empty one too")
    func findsOptions() throws {
        #expect(try Self.option(10, of: Self.record) == 19..<27)
        #expect(try Self.option(3, of: Self.record) == 15..<15)
        #expect(try Self.option(8, of: Self.record) == nil)
    }

    @Test("An option that passes the record's end is refused, also behind the wanted one")
    func refusesMalformedOptions() {
        var message = Self.record
        message[18] = 9
        #expect(throws: MessageError.self) { try Self.option(3, of: message) }
        message = Array(Self.record.prefix(26))
        message[10] = 15
        #expect(throws: MessageError.self) { try Self.option(10, of: message) }
    }

    @Test("A query's record announces 1232 octets")
    func writes() throws {
        let message = written { $0.writeOPT(dnssecOK: true, optionsLength: 0) }
        #expect(message == octets("00 0029 04d0 00008000 0000"))
        #expect(message.count == EDNS.emptyLength)
    }

    @Test("What a client asks for is read in one go; of several cookies the first counts")
    func requestedOptions() throws {
        // NSID, two cookies, keepalive, padding (12), an option that nobody knows.
        let message = octets(
            """
            00 0029 04d0 00000000 0026 0003 0000 000a 0008 0102030405060708 000a 0001 ff
            000b 0000 000c 0001 00 fde9 0004 deadbeef
            """)
        let requested = try Self.edns(message).requestedOptions(in: message.span)
        #expect(requested.nsid)
        #expect(requested.cookie == 19..<27)
        #expect(requested.tcpKeepalive == 36..<36)
        var cut = message
        cut[cut.count - 5] = 5
        #expect(throws: MessageError.self) {
            try Self.edns(cut).requestedOptions(in: cut.span)
        }
    }
}
