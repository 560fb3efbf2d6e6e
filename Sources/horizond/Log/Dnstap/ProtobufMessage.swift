/// A message of Protocol Buffers as it is written (protobuf.dev, "Encoding"): its fields, each behind
/// its number and kind.
struct ProtobufMessage {
    private(set) var octets: [UInt8] = []

    private enum Kind: UInt64 {
        case varint = 0
        case lengthDelimited = 2
        case fixed32 = 5
    }

    mutating func add(_ field: UInt64, _ value: UInt64) {
        key(field, .varint)
        varint(value)
    }

    mutating func add(_ field: UInt64, fixed32 value: UInt32) {
        key(field, .fixed32)
        for shift in stride(from: 0, to: 32, by: 8) {
            octets.append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }

    mutating func add(_ field: UInt64, _ bytes: [UInt8]) {
        key(field, .lengthDelimited)
        varint(UInt64(bytes.count))
        octets += bytes
    }

    mutating func add(_ field: UInt64, _ text: String) { add(field, Array(text.utf8)) }

    private mutating func key(_ field: UInt64, _ kind: Kind) { varint(field << 3 | kind.rawValue) }

    /// Seven bits an octet, the lowest first; the top bit says that more follow.
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            octets.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        octets.append(UInt8(rest))
    }
}
