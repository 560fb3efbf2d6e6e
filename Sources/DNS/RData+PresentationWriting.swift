/// Writes RDATA as text by the fields of its type.
enum RDataDescriber {
    /// The presentation form; nil when the octets do not fit the fields exactly.
    static func describe(_ rdata: Span<UInt8>, fields: [RDataField]) -> String? {
        var reader = MessageReader(rdata)
        var words: [String] = []
        for field in fields {
            guard let word = try? describe(field.kind, &reader) else { return nil }
            words.append(word)
        }
        return reader.isAtEnd ? words.joined(separator: " ") : nil
    }

    /// One field's text. Throws when it is truncated, nil when it is malformed.
    private static func describe(
        _ kind: RDataField.Kind, _ reader: inout MessageReader
    ) throws(MessageError) -> String? {
        switch kind {
        case .uint8, .algorithm: return String(try reader.readUInt8())
        case .uint16: return String(try reader.readUInt16())
        case .uint32: return String(try reader.readUInt32())
        case .ipv4Address: return IPAddress(octets: try reader.readOctets(4))?.description
        case .ipv6Address: return describeIPv6(try reader.readOctets(16))
        case .domainName, .mailbox: return try reader.readUncompressedName()?.description
        case .characterString:
            return PresentationToken.quoted(try reader.readCharacterString())
        case .characterStrings:
            var strings: [String] = []
            repeat {
                strings.append(PresentationToken.quoted(try reader.readCharacterString()))
            } while !reader.isAtEnd
            return strings.joined(separator: " ")
        case .tag:
            let tag = try reader.readCharacterString()
            return isTag(tag) ? String(decoding: tag, as: UTF8.self) : nil
        case .text: return PresentationToken.quoted(try reader.readRest())
        case .nonEmptyText: return try nonEmpty(&reader).map { PresentationToken.quoted($0) }
        case .hexadecimal: return try nonEmpty(&reader).map { Hexadecimal.encode($0) }
        case .base64: return try nonEmpty(&reader).map { Base64.encode($0) }
        }
    }

    private static func nonEmpty(
        _ reader: inout MessageReader
    ) throws(MessageError) -> [UInt8]? {
        let octets = try reader.readRest()
        return octets.isEmpty ? nil : octets
    }

    /// Whether these are a CAA property's tag: ASCII letters and digits (RFC 8659 §4.1).
    static func isTag(_ octets: [UInt8]) -> Bool {
        (1...255).contains(octets.count)
            && octets.allSatisfy { $0 &- 0x30 < 10 || lowercased($0) &- 0x61 < 26 }
    }

    /// The text of sixteen octets; an IPv4-mapped address in RFC 5952 §5's mixed form.
    static func describeIPv6(_ octets: some Collection<UInt8>) -> String? {
        guard let address = IPAddress(octets: octets) else { return nil }
        return address.isIPv4 ? "::ffff:\(address)" : address.description
    }
}

extension MessageReader {
    /// Copies the next `count` octets.
    @_lifetime(self: copy self)
    mutating func readOctets(_ count: Int) throws(MessageError) -> [UInt8] {
        try skip(count)
        return message.array(offset &- count..<offset)
    }

    /// Copies what is left.
    @_lifetime(self: copy self)
    mutating func readRest() throws(MessageError) -> [UInt8] {
        try readOctets(message.count &- offset)
    }

    /// A length octet and as many octets (RFC 1035 §3.3).
    @_lifetime(self: copy self)
    mutating func readCharacterString() throws(MessageError) -> [UInt8] {
        try readOctets(Int(try readUInt8()))
    }

    /// Reads a name; nil when it is compressed, which RDATA outside a message cannot be.
    @_lifetime(self: copy self)
    mutating func readUncompressedName() throws(MessageError) -> DomainName? {
        let start = offset
        guard try skipName() else { return nil }
        return DomainName(uncheckedOctets: message.array(start..<offset))
    }
}
