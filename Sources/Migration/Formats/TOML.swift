import DNS

/// A value of a TOML file, and its line.
struct TOMLValue {
    enum Content {
        case text(String)
        /// A number, a truth value or a date, as it stands.
        case word(String)
        case list([TOMLValue])
    }

    let content: Content
    let line: Int

    var text: String? {
        switch content {
        case .text(let text), .word(let text): text
        case .list: nil
        }
    }

    var isTrue: Bool { text == "true" }

    /// The items of a list; a value that is none is its only item.
    var items: [TOMLValue] {
        if case .list(let items) = content { items } else { [self] }
    }
}

/// Reads the part of TOML that Pi-hole writes: tables, dotted keys, strings, words, and lists of
/// them over several lines. Inline tables are not among it.
struct TOMLReader {
    /// An assignment, its key with those of its table: `dns.hosts`.
    struct Assignment {
        let key: String
        let value: TOMLValue
    }

    /// A line that cannot be read.
    struct Problem {
        let line: Int
        let text: String
    }

    private(set) var assignments: [Assignment] = []
    private(set) var problems: [Problem] = []
    private var rest: Substring
    private var line = 1
    private var table = ""

    init(_ text: String) {
        rest = text[...]
        while !rest.isEmpty { readStatement() }
    }

    private mutating func readStatement() {
        skipBlanks(andLines: true)
        guard let first = rest.first else { return }
        if first == "[" {
            readTable()
        } else {
            let key = readKey()
            guard rest.first == "=" else {
                fail("a key and = are wanted")
                return
            }
            rest.removeFirst()
            skipBlanks(andLines: false)
            guard let value = readValue() else { return }
            assignments.append(
                Assignment(key: table.isEmpty ? key : "\(table).\(key)", value: value))
        }
        skipBlanks(andLines: false)
        if let next = rest.first, !next.isNewline { fail("nothing is wanted behind a value") }
    }

    private mutating func readTable() {
        rest.removeFirst()
        if rest.first == "[" { rest.removeFirst() }
        table = readKey()
        guard rest.first == "]" else {
            fail("a closing bracket is wanted")
            return
        }
        while rest.first == "]" { rest.removeFirst() }
    }

    /// A key up to `=` or `]`, its quotation marks off.
    private mutating func readKey() -> String {
        let key = rest.prefix { !"=]#".contains($0) && !$0.isNewline }
        rest = rest[key.endIndex...]
        return key.filter { !" \t\"'".contains($0) }
    }

    /// A value; nil after a report. Lists in lists, which no setting has, are refused.
    private mutating func readValue() -> TOMLValue? {
        let start = line
        guard rest.first == "[" else { return readScalar() }
        rest.removeFirst()
        var items: [TOMLValue] = []
        while true {
            skipBlanks(andLines: true)
            guard let next = rest.first else {
                fail("the list of line \(start) has no end")
                return nil
            }
            if next == "]" {
                rest.removeFirst()
                return TOMLValue(content: .list(items), line: start)
            }
            if next == "," {
                rest.removeFirst()
                continue
            }
            guard next != "[", let item = readScalar() else {
                if next == "[" { fail("a list in a list") }
                return nil
            }
            items.append(item)
        }
    }

    private mutating func readScalar() -> TOMLValue? {
        let start = line
        for mark in ["\"\"\"", "'''", "\"", "'"] where rest.hasPrefix(mark) {
            rest = rest.dropFirst(mark.count)
            guard let text = readText(until: mark) else {
                fail("the text of line \(start) has no end")
                return nil
            }
            return TOMLValue(content: .text(text), line: start)
        }
        let word = rest.prefix { !",]#".contains($0) && !$0.isWhitespace }
        guard !word.isEmpty, word.first != "{" else {
            fail("a value is wanted")
            return nil
        }
        rest = rest[word.endIndex...]
        return TOMLValue(content: .word(String(word)), line: start)
    }

    private mutating func readText(until mark: String) -> String? {
        var text = ""
        while let character = rest.first {
            if rest.hasPrefix(mark) {
                rest = rest.dropFirst(mark.count)
                return text
            }
            if character.isNewline {
                guard mark.count == 3 else { return nil }
                line += 1
            }
            rest.removeFirst()
            guard character == "\\", mark.first == "\"", let escaped = rest.first else {
                text.append(character)
                continue
            }
            rest.removeFirst()
            text += Self.escapes[escaped] ?? codePoint(behind: escaped) ?? String(escaped)
        }
        return nil
    }

    private static let escapes: [Character: String] = [
        "n": "\n", "t": "\t", "r": "\r", "b": "\u{8}", "f": "\u{c}", "e": "\u{1b}",
    ]

    /// What `u` and four digits, or `U` and eight, stand for; nil, and nothing read, for anything else.
    private mutating func codePoint(behind letter: Character) -> String? {
        guard let count = ["u": 4, "U": 8][letter] else { return nil }
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
            let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
        else { return nil }
        rest = rest.dropFirst(count)
        return String(scalar)
    }

    private mutating func skipBlanks(andLines: Bool) {
        while let character = rest.first {
            if character == "#" {
                rest = rest.drop { !$0.isNewline }
            } else if character.isNewline {
                guard andLines else { return }
                line += 1
                rest.removeFirst()
            } else if character.isWhitespace {
                rest.removeFirst()
            } else {
                return
            }
        }
    }

    /// Reports the line and leaves the rest of it.
    private mutating func fail(_ text: String) {
        problems.append(Problem(line: line, text: text))
        rest = rest.drop { !$0.isNewline }
    }
}
