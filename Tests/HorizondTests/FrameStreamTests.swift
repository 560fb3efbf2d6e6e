import DNS
import Testing

@testable import horizond

/// The octets of hexadecimal digits.
private func octets(_ hex: String) -> [UInt8] {
    let digits = Array(hex.filter { !$0.isWhitespace })
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
}

// The frames are those of fstrm's control.h: escape, length, type, then fields of type, length, text.
@Suite("Frame Streams")
struct FrameStreamTests {
    private static let type = "protobuf:dnstap.Dnstap"
    private static let field =
        "00000001 00000016 70726f746f6275663a646e737461702e446e73746170"

    @Test("Control frames are written as the protocol has them")
    func written() {
        #expect(
            FrameStream.control(.ready, contentType: Self.type)
                == octets("00000000 00000022 00000004" + Self.field))
        #expect(
            FrameStream.control(.start, contentType: Self.type)
                == octets("00000000 00000022 00000002" + Self.field))
        #expect(FrameStream.control(.stop) == octets("00000000 00000004 00000003"))
        #expect(FrameStream.header(ofLength: 0x1234) == octets("00001234"))
    }

    @Test("What a reader accepts is read; FINISH says nothing more")
    func read() throws {
        let acceptance = octets("00000001" + Self.field)
        let accepted = FrameStream.readControl(acceptance.span)
        let accept = try #require(accepted)
        #expect(accept.control == .accept && accept.contentTypes == [Self.type])
        let end = octets("00000005")
        let finished = FrameStream.readControl(end.span)
        let finish = try #require(finished)
        #expect(finish.control == .finish && finish.contentTypes.isEmpty)
    }

    @Test(
        "What is no control frame is none",
        arguments: [
            "", "000000", "00000000", "00000006", "00000001 00000002 00000000",
            "00000001 00000001 00000005 61626364", "00000001 00000001 ffffffff 61",
        ])
    func refused(hex: String) {
        let body = octets(hex)
        let isRead = FrameStream.readControl(body.span) != nil
        #expect(!isRead)
    }

    // The examples of protobuf.dev, "Encoding", and the two octets' keys from field 16 on.
    @Test("Fields of protocol buffers are written as their specification has them")
    func protobuf() {
        var number = ProtobufMessage()
        number.add(1, 150)
        #expect(number.octets == octets("08 96 01"))
        var text = ProtobufMessage()
        text.add(2, "testing")
        #expect(text.octets == octets("12 07 74657374696e67"))
        var nested = ProtobufMessage()
        nested.add(3, number.octets)
        #expect(nested.octets == octets("1a 03 08 96 01"))
        var others = ProtobufMessage()
        others.add(5, fixed32: 0x0102_0304)
        others.add(16, 0)
        others.add(1, .max)
        #expect(others.octets == octets("2d 04030201 8001 00 08 ffffffffffffffffff01"))
    }
}
