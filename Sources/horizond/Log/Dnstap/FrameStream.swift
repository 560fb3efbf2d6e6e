import DNS

/// Frame Streams (farsightsec.github.io/fstrm): each frame behind its length in four octets; a length
/// of 0 says that a control frame follows. The writer's side of a stream in both directions: READY,
/// the reader's ACCEPT, START, data, STOP, the reader's FINISH.
enum FrameStream {
    /// The longest control frame.
    static let maximumControlLength = 512

    enum Control: UInt32 {
        case accept = 1
        case start, stop, ready, finish
    }

    private static let contentTypeField: UInt32 = 1

    /// A control frame as it is sent; with the type of the data, if it says one.
    static func control(_ control: Control, contentType: String? = nil) -> [UInt8] {
        var body = octets(of: control.rawValue)
        if let contentType {
            body += octets(of: contentTypeField) + octets(of: UInt32(contentType.utf8.count))
            body += Array(contentType.utf8)
        }
        return octets(of: 0) + octets(of: UInt32(body.count)) + body
    }

    /// A control frame that came whole, with the types of data that it names; nil for what is none.
    static func readControl(_ body: Span<UInt8>) -> (control: Control, contentTypes: [String])? {
        var reader = MessageReader(body)
        guard let number = try? reader.readUInt32(), let control = Control(rawValue: number)
        else { return nil }
        var contentTypes: [String] = []
        while !reader.isAtEnd {
            guard let field = try? reader.readUInt32(), field == contentTypeField,
                let length = try? reader.readUInt32(),
                (try? reader.skip(Int(length))) != nil
            else { return nil }
            let text = body.array(reader.offset - Int(length)..<reader.offset)
            contentTypes.append(String(decoding: text, as: UTF8.self))
        }
        return (control, contentTypes)
    }

    /// What stands before a data frame of `length` octets.
    static func header(ofLength length: Int) -> [UInt8] { octets(of: UInt32(length)) }

    private static func octets(of value: UInt32) -> [UInt8] {
        [
            UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
            UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value),
        ]
    }
}
