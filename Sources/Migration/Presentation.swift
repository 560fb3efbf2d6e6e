import DNS

/// Pieces of a record's presentation form.
enum Presentation {
    /// A text between quotation marks (RFC 1035 §5.1).
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for octet in text.utf8 {
            switch octet {
            case 0x22, 0x5c: quoted += "\\" + String(UnicodeScalar(octet))
            case 0x20...0x7e: quoted += String(UnicodeScalar(octet))
            default:
                let digits = String(octet)
                quoted += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return quoted + "\""
    }

    /// A name with its final dot.
    static func absolute(_ name: String) -> String {
        name.hasSuffix(".") ? name : name + "."
    }

    /// The words of a record's data as `RData.describe` writes it; a quoted one without its quotation
    /// marks and escapes. nil when a word is no UTF-8.
    static func words(_ text: String) -> [String]? {
        var words: [[UInt8]] = []
        var isQuoted = false
        var isOpen = false
        let octets = Array(text.utf8)
        var index = 0
        while index < octets.count {
            let octet = octets[index]
            index += 1
            if octet == 0x20, !isQuoted {
                isOpen = false
                continue
            }
            if !isOpen {
                words.append([])
                isOpen = true
            }
            if octet == 0x22 {
                isQuoted.toggle()
            } else if octet == 0x5c, isQuoted, index < octets.count {
                words[words.count - 1].append(unescape(octets, &index))
            } else {
                words[words.count - 1].append(octet)
            }
        }
        var texts: [String] = []
        for word in words {
            guard let text = String(validating: word, as: UTF8.self) else { return nil }
            texts.append(text)
        }
        return texts
    }

    private static func unescape(_ octets: [UInt8], _ index: inout Int) -> UInt8 {
        let digits = octets[index...].prefix(3)
        if digits.count == 3, digits.allSatisfy({ $0 &- 0x30 < 10 }),
            let octet = UInt8(String(decoding: digits, as: UTF8.self))
        {
            index += 3
            return octet
        }
        index += 1
        return octets[index - 1]
    }

    /// The strings of a TXT record's data, in octets.
    static func strings(_ rdata: [UInt8]) -> [[UInt8]] {
        var strings: [[UInt8]] = []
        var index = 0
        while index < rdata.count {
            let end = min(rdata.count, index + 1 + Int(rdata[index]))
            strings.append(Array(rdata[(index + 1)..<end]))
            index = end
        }
        return strings
    }
}
