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
        let isPrintable = text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0x7f && !(0x80...0xa0).contains($0.value)
                && $0.value != 0xfeff && $0.value != 0x2028 && $0.value != 0x2029
                && !(0xfffe...0xffff).contains($0.value)
        }
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
