import DNS

/// One entry of a zone file, as words: it may span several lines by parentheses.
struct MasterFileEntry {
    struct Word: Equatable {
        /// The word as written, escapes and quotation marks included.
        let text: String
        let isQuoted: Bool
    }

    let line: Int
    /// Whether it begins with a blank, so that its owner is that of the entry before.
    let startsWithBlank: Bool
    var words: [Word]

    /// Cuts a text of RFC 1035's master format into its entries. Quotation marks that are not closed
    /// end with the text, and parentheses too.
    static func entries(of text: String) -> [MasterFileEntry] {
        var cutter = Cutter(Array(text.utf8))
        while let entry = cutter.next() { cutter.entries.append(entry) }
        return cutter.entries.filter { !$0.words.isEmpty }
    }

    private struct Cutter {
        let octets: [UInt8]
        var index = 0
        var line = 1
        var entries: [MasterFileEntry] = []

        init(_ octets: [UInt8]) { self.octets = octets }

        mutating func next() -> MasterFileEntry? {
            guard index < octets.count else { return nil }
            var entry = MasterFileEntry(
                line: line, startsWithBlank: octets[index] == 0x20 || octets[index] == 0x09,
                words: [])
            var depth = 0
            while index < octets.count {
                let octet = octets[index]
                switch octet {
                case 0x0a:
                    index += 1
                    line += 1
                    if depth == 0 { return entry }
                case 0x20, 0x09, 0x0d: index += 1
                case 0x3b: while index < octets.count, octets[index] != 0x0a { index += 1 }
                case 0x28:
                    depth += 1
                    index += 1
                case 0x29:
                    depth = max(0, depth - 1)
                    index += 1
                default: entry.words.append(word())
                }
            }
            return entry
        }

        private mutating func word() -> Word {
            let start = index
            guard octets[index] != 0x22 else { return quotedWord() }
            while index < octets.count, !" \t\r\n;()".utf8.contains(octets[index]) {
                // A quoted part ends the word: `alpn="h2,h3"`.
                guard octets[index] != 0x22 else {
                    skipQuoted()
                    break
                }
                index += octets[index] == 0x5c ? 2 : 1
            }
            index = min(index, octets.count)
            return Word(
                text: String(decoding: octets[start..<index], as: UTF8.self), isQuoted: false)
        }

        private mutating func quotedWord() -> Word {
            let start = index
            skipQuoted()
            return Word(
                text: String(decoding: octets[start..<index], as: UTF8.self), isQuoted: true)
        }

        private mutating func skipQuoted() {
            index += 1
            while index < octets.count, octets[index] != 0x22 {
                if octets[index] == 0x0a { line += 1 }
                index += octets[index] == 0x5c ? 2 : 1
            }
            index = min(index + 1, octets.count)
        }
    }
}

/// The owner, TTL, type and data that an entry gives.
struct MasterFileRecord {
    var owner: DomainName?
    var ttl: UInt32?
    var type: RRType
    /// In presentation form.
    var data: String
}

/// What keeps an entry from being a record.
struct MasterFileProblem: Error, CustomStringConvertible {
    let description: String
    /// Whether no zone file has such a line.
    let isUnknown: Bool

    init(_ description: String, isUnknown: Bool = false) {
        self.description = description
        self.isUnknown = isUnknown
    }
}

extension MasterFileEntry {
    /// The record of the entry, its relative names below `origin`. `[OWNER] [TTL] [CLASS] TYPE DATA`,
    /// TTL and class in either order (RFC 1035 §5.1).
    func record(origin: DomainName) throws(MasterFileProblem) -> MasterFileRecord {
        var rest = words[...]
        var owner: DomainName?
        if !startsWithBlank, let first = rest.popFirst() {
            owner = try Self.name(first.text, origin)
        }
        var ttl: UInt32?
        while let word = rest.first {
            if let seconds = Self.seconds(word.text), ttl == nil {
                ttl = seconds
            } else if Self.otherClasses.contains(word.text.uppercased()) {
                throw MasterFileProblem("class \(word.text.uppercased()): only IN is served")
            } else if word.text.uppercased() != "IN" {
                break
            }
            rest.removeFirst()
        }
        guard let word = rest.popFirst() else {
            throw MasterFileProblem("a record without a type", isUnknown: true)
        }
        guard let type = RRType(mnemonic: word.text), type.isData else {
            throw MasterFileProblem("unknown record type \(word.text.quoted)", isUnknown: true)
        }
        return MasterFileRecord(
            owner: owner, ttl: ttl, type: type, data: Self.data(Array(rest), type))
    }

    private static let otherClasses: Set<String> = ["CH", "HS", "CS"]

    static func name(_ text: String, _ origin: DomainName) throws(MasterFileProblem) -> DomainName {
        guard text != "@" else { return origin }
        do {
            return try DomainName(text, relativeTo: origin)
        } catch {
            throw MasterFileProblem("bad name \(text.quoted): \(error)")
        }
    }

    /// Seconds, or a duration with units such as `1h30m`; nil for another word.
    static func seconds(_ text: String) -> UInt32? {
        if let number = UInt32(decimal: text) { return number }
        var total: UInt64 = 0
        var digits = ""
        for character in text.lowercased() {
            if character.isASCII, character.isNumber {
                digits.append(character)
                guard digits.utf8.count < 10 else { return nil }
                continue
            }
            guard let unit = units[character], let number = UInt64(digits) else { return nil }
            total += number * unit
            // So that no sum of such parts has no room.
            guard total <= UInt64(UInt32.max) else { return nil }
            digits = ""
        }
        return digits.isEmpty && !text.isEmpty ? UInt32(exactly: total) : nil
    }

    private static let units: [Character: UInt64] = [
        "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800,
    ]

    /// The data as one text. A SOA record's times may have units as a TTL has.
    private static func data(_ words: [Word], _ type: RRType) -> String {
        let texts = words.enumerated().map { index, word in
            guard type == .soa, index > 2, let number = seconds(word.text) else { return word.text }
            return "\(number)"
        }
        return texts.joined(separator: " ")
    }
}
