/// Takes the words of one record's RDATA in turn.
struct RDataTokenReader {
    private var tokens: ArraySlice<PresentationToken>
    /// What relative names are below.
    let origin: DomainName

    init(_ tokens: [PresentationToken], origin: DomainName) {
        self.tokens = tokens[...]
        self.origin = origin
    }

    var isAtEnd: Bool { tokens.isEmpty }

    /// The next word, unless it is not there.
    mutating func nextIfPresent() -> PresentationToken? { tokens.popFirst() }

    mutating func next(
        _ field: String, expected: @autoclosure () -> String
    ) throws(RDataError) -> PresentationToken {
        guard let token = tokens.popFirst() else {
            throw RDataError(field, found: nil, expected: expected())
        }
        return token
    }

    /// The words that are left, as one text without blanks.
    mutating func joinedRest() -> String {
        defer { tokens = [] }
        return tokens.map(\.text).joined()
    }

    func requireEnd() throws(RDataError) {
        guard let extra = tokens.first else { return }
        throw RDataError("data", found: extra.text, expected: "nothing after the last field")
    }

    /// The wire form of all fields.
    mutating func readRData(_ fields: [RDataField]) throws(RDataError) -> [UInt8] {
        var octets: [UInt8] = []
        for field in fields { octets += try read(field) }
        try requireEnd()
        return octets
    }

    private mutating func read(_ field: RDataField) throws(RDataError) -> [UInt8] {
        switch field.kind {
        case .uint8: try readNumber(field.name, as: UInt8.self).bigEndianOctets
        case .uint16: try readNumber(field.name, as: UInt16.self).bigEndianOctets
        case .uint32: try readNumber(field.name, as: UInt32.self).bigEndianOctets
        case .algorithm: [try readAlgorithm(field.name)]
        case .ipv4Address: try readAddress(field.name, isIPv4: true)
        case .ipv6Address: try readAddress(field.name, isIPv4: false)
        case .domainName: try readName(field.name).octets
        case .mailbox: try readMailbox(field.name).octets
        case .characterString: try readString(field.name)
        case .characterStrings: try readStrings(field.name)
        case .tag: try readTag(field.name)
        case .text: try readText(field.name, allowsEmpty: true)
        case .nonEmptyText: try readText(field.name, allowsEmpty: false)
        case .hexadecimal:
            try readEncoded(field.name, "pairs of hexadecimal digits") { Hexadecimal.decode($0) }
        case .base64:
            try readEncoded(field.name, "base 64 with its padding") { Base64.decode($0) }
        }
    }
}

extension RDataTokenReader {
    mutating func readNumber<Number: FixedWidthInteger & UnsignedInteger>(
        _ field: String, as: Number.Type
    ) throws(RDataError) -> Number {
        // Worked out for a message alone.
        var expected: String { "a number from 0 to \(Number.max)" }
        let token = try next(field, expected: expected)
        guard let number = Number(decimal: token.text) else {
            throw RDataError(field, found: token.text, expected: expected)
        }
        return number
    }

    private mutating func readAlgorithm(_ field: String) throws(RDataError) -> UInt8 {
        let expected = "a number from 0 to 255 or a mnemonic such as ECDSAP256SHA256"
        let token = try next(field, expected: expected)
        guard
            let number = UInt8(decimal: token.text)
                ?? RDataFormat.algorithms[token.text.uppercased()]
        else { throw RDataError(field, found: token.text, expected: expected) }
        return number
    }

    private mutating func readAddress(
        _ field: String, isIPv4: Bool
    ) throws(RDataError) -> [UInt8] {
        let expected = isIPv4 ? "an IPv4 address" : "an IPv6 address"
        let token = try next(field, expected: expected)
        guard let octets = isIPv4 ? ipv4Octets(token.text) : ipv6Octets(token.text) else {
            throw RDataError(field, found: token.text, expected: expected)
        }
        return octets
    }

    /// A name; `@` alone is the origin (RFC 1035 §5.1).
    mutating func readName(
        _ field: String, expected: String = "a domain name"
    ) throws(RDataError) -> DomainName {
        let token = try next(field, expected: expected)
        guard token.text != "@" else { return origin }
        do {
            return try DomainName(token.text, relativeTo: origin)
        } catch {
            throw RDataError(
                field, found: token.text, reason: error.description, expected: expected)
        }
    }

    private mutating func readMailbox(_ field: String) throws(RDataError) -> DomainName {
        let expected = "a mail address with a dot for its @, such as hostmaster.example.com."
        if let text = tokens.first?.text, text != "@", text.contains("@"), !text.contains("\\@") {
            throw RDataError(field, found: text, expected: expected)
        }
        return try readName(field, expected: expected)
    }
}

extension RDataTokenReader {
    /// A character string has a length octet (RFC 1035 §3.3).
    private static let maximumStringLength = 255

    private mutating func readString(_ field: String) throws(RDataError) -> [UInt8] {
        let expected = "a text of at most \(Self.maximumStringLength) octets"
        let token = try next(field, expected: expected)
        guard token.octets.count <= Self.maximumStringLength else {
            throw RDataError(field, found: token.text, expected: expected)
        }
        return [UInt8(token.octets.count)] + token.octets
    }

    private mutating func readStrings(_ field: String) throws(RDataError) -> [UInt8] {
        var octets: [UInt8] = []
        var token = try next(field, expected: "a text")
        while true {
            var rest = token.octets[...]
            repeat {
                let chunk = rest.prefix(Self.maximumStringLength)
                octets.append(UInt8(chunk.count))
                octets += chunk
                rest = rest.dropFirst(chunk.count)
            } while !rest.isEmpty
            guard let following = nextIfPresent() else { return octets }
            token = following
        }
    }

    private mutating func readTag(_ field: String) throws(RDataError) -> [UInt8] {
        let expected = "letters and digits such as issue, at most 255"
        let token = try next(field, expected: expected)
        guard RDataDescriber.isTag(token.octets) else {
            throw RDataError(field, found: token.text, expected: expected)
        }
        return [UInt8(token.octets.count)] + token.octets
    }

    private mutating func readText(
        _ field: String, allowsEmpty: Bool
    ) throws(RDataError) -> [UInt8] {
        let expected = allowsEmpty ? "a text" : "a text that is not empty"
        let token = try next(field, expected: expected)
        guard allowsEmpty || !token.octets.isEmpty else {
            throw RDataError(field, found: "", expected: expected)
        }
        return token.octets
    }

    private mutating func readEncoded(
        _ field: String, _ expected: String, decode: (String) -> [UInt8]?
    ) throws(RDataError) -> [UInt8] {
        guard !isAtEnd else { throw RDataError(field, found: nil, expected: expected) }
        let text = joinedRest()
        guard let octets = decode(text), !octets.isEmpty else {
            throw RDataError(field, found: text, expected: expected)
        }
        return octets
    }
}

/// The four octets of an IPv4 address as A records and ipv4hint have it; nil for another text.
func ipv4Octets(_ text: some StringProtocol) -> [UInt8]? {
    guard !text.utf8.contains(0x3a) else { return nil }
    return IPAddress(text)?.octets
}

/// The sixteen octets of an IPv6 address as AAAA records and ipv6hint have it; nil for another
/// text. An IPv4-mapped address stays an IPv6 address here.
func ipv6Octets(_ text: some StringProtocol) -> [UInt8]? {
    guard text.utf8.contains(0x3a), let octets = IPAddress(text)?.octets else { return nil }
    return octets.count == 16 ? octets : [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + octets
}

extension FixedWidthInteger {
    /// The octets in network order.
    var bigEndianOctets: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: self >> $0)
        }
    }
}
