/// RDATA between its wire form, every name in full, and its presentation form.
public enum RData {
    /// RDLENGTH has 16 bits (RFC 1035 §4.1.3).
    public static var maximumLength: Int { 65535 }

    /// The wire form of `text`, the RDATA as a zone file has it (RFC 1035 §5.1), or `\# LENGTH HEX`
    /// (RFC 3597 §5) for every type. Relative names are below `origin`.
    public static func parse(
        _ text: String, type: RRType, origin: DomainName = .root
    ) throws(RDataError) -> [UInt8] {
        try parse(tokens: try PresentationToken.split(text), type: type, origin: origin)
    }

    /// The wire form of fields that need no quotes: a field is a whole value and its backslashes
    /// are ordinary characters, except in domain names. A string longer than 255 octets becomes
    /// several character strings.
    public static func parse(
        fields: [String], type: RRType, origin: DomainName = .root
    ) throws(RDataError) -> [UInt8] {
        try parse(
            tokens: fields.map { PresentationToken(literal: $0) }, type: type, origin: origin)
    }

    /// The presentation form; `\# LENGTH HEX` for RDATA of an unknown type or malformed RDATA.
    public static func describe(_ rdata: Span<UInt8>, type: RRType) -> String {
        known(rdata, type: type) ?? opaque(rdata)
    }

    private static func parse(
        tokens: [PresentationToken], type: RRType, origin: DomainName
    ) throws(RDataError) -> [UInt8] {
        var reader = RDataTokenReader(tokens, origin: origin)
        let rdata: [UInt8]
        if tokens.first?.text == "\\#" {
            rdata = try parseOpaque(tokens, type: type)
        } else if type == .loc {
            rdata = try Location(&reader).rdata
        } else if type == .svcb || type == .https {
            rdata = try ServiceBinding(&reader).rdata
        } else if let fields = RDataFormat.of(type) {
            rdata = try reader.readRData(fields)
        } else {
            throw RDataError(
                "data", found: tokens.first?.text, expected: "\\# LENGTH HEX for type \(type)")
        }
        guard rdata.count <= maximumLength else {
            throw RDataError(
                "data", found: "\(rdata.count) octets", expected: "at most \(maximumLength) octets")
        }
        return rdata
    }

    /// The presentation form by the type's own rules; nil for an unknown type or malformed RDATA.
    private static func known(_ rdata: Span<UInt8>, type: RRType) -> String? {
        switch type {
        case .loc: Location(rdata: rdata)?.description
        case .svcb, .https: (try? ServiceBinding(rdata: rdata))?.description
        default: RDataFormat.of(type).flatMap { RDataDescriber.describe(rdata, fields: $0) }
        }
    }
}

extension RData {
    /// RFC 3597 §5: `\#`, the length and the octets in hexadecimal. RDATA of a known type must fit
    /// that type.
    private static func parseOpaque(
        _ tokens: [PresentationToken], type: RRType
    ) throws(RDataError) -> [UInt8] {
        guard tokens.count > 1, let length = UInt16(decimal: tokens[1].text) else {
            throw RDataError(
                "length", found: tokens.dropFirst().first?.text,
                expected: "a number from 0 to 65535")
        }
        let digits = tokens.dropFirst(2).map(\.text).joined()
        guard let octets = Hexadecimal.decode(digits) else {
            throw RDataError("data", found: digits, expected: "pairs of hexadecimal digits")
        }
        guard octets.count == Int(length) else {
            throw RDataError(
                "data", found: "\(octets.count) octets", expected: "\(length) octets as announced")
        }
        let hasForm = type == .loc || type == .svcb || type == .https || RDataFormat.of(type) != nil
        guard !hasForm || known(octets.span, type: type) != nil else {
            throw RDataError("data", found: digits, expected: "data of type \(type)")
        }
        return octets
    }

    private static func opaque(_ rdata: Span<UInt8>) -> String {
        guard !rdata.isEmpty else { return "\\# 0" }
        return "\\# \(rdata.count) " + Hexadecimal.encode(rdata.array(0..<rdata.count))
    }
}
