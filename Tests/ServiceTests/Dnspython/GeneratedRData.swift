import DNS
import TestSupport

/// RDATA in wire form, drawn by a seed: well-formed, of every type that a zone file may have.
struct GeneratedRData {
    var generator: SeededGenerator
    /// Names that were drawn, so that later ones end alike and messages are compressed.
    private var known: [DomainName] = [.root]

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private enum Part {
        case octet, uint16, uint32, octets(Int), name, asciiString, strings, tag, asciiText
        case plainText, blob
    }

    // dnspython 2.3 reads `\200` in a field other than TXT's as the letter È and writes two octets of
    // UTF-8, and prints the quotation marks of a URI record as they are.
    private static let forms: [(RRType, [Part])] = [
        (.a, [.octets(4)]), (.aaaa, [.octets(16)]), (.ns, [.name]), (.cname, [.name]),
        (.ptr, [.name]), (.dname, [.name]),
        (.soa, [.name, .name, .uint32, .uint32, .uint32, .uint32, .uint32]),
        (.mx, [.uint16, .name]), (.txt, [.strings]), (.spf, [.strings]), (.rp, [.name, .name]),
        (.afsdb, [.uint16, .name]), (.hinfo, [.asciiString, .asciiString]),
        (.srv, [.uint16, .uint16, .uint16, .name]),
        (.naptr, [.uint16, .uint16, .asciiString, .asciiString, .asciiString, .name]),
        (.caa, [.octet, .tag, .asciiText]), (.sshfp, [.octet, .octet, .blob]),
        (.tlsa, [.octet, .octet, .octet, .blob]), (.dnskey, [.uint16, .octet, .octet, .blob]),
        (.uri, [.uint16, .uint16, .plainText]), (.openpgpkey, [.blob]),
        (RRType(rawValue: 65280), [.blob]), (RRType(rawValue: 731), [.strings]),
    ]

    /// The types with forms of their own.
    private static let others: [RRType] = [.ds, .loc, .svcb, .https, .rrsig, .nsec, .nsec3]

    static let types = forms.map(\.0) + others

    mutating func rdata(_ type: RRType) -> [UInt8] {
        switch type {
        case .ds: delegationSigner()
        case .loc: location()
        case .svcb, .https: serviceBinding()
        case .rrsig:
            // A covers the type that is signed.
            octets(2) + [13, 2] + octets(12) + octets(2) + name().octets + octets(64)
        case .nsec: name().octets + [0, 6, 0x40, 1, 0, 0, 0, 3]
        case .nsec3: [1, 0, 0, 10, 4] + octets(4) + [20] + octets(20) + [0, 1, 0x62]
        default:
            Self.forms.first { $0.0 == type }.map { form in
                form.1.flatMap { part($0) }
            } ?? []
        }
    }

    private mutating func part(_ part: Part) -> [UInt8] {
        switch part {
        case .octet: return octets(1)
        case .uint16: return octets(2)
        case .uint32: return octets(4)
        case .octets(let count): return sparse(count)
        case .name: return name().octets
        case .asciiString: return string(upTo: 40, isASCII: true)
        case .strings:
            let count = 1 + generator.below(3)
            return (0..<count).flatMap { _ in string(upTo: generator.oneIn(5) ? 255 : 30) }
        case .tag:
            let tag = generator.pick(["issue", "issuewild", "iodef", "contactemail", "X9"])
            return [UInt8(tag.utf8.count)] + Array(tag.utf8)
        case .asciiText: return Array(string(upTo: 60, isASCII: true).dropFirst())
        case .plainText:
            let quoted: Set<UInt8> = [0x22, 0x5c]
            let text = string(upTo: 60, isASCII: true).dropFirst()
            return text.filter { (0x20...0x7e).contains($0) && !quoted.contains($0) } + [0x2f]
        case .blob: return octets(1 + generator.below(40))
        }
    }

    // MARK: Octets

    mutating func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(generator.below(256)) }
    }

    /// Octets of which many are zero, as in addresses, which write runs of zeros short.
    private mutating func sparse(_ count: Int) -> [UInt8] {
        var octets = octets(count)
        for index in octets.indices where generator.oneIn(2) { octets[index & ~1] = 0 }
        if generator.oneIn(3) {
            for index in octets.indices where index % 4 < 3 { octets[index] = 0 }
        }
        return octets
    }

    /// A character string: blanks, quotation marks and backslashes among its letters, or any octet.
    private mutating func string(upTo limit: Int, isASCII: Bool = false) -> [UInt8] {
        let count = generator.below(limit + 1)
        let alphabet = Array("abc XYZ012 \"\\;()@$.,=\t".utf8)
        let isBinary = generator.oneIn(3)
        let octets = (0..<count).map { _ in
            isBinary ? UInt8(generator.below(isASCII ? 128 : 256)) : generator.pick(alphabet)
        }
        return [UInt8(count)] + octets
    }

    mutating func name() -> DomainName {
        let suffix = generator.pick(known)
        let labels = (0..<generator.below(3)).map { _ in label() }
        guard let prefix = DomainName(labels: labels), let name = suffix.prepending(prefix)
        else { return suffix }
        known.append(name)
        return name
    }

    private mutating func label() -> [UInt8] {
        switch generator.below(8) {
        case 0: octets(1 + generator.below(12))
        case 1: Array("a.b\\c \"(;@$".utf8).shuffled(using: &generator)
        case 2: Array(repeating: UInt8(ascii: "x"), count: 63)
        default: Array(generator.pick(["www", "example", "COM", "Net", "*", "_443", "xn--a"]).utf8)
        }
    }

    // MARK: Types with forms of their own

    /// A digest of the length that its type has.
    private mutating func delegationSigner() -> [UInt8] {
        let (type, length) = generator.pick([(1, 20), (2, 32), (4, 48), (99, 7)])
        return octets(2) + [UInt8(1 + generator.below(16)), UInt8(type)] + octets(length)
    }

    private mutating func location() -> [UInt8] {
        let lengths = (0..<3).map { _ in
            UInt8((1 + generator.below(9)) << 4 | generator.below(10))
        }
        // Thousandths of a second of arc around the middle of the range (RFC 1876 §2).
        let latitude = UInt32((1 << 31) + generator.below(648_000_001) - 324_000_000)
        let longitude = UInt32((1 << 31) + generator.below(1_296_000_001) - 648_000_000)
        // dnspython reckons in floating point, where a quarter of a metre is exact.
        let altitude = UInt32(25 * generator.below(171_798_691))
        return [0] + lengths + bigEndian(latitude) + bigEndian(longitude) + bigEndian(altitude)
    }

    private func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    /// A ServiceMode binding with some of all keys, in their order.
    private mutating func serviceBinding() -> [UInt8] {
        var values: [(key: Int, value: [UInt8])] = []
        if generator.oneIn(2) {
            values.append((1, (0...generator.below(3)).flatMap { _ in protocolID() }))
            if generator.oneIn(3) { values.append((2, [])) }
        }
        if generator.oneIn(2) { values.append((3, octets(2))) }
        if generator.oneIn(2) { values.append((4, octets(4 * (1 + generator.below(3))))) }
        if generator.oneIn(3) { values.append((5, echConfiguration())) }
        if generator.oneIn(2) { values.append((6, sparse(16) + sparse(16))) }
        if generator.oneIn(4) { values.append((7, Array("/dns-query{?dns}".utf8))) }
        if generator.oneIn(6) { values.append((8, [])) }
        if generator.oneIn(3) { values.append((667, Array(string(upTo: 20).dropFirst()))) }
        if generator.oneIn(4) { values.append((65000, octets(generator.below(9)))) }
        let mandatory = values.map(\.key).filter { $0 < 7 && generator.oneIn(4) }
        if !mandatory.isEmpty {
            values.insert((0, mandatory.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }), at: 0)
        }
        let parameters = values.flatMap { key, value in
            [
                UInt8(key >> 8), UInt8(key & 0xff), UInt8(value.count >> 8),
                UInt8(value.count & 0xff),
            ]
                + value
        }
        return [0, UInt8(1 + generator.below(200))] + name().octets + parameters
    }

    private mutating func protocolID() -> [UInt8] {
        let ids = ["h2", "h3", "http/1.1", "a,b", "back\\slash", "quo\"te", "sp ace", "\u{e9}"]
        let id = generator.oneIn(8) ? octets(3) : Array(generator.pick(ids).utf8)
        return [UInt8(id.count)] + id
    }

    /// An ECHConfigList's length and as many octets.
    private mutating func echConfiguration() -> [UInt8] {
        let count = 4 + generator.below(30)
        return [0, UInt8(count)] + octets(count)
    }
}
