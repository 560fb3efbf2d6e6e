import DNS

// The values that a scalar stands for. Each function reports what is wrong and then gives nil.
extension ConfigurationFile {
    /// The largest TTL (RFC 2181 §8), and the longest duration.
    static let maximumDuration: UInt32 = 0x7fff_ffff

    static let durationForms = "a duration such as 30 (seconds), 30s, 5m, 1h or 1d"
    private static let secondsPerUnit: [Character: UInt64] = [
        "s": 1, "m": 60, "h": 3_600, "d": 86_400,
    ]
    private static let octetsPerUnit: [(String, Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    // What is expected is worked out for a message alone: a large zone asks for millions of values.
    func scalar(_ node: YAMLNode, expected: @autoclosure () -> String) -> YAMLScalar? {
        guard let scalar = node.scalar else {
            wrongKind(node, expected: expected())
            return nil
        }
        return scalar
    }

    /// A path, relative to the directory that this file is in. A word that says yes or no names no file.
    func path(_ scalar: YAMLScalar, expected: String, suggestion: String? = nil) -> String? {
        let words = ["true", "false", "yes", "no", "on", "off", "none"]
        guard !scalar.text.isEmpty, !scalar.text.hasSuffix("/"), !words.contains(scalar.text) else {
            error(
                scalar.mark, "found \(scalar.text.quoted)", expected: expected,
                suggestion: suggestion)
            return nil
        }
        return resolve(scalar.text)
    }

    func boolean(_ node: YAMLNode) -> Bool? {
        let expected = "true or false"
        guard let scalar = scalar(node, expected: expected) else { return nil }
        switch scalar.text {
        case "true" where scalar.isPlain: return true
        case "false" where scalar.isPlain: return false
        default:
            wrongKind(node, expected: expected)
            return nil
        }
    }

    /// Seconds, or a number with `s`, `m`, `h` or `d`.
    func duration(_ node: YAMLNode, expected: String = Self.durationForms) -> UInt32? {
        guard let scalar = scalar(node, expected: expected) else { return nil }
        var digits = Substring(scalar.text)
        var unit: UInt64 = 1
        if let last = digits.last, let seconds = Self.secondsPerUnit[last] {
            digits.removeLast()
            unit = seconds
        }
        guard let number = UInt64(decimal: digits), number <= UInt64(UInt32.max) else {
            error(scalar.mark, "bad duration \(scalar.text.quoted)", expected: expected)
            return nil
        }
        guard number * unit <= UInt64(Self.maximumDuration) else {
            error(
                scalar.mark, "\(scalar.text.quoted) is too long",
                expected: "at most \(Self.maximumDuration) seconds")
            return nil
        }
        return UInt32(number * unit)
    }

    /// Octets, or a number with `KiB`, `MiB` or `GiB`.
    func size(_ node: YAMLNode, in range: ClosedRange<Int>) -> Int? {
        let expected = "a size such as 64MiB, 512KiB, 1GiB or a number of octets"
        guard let scalar = scalar(node, expected: expected) else { return nil }
        var digits = Substring(scalar.text)
        var unit = 1
        for (suffix, octets) in Self.octetsPerUnit where digits.hasSuffix(suffix) {
            digits = digits.dropLast(suffix.count)
            unit = octets
        }
        guard let number = Int(decimal: digits) else {
            error(
                scalar.mark, "bad size \(scalar.text.quoted)", expected: expected,
                suggestion: Self.sizeWithGoodUnit(scalar.text))
            return nil
        }
        let (octets, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow, range.contains(octets) else {
            error(
                scalar.mark, "\(scalar.text.quoted) is out of range",
                expected: "\(Self.size(range.lowerBound)) to \(Self.size(range.upperBound))")
            return nil
        }
        return octets
    }

    /// `64MiB` for `64MB`, `64 mib`, `64M` and the like.
    private static func sizeWithGoodUnit(_ text: String) -> String? {
        let digits = text.prefix { $0.isNumber }
        let letters = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        let unit = octetsPerUnit.first { unit, _ in
            let unit = unit.lowercased()
            return [unit, unit.replacing("i", with: ""), String(unit.prefix(1))].contains(letters)
        }
        guard let unit, Int(decimal: digits) != nil else { return nil }
        return "\(digits)\(unit.0)".quoted
    }

    /// A size in the largest unit that it is whole in.
    static func size(_ octets: Int) -> String {
        let unit = octetsPerUnit.last { octets.isMultiple(of: $0.1) }
        return unit.map { "\(octets / $0.1)\($0.0)" } ?? "\(octets) octets"
    }

    /// A duration in the largest unit that it is whole in.
    static func duration(ofSeconds seconds: Int) -> String {
        let unit = secondsPerUnit.sorted { $0.value < $1.value }
            .last { seconds.isMultiple(of: Int($0.value)) }
        return unit.map { "\(seconds / Int($0.value))\($0.key)" } ?? "\(seconds)s"
    }

    func integer(_ node: YAMLNode, in range: ClosedRange<Int>, or word: String = "") -> Int? {
        let expected =
            "a number from \(range.lowerBound) to \(range.upperBound)"
            + (word.isEmpty ? "" : ", or \(word)")
        guard let scalar = scalar(node, expected: expected) else { return nil }
        guard let number = Int(decimal: scalar.text), range.contains(number) else {
            wrongKind(node, expected: expected)
            return nil
        }
        return number
    }

    /// One of the words of an enumeration.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ node: YAMLNode, what: String, of: Choice.Type
    ) -> Choice? {
        let words = Choice.allCases.map(\.rawValue)
        let expected = "one of: \(Spelling.list(words))"
        guard let scalar = scalar(node, expected: expected) else { return nil }
        guard let choice = Choice(rawValue: scalar.text) else {
            unknown(what, scalar, among: words)
            return nil
        }
        return choice
    }

    /// A list with at least one item.
    func items(_ node: YAMLNode, expected: @autoclosure () -> String) -> [YAMLNode]? {
        guard case .sequence(let items, _) = node, !items.isEmpty else {
            let list = node.scalar.map { Self.list($0.text.split(whereSeparator: Self.isBetween)) }
            error(node.mark, "found \(node.kind)", expected: expected(), suggestion: list)
            return nil
        }
        return items
    }

    /// The list of one line that `text` was meant as; nil unless it has several items, all good ones.
    static func list(in text: String, where isGood: (Substring) -> Bool) -> String? {
        let items = text.split(whereSeparator: isBetween)
        return items.count > 1 && items.allSatisfy(isGood) ? list(items) : nil
    }

    private static func isBetween(_ character: Character) -> Bool {
        character == "," || character.isWhitespace
    }

    /// A list of one line, in which a bracket would begin another, and a colon may begin a value.
    private static func list(_ items: [Substring]) -> String {
        let texts = items.map { item in
            item.contains("::") || item.contains("[") ? String(item).quoted : String(item)
        }
        return "[\(texts.joined(separator: ", "))]"
    }
}
