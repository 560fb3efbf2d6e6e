import DNS
import Testing

@Suite("SipHash-2-4")
struct SipHashTests {
    /// The first, the ninth, the sixteenth and the last vector of the authors' reference code: key
    /// 00 to 0f, message 00, 01, … of as many octets.
    @Test(
        "agrees with its authors' vectors",
        arguments: [
            (0, "310e0edd47db6f72"), (8, "6224939a79f5f593"),
            (15, "e545be4961ca29a1"), (63, "724506eb4c328a95"),
        ])
    func vectors(count: Int, expected: String) throws {
        let key = try #require(SipHash.Key((0..<16).map { UInt8($0) }))
        let message = (0..<count).map { UInt8($0) }
        var hash = SipHash(key)
        let words = count / 8
        for word in 0..<words { hash.combine(message.span.uint64(at: 8 * word).byteSwapped) }
        let rest = message[(8 * words)...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let value = hash.finish(rest: rest, count: count)
        #expect(value.byteSwapped == UInt64(expected, radix: 16))
    }

    @Test("has keys of sixteen octets")
    func keys() {
        #expect(SipHash.Key([UInt8](repeating: 1, count: 15)) == nil)
        #expect(SipHash.Key([UInt8](repeating: 1, count: 17)) == nil)
    }
}
