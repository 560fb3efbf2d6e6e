/// Why a text is not a domain name.
public enum NameError: Error, Equatable, Sendable {
    case empty
    case emptyLabel
    case labelTooLong(length: Int)
    case nameTooLong(length: Int)
    case badEscape
    /// A label with letters outside ASCII that IDNA does not allow.
    case badInternationalLabel(String)
}

extension NameError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "an empty name"
        case .emptyLabel: "an empty label"
        case .labelTooLong(let length): "a label of \(length) octets (at most 63)"
        case .nameTooLong(let length): "a name of \(length) octets (at most 255)"
        case .badEscape: "a backslash without three digits (000 to 255) or a character after it"
        case .badInternationalLabel(let label):
            "a label that IDNA does not allow: \(label.quoted)"
        }
    }
}

extension DomainName {
    /// The name of a text in presentation form (RFC 1035 §5.1): labels between dots, `\.` and
    /// `\DDD` escaped, with or without the final dot. Relative names are below `origin`. Labels
    /// with letters outside ASCII and no escapes become A-labels (RFC 5891 §4).
    public init(
        _ text: some StringProtocol, relativeTo origin: DomainName = .root
    ) throws(NameError) {
        guard !text.isEmpty else { throw .empty }
        let octets = Self.mappingFullStops(text)
        if octets == [0x2e] {
            self = .root
            return
        }
        // The wire form at once, for a zone file has a million names: each label behind its length
        // octet, which is known, and set, when the label ends.
        var wire: [UInt8] = []
        wire.reserveCapacity(octets.count + 1 + origin.octets.count)
        wire.append(0)
        var label = 0
        var hasEscape = false
        var index = 0
        while index < octets.count {
            let octet = octets[index]
            index += 1
            if octet == 0x2e {
                try Self.finish(&wire, from: label, hasEscape: hasEscape)
                label = wire.count
                wire.append(0)
                hasEscape = false
            } else if octet == 0x5c {
                wire.append(try Self.unescape(octets, &index))
                hasEscape = true
            } else {
                wire.append(octet)
            }
        }
        // Behind a final dot there is the root's zero already.
        if label + 1 < wire.count {
            try Self.finish(&wire, from: label, hasEscape: hasEscape)
            wire += origin.octets
        }
        guard wire.count <= Self.maximumLength else { throw .nameTooLong(length: wire.count) }
        self.init(uncheckedOctets: wire)
    }

    private static func unescape(_ text: [UInt8], _ index: inout Int) throws(NameError) -> UInt8 {
        guard index < text.count else { throw .badEscape }
        guard text[index] &- 0x30 < 10 else {
            index += 1
            return text[index - 1]
        }
        guard index + 3 <= text.count, text[index..<index + 3].allSatisfy({ $0 &- 0x30 < 10 }),
            let value = UInt8(String(decoding: text[index..<index + 3], as: UTF8.self))
        else { throw .badEscape }
        index += 3
        return value
    }

    /// Sets the length of the label that begins at `start` and ends the wire form so far; an
    /// international one is encoded first.
    private static func finish(
        _ wire: inout [UInt8], from start: Int, hasEscape: Bool
    ) throws(NameError) {
        guard start + 1 < wire.count else { throw .emptyLabel }
        if !hasEscape, wire[(start + 1)...].contains(where: { $0 >= 0x80 }) {
            let encoded = try asciiLabel(String(decoding: wire[(start + 1)...], as: UTF8.self))
            wire.replaceSubrange((start + 1)..., with: encoded)
        }
        let length = wire.count - start - 1
        guard length <= maximumLabelLength else { throw .labelTooLong(length: length) }
        wire[start] = UInt8(length)
    }
}

extension DomainName: CustomStringConvertible {
    /// Presentation form with the final dot; octets that a zone file would read otherwise are
    /// escaped (RFC 1035 §5.1, RFC 4343 §2.1).
    public var description: String {
        isRoot ? "." : labels.map { Self.describe($0) + "." }.joined()
    }

    /// A label in presentation form.
    static func describe(_ label: ArraySlice<UInt8>) -> String {
        var text = ""
        for octet in label {
            switch octet {
            case 0x2e, 0x5c, 0x22, 0x28, 0x29, 0x3b, 0x40, 0x24:
                text.unicodeScalars.append("\\")
                text.unicodeScalars.append(Unicode.Scalar(octet))
            case 0x21...0x7e: text.unicodeScalars.append(Unicode.Scalar(octet))
            default: text += "\\" + PresentationToken.escapedDigits(octet)
            }
        }
        return text
    }
}
