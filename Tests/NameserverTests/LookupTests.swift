import DNS
import TestSupport
import Testing

@testable import Nameserver

@Suite("A look-up")
struct LookupTests {
    /// Octets beside the letters, and those that differ from another by the bit of the case.
    private static let octets: [UInt8] =
        Array(0x41...0x5a) + Array(0x61...0x7a)
        + [0, 0x20, 0x2a, 0x2d, 0x30, 0x39, 0x3f, 0x40, 0x5b, 0x5f, 0x60, 0x7b, 0x7f]
        + [0x80, 0xa0, 0xc1, 0xda, 0xe1, 0xfa, 0xff]

    /// A name of so many octets; 2 are none.
    private static func name(
        length: Int, using random: inout SeededGenerator
    ) -> [UInt8] {
        var wire: [UInt8] = []
        while wire.count < length - 1 {
            let room = length - 1 - wire.count
            // What is left must not be a single octet, which no label is.
            var size = room <= 64 ? room - 1 : Int.random(in: 1...63, using: &random)
            if Bool.random(using: &random) {
                size = min(size, Int.random(in: 1...9, using: &random))
            }
            if room - 1 - size == 1 { size += size > 1 ? -1 : 1 }
            wire.append(UInt8(size))
            for _ in 0..<size { wire.append(octets.randomElement(using: &random) ?? 0) }
        }
        return wire + [0]
    }

    private static func lowered(_ wire: [UInt8]) -> [UInt8] {
        wire.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 }
    }

    private static func labelOffsets(_ wire: [UInt8]) -> [Int] {
        var offsets = [0]
        while wire[offsets[offsets.count - 1]] != 0 {
            offsets.append(offsets[offsets.count - 1] + 1 + Int(wire[offsets[offsets.count - 1]]))
        }
        return offsets
    }

    @Test("takes a name of every length, wherever it stands in a message, in lower case")
    func everyLength() {
        var random = SeededGenerator(seed: 1)
        let name = LookupName()
        for length in [1] + Array(3...255) {
            for _ in 0..<8 {
                let wire = Self.name(length: length, using: &random)
                let before = Int.random(in: 0...20, using: &random)
                let behind = Int.random(in: 0...20, using: &random)
                let message =
                    [UInt8](repeating: 0x58, count: before) + wire
                    + [UInt8](repeating: 0x59, count: behind)
                #expect(name.setUncompressed(message.span, at: before) == before + length)
                #expect(name.octets() == Self.lowered(wire))
                let offsets = Self.labelOffsets(wire)
                #expect(name.labelCount == offsets.count - 1)
                #expect((0...name.labelCount).map(name.offset) == offsets)
                // Cut anywhere it is none.
                let cut = Int.random(in: before..<before + length, using: &random)
                let part = Array(message[..<cut])
                #expect(name.setUncompressed(part.span, at: before) == nil)
            }
        }
    }

    @Test("takes no name of more than 255 octets, no pointer and no reserved label type")
    func noName() {
        let name = LookupName()
        let longest = [UInt8](repeating: 1, count: 254) + [0, 0, 0, 0]
        let longer: [UInt8] = [1, 1] + longest
        #expect(name.setUncompressed(longest.span, at: 0) == 255)
        #expect(name.setUncompressed(longer.span, at: 0) == nil)
        for type: UInt8 in [0x40, 0x80, 0xbf, 0xc0, 0xff] {
            let wire: [UInt8] = [1, 0x61, type] + [UInt8](repeating: 0, count: 255)
            #expect(name.setUncompressed(wire.span, at: 0) == nil)
        }
        #expect(name.setUncompressed(longest.span, at: longest.count) == nil)
        #expect(name.setUncompressed(longest.span, at: longest.count + 1) == nil)
    }

    @Test("finds what differs in the case of letters alone, and nothing else")
    func sameName() {
        var random = SeededGenerator(seed: 2)
        var builder = NameTableBuilder(seed: Site.seed)
        let name = LookupName()
        let names = (3...255).map { Self.name(length: $0, using: &random) }
        for (number, wire) in names.enumerated() {
            _ = name.setUncompressed(wire.span, at: 0)
            _ = builder.insert(name, value: UInt32(number))
        }
        let table = builder.build()
        for (number, wire) in names.enumerated() {
            let starts = Set(Self.labelOffsets(wire))
            for place in wire.indices where !starts.contains(place) {
                var other = wire
                other[place] ^= 0x20
                _ = name.setUncompressed(other.span, at: 0)
                let isSame = Self.lowered(other) == Self.lowered(wire)
                #expect((table.value(of: name) == UInt32(number)) == isSame)
            }
        }
    }

    @Test(
        "finds the longest of so many prefixes that contains an address", arguments: [1, 10, 3000])
    func prefixes(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        var prefixes: [AddressPrefix: Int] = [:]
        while prefixes.count < count {
            let isIPv4 = Bool.random(using: &random)
            let length = Int.random(in: 0...(isIPv4 ? 32 : 128), using: &random)
            prefixes[try Self.prefix(Self.address(isIPv4, using: &random), length)] = prefixes.count
        }
        let table = PrefixTable(prefixes.map { ($0.key, $0.value) })
        // Where one of them begins and ends, and one beside that; and anywhere.
        var addresses = (0..<500).map { Self.address($0 % 2 == 0, using: &random) }
        for prefix in prefixes.keys.prefix(500) { addresses += Self.neighbours(of: prefix) }
        for address in addresses {
            let expected = prefixes.filter { $0.key.contains(address) }
                .max { $0.key.length < $1.key.length }
            #expect(table.value(for: address) == expected?.value, "\(address)")
        }
    }

    private static func address(_ isIPv4: Bool, using random: inout SeededGenerator) -> IPAddress {
        // Few first octets, so that prefixes lie in each other.
        let first = UInt64([0, 10, 127, 128, 192, 253, 255].randomElement(using: &random) ?? 0)
        let rest = random.next()
        return isIPv4
            ? .v4(UInt32(first << 24) | UInt32(truncatingIfNeeded: rest) & 0xff_ffff)
            : .v6(first << 56 | rest >> 8, random.next())
    }

    private static func prefix(_ address: IPAddress, _ length: Int) throws -> AddressPrefix {
        do throws(AddressPrefix.Invalid) {
            return try AddressPrefix(address, length: length)
        } catch {
            guard case .hostBits(let network) = error else { throw error }
            return network
        }
    }

    private static func neighbours(of prefix: AddressPrefix) -> [IPAddress] {
        switch prefix.address {
        case .v4(let first):
            let last = first | (UInt32.max >> UInt32(prefix.length))
            return [first &- 1, first, last, last &+ 1].map { .v4($0) }
        case .v6(let high, let low):
            let first = UInt128(high) << 64 | UInt128(low)
            let last = first | (UInt128.max >> UInt128(prefix.length))
            return [first &- 1, first, last, last &+ 1].map {
                .v6(UInt64($0 >> 64), UInt64(truncatingIfNeeded: $0))
            }
        }
    }

    @Test("finds the longest domain that a name is at or below", arguments: [false, true])
    func domains(withRoot: Bool) throws {
        var random = SeededGenerator(seed: 3)
        let labels = ["a", "b", "net", "example", "vanillax", "arpa", "me", "a-rather-long-label"]
        func domain() throws -> DomainName {
            let count = Int.random(in: 1...5, using: &random)
            let text = (0..<count).map { _ in labels.randomElement(using: &random) ?? "" }
            return try DomainName(text.joined(separator: "."))
        }
        for _ in 0..<20 {
            var domains: [DomainName: Int] = withRoot ? [.root: 1000] : [:]
            for number in 0..<Int.random(in: 0...30, using: &random) {
                domains[try domain()] = number
            }
            let table = DomainTable(domains.map { ($0.key, $0.value) }, seed: Site.seed)
            for _ in 0..<300 {
                let name = try domain()
                let expected = domains.filter { name.isAtOrBelow($0.key) }
                    .max { $0.key.labelCount < $1.key.labelCount }
                let match = table.match(LookupName(name))
                #expect(match?.value == expected?.value, "\(name)")
                #expect(match?.label == expected.map { name.labelCount - $0.key.labelCount })
            }
        }
    }
}
