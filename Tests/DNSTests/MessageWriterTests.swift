import DNS
import Testing

@Suite("Writing messages")
struct MessageWriterTests {
    @Test("A name's known ending becomes a pointer, in any case, its own spelling kept before it")
    func compresses() throws {
        let first = try DomainName("a.example.com")
        let second = try DomainName("B.Example.COM")
        let message = written { writer in
            writer.writeName(first)
            writer.writeName(second)
            writer.writeName(first)
            writer.writeName(.root)
        }
        #expect(message == octets("0161 07 6578616d706c65 03 636f6d 00 0142 c002 c000 00"))
    }

    @Test("A name written in full may be pointed to")
    func pointsToUncompressedNames() throws {
        let name = try DomainName("a.b")
        let message = written { writer in
            writer.writeName(name, compress: false)
            writer.writeName(name, compress: false)
            writer.writeName(name)
        }
        #expect(message == octets("0161 0162 00 0161 0162 00 c000"))
    }

    @Test("A name past the reach of pointers is written in full")
    func keepsPointersInReach() throws {
        var buffer = [UInt8](repeating: 0, count: 0x4100)
        let name = try DomainName("a")
        let filler = [UInt8](repeating: 0xff, count: 0x4000)
        var writer = MessageWriter(buffer.mutableSpan, limit: 0x4100)
        writer.write(filler.span)
        writer.writeName(name)
        writer.writeName(name)
        let count = writer.count
        #expect(count == 0x4000 + 6)
    }

    @Test("What does not fit writes nothing more until the writer returns to a mark")
    func overflowsAndRewinds() throws {
        let name = try DomainName("example")
        let message = written(limit: 14) { writer in
            writer.write(UInt32(0x0102_0304))
            let mark = writer.mark
            writer.writeName(name)
            writer.write(UInt16(0xffff))
            let hasOverflowed = writer.hasOverflowed
            #expect(hasOverflowed)
            let count = writer.count
            writer.write(UInt8(0xff))
            let isUnchanged = writer.count == count
            #expect(isUnchanged)
            writer.rewind(to: mark)
            let isReset = !writer.hasOverflowed
            #expect(isReset)
            // The name is forgotten: no pointer into what is no longer there.
            writer.writeName(name)
        }
        #expect(message == octets("01020304 07 6578616d706c65 00"))
    }

    @Test("Header and question are written as they are read")
    func writesHeaderAndQuestion() throws {
        let header = Header(id: 7, flags: 0x8400, questionCount: 1)
        let question = Question(name: try DomainName("example"), type: .https)
        let message = written { writer in
            writer.write(header)
            writer.write(question)
        }
        #expect(Header(message.span) == header)
        var reader = MessageReader(message.span, at: Header.length)
        let again = try reader.readQuestion()
        #expect(again == question)
    }

    @Test("Names in the RDATA of RFC 1035's types are compressed")
    func compressesRData() throws {
        let owner = try DomainName("example")
        let rdata = octets("000a 04 6d61696c 07 6578616d706c65 00")
        let message = written {
            $0.writeRecord(owner: owner, type: .mx, ttl: 60, rdata: rdata.span)
        }
        #expect(
            message
                == octets(
                    "07 6578616d706c65 00 000f 0001 0000003c 0009 000a 04 6d61696c c000"))
    }

    @Test(
        "Names in the RDATA of later types are written in full (RFC 3597 §4)",
        arguments: [
            (RRType.srv, "0000 0005 01bb 07 6578616d706c65 00"),
            (.dname, "07 6578616d706c65 00"),
            (.naptr, "0001 0002 01 55 00 00 07 6578616d706c65 00"),
            (.https, "0001 07 6578616d706c65 00"),
        ])
    func leavesOtherRData(type: RRType, hexadecimal: String) throws {
        let owner = try DomainName("example")
        let rdata = octets(hexadecimal)
        let message = written {
            $0.writeRecord(owner: owner, type: type, ttl: 60, rdata: rdata.span)
        }
        #expect(Array(message.suffix(rdata.count)) == rdata)
    }

    /// `message` holds one record at 9, after the name `example` at 0.
    private static func copy(_ type: RRType, _ rdata: String, owner: DomainName? = nil) throws
        -> [UInt8]
    {
        let rdata = octets(rdata)
        let message =
            octets("07 6578616d706c65 00 c000") + [0, UInt8(type.rawValue), 0, 1, 0, 0, 0, 9]
            + [0, UInt8(rdata.count)] + rdata
        var reader = MessageReader(message.span, at: 9)
        let record = try reader.readRecord()
        return try written { try $0.copyRecord(record, of: message.span, ttl: 5, owner: owner) }
    }

    @Test("A copied record loses its old message's compression, and gets the new one's")
    func copies() throws {
        #expect(
            try Self.copy(.soa, "026e73 c000 c000 00000001 00000002 00000003 00000004 00000005")
                == octets(
                    """
                    07 6578616d706c65 00 0006 0001 00000005 001b
                    026e73 c000 c000 00000001 00000002 00000003 00000004 00000005
                    """))
        #expect(
            try Self.copy(.srv, "0000 0005 01bb c000")
                == octets(
                    """
                    07 6578616d706c65 00 0021 0001 00000005 000f
                    0000 0005 01bb 07 6578616d706c65 00
                    """))
    }

    @Test("A copied record may get another owner")
    func copiesToAnotherOwner() throws {
        let copy = try Self.copy(.cname, "c000", owner: DomainName("a"))
        #expect(copy == octets("0161 00 0005 0001 00000005 0009 07 6578616d706c65 00"))
    }

    @Test("A record whose RDATA ends within a name is not copied")
    func refusesMalformedRData() {
        #expect(throws: MessageError.self) { try Self.copy(.mx, "000a 04 6d61") }
        #expect(throws: MessageError.self) { try Self.copy(.mx, "00") }
        #expect(throws: MessageError.self) { try Self.copy(.cname, "c0ff") }
    }

    @Test("Malformed RDATA of one's own passes as it is")
    func writesMalformedRData() throws {
        let rdata = octets("000a 04 6d61")
        let message = written {
            $0.writeRecord(owner: .root, type: .mx, ttl: 0, rdata: rdata.span)
        }
        #expect(message == octets("00 000f 0001 00000000 0005 000a 04 6d61"))
    }

    @Test("Malformed RDATA does not undo an overflow before it")
    func keepsOverflow() throws {
        let owner = try DomainName("example")
        let rdata = octets("0a")
        let message = written(limit: 8) { writer in
            writer.writeRecord(owner: owner, type: .mx, ttl: 0, rdata: rdata.span)
            let hasOverflowed = writer.hasOverflowed
            #expect(hasOverflowed)
        }
        #expect(message == octets("07 6578616d706c65"))
    }

    @Test("A count written before is patched")
    func patches() {
        let message = written { writer in
            writer.write(UInt32(0))
            writer.patch(0xabcd, at: 1)
            let patched = writer.written.uint16(at: 1)
            #expect(patched == 0xabcd)
        }
        #expect(message == octets("00abcd00"))
    }
}
