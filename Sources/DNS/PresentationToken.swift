/// One word of a record's presentation form (RFC 1035 §5.1).
struct PresentationToken: Equatable, Sendable {
    /// The text between the quotation marks or blanks, its escapes as written: for domain names,
    /// where `\.` is not a dot.
    var text: String
    /// The octets that the text stands for, its escapes resolved.
    var octets: [UInt8]

    /// A word that has no quotes or escapes to resolve.
    init(literal text: String) {
        self.text = text
        octets = Array(text.utf8)
    }

    private init() {
        text = ""
        octets = []
    }
}

extension PresentationToken {
    /// The words of one record's RDATA. Parentheses and line ends separate like blanks. A comment
    /// is the zone file's matter: a semicolon outside quotes is refused, since a TXT record such as
    /// `v=DKIM1; k=rsa` would silently lose its end.
    static func split(_ text: String) throws(RDataError) -> [PresentationToken] {
        var tokens: [PresentationToken] = []
        var rest = text.unicodeScalars[...]
        var depth = 0
        while let first = rest.first {
            switch first {
            case " ", "\t", "\n", "\r": rest.removeFirst()
            case "(":
                depth += 1
                rest.removeFirst()
            case ")":
                depth -= 1
                guard depth >= 0 else {
                    throw RDataError("data", found: String(rest), expected: "\"(\" before \")\"")
                }
                rest.removeFirst()
            default: tokens.append(try next(&rest))
            }
        }
        guard depth == 0 else { throw RDataError("data", found: text, expected: "a closing \")\"") }
        return tokens
    }

    /// Takes one word off `rest`, which starts with its first character. A quoted part ends it.
    private static func next(
        _ rest: inout Substring.UnicodeScalarView
    ) throws(RDataError) -> PresentationToken {
        var token = PresentationToken()
        while let scalar = rest.first {
            switch scalar {
            case " ", "\t", "\n", "\r", "(", ")": return token
            case "\"":
                rest.removeFirst()
                try token.takeQuoted(&rest)
                return token
            case ";":
                throw RDataError(
                    "data", found: String(rest),
                    expected: "a semicolon written \"\\;\" or inside quotation marks")
            default: try token.takeCharacter(&rest)
            }
        }
        return token
    }

    private mutating func takeQuoted(
        _ rest: inout Substring.UnicodeScalarView
    ) throws(RDataError) {
        let start = rest
        while let scalar = rest.first {
            guard scalar != "\"" else {
                rest.removeFirst()
                return
            }
            try takeCharacter(&rest)
        }
        throw RDataError("data", found: String(start), expected: "a closing quotation mark")
    }

    /// Takes a character, `\X` or `\DDD`.
    private mutating func takeCharacter(
        _ rest: inout Substring.UnicodeScalarView
    ) throws(RDataError) {
        let start = rest
        let scalar = rest.removeFirst()
        text.unicodeScalars.append(scalar)
        guard scalar == "\\" else {
            octets += Array(String(scalar).utf8)
            return
        }
        guard let escaped = rest.first else { throw Self.badEscape(start) }
        guard ("0"..."9").contains(escaped) else {
            text.unicodeScalars.append(escaped)
            octets += Array(String(escaped).utf8)
            rest.removeFirst()
            return
        }
        let digits = String(rest.prefix(3))
        guard digits.utf8.count == 3, let octet = UInt8(decimal: digits) else {
            throw Self.badEscape(start)
        }
        text += digits
        octets.append(octet)
        rest.removeFirst(3)
    }

    private static func badEscape(_ rest: Substring.UnicodeScalarView) -> RDataError {
        RDataError(
            "data", found: String(rest),
            expected: "three digits (000 to 255) or a character after the backslash")
    }
}

extension PresentationToken {
    /// The presentation form of a character string, between quotation marks.
    static func quoted(_ octets: some Sequence<UInt8>) -> String {
        var text = "\""
        for octet in octets {
            switch octet {
            case 0x22, 0x5c:
                text.unicodeScalars.append("\\")
                text.unicodeScalars.append(Unicode.Scalar(octet))
            case 0x20...0x7e: text.unicodeScalars.append(Unicode.Scalar(octet))
            default: text += "\\" + escapedDigits(octet)
            }
        }
        return text + "\""
    }

    /// The three digits of `\DDD`.
    static func escapedDigits(_ octet: UInt8) -> String {
        let digits = String(octet)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }
}

extension FixedWidthInteger {
    /// The number of a text of ASCII digits only, where `init(_:)` would take a sign.
    public init?(decimal text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        self.init(text)
    }
}
