import DNS

/// Texts as YAML scalars, in quotation marks where a reader would take them for something else.
enum YAMLText {
    /// Plain words of YAML 1.1 that are no texts.
    private static let words: Set<String> = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n",
    ]

    static func scalar(_ text: String) -> String {
        let isSafe = text.utf8.allSatisfy { octet in
            octet &- 0x30 < 10 || (octet | 0x20) &- 0x61 < 26 || "._-/".utf8.contains(octet)
        }
        let begins = text.utf8.first.map { $0 != 0x2d } ?? false
        if isSafe, begins, !words.contains(text.lowercased()) { return text }
        // What YAML takes in quotation marks without escapes is more than a terminal may be shown.
        let isPrintable = text == text.escapingUnprintable
        return isPrintable ? "'\(text.replacing("'", with: "''"))'" : escaped(text)
    }

    private static func escaped(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5c: result += "\\" + String(scalar)
            case 0x20...0x7e: result += String(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
