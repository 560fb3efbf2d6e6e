import DNS

/// A mapping whose keys are known beforehand: reports unknown and duplicate keys when it is made
/// and hands out the values.
struct KeyedNode {
    let mark: YAMLMark
    /// Whether a key was unknown: then what seems to be missing may be what was meant.
    private(set) var hasUnknownKeys = false
    private var entries: [YAMLEntry] = []

    /// nil, after a report, when `node` is not a mapping; `expected` says what it would be. The
    /// keys of sections (the file itself, views, rules, zones) are looked for in each other.
    init?(
        _ node: YAMLNode, keys: [String], expected: @autoclosure () -> String,
        isSection: Bool = false, in file: ConfigurationFile
    ) {
        guard case .mapping(let entries, let mark) = node else {
            file.wrongKind(node, expected: expected())
            return nil
        }
        self.init(entries, mark, keys: keys, isSection: isSection, in: file)
    }

    init(
        _ entries: [YAMLEntry], _ mark: YAMLMark, keys: [String], isSection: Bool = false,
        in file: ConfigurationFile
    ) {
        self.mark = mark
        for entry in file.distinct(entries) {
            if keys.contains(entry.key.text) {
                self.entries.append(entry)
            } else {
                file.unknownKey(
                    entry.key, keys: keys,
                    suggestion: isSection ? Self.meant(by: entry, keys: keys) : nil)
                hasUnknownKeys = true
            }
        }
    }

    /// A name with its address stands beside `records` and not below; another key may be a setting in the
    /// wrong place.
    private static func meant(by entry: YAMLEntry, keys: [String]) -> String? {
        if keys.contains("records"), let value = entry.value.scalar?.text,
            value == "public" || IPAddress(value) != nil
        {
            return "records: {'\(entry.key.text)': \(value)}"
        }
        return ForeignWords.home(of: entry.key.text)
    }

    subscript(key: String) -> YAMLNode? { entry(key)?.value }

    /// Where a key stands; the mapping's own place when it does not.
    func mark(of key: String) -> YAMLMark { entry(key)?.key.mark ?? mark }

    // A dozen entries are searched faster than a dictionary of them is made.
    private func entry(_ key: String) -> YAMLEntry? { entries.first { $0.key.text == key } }
}

extension ConfigurationFile {
    func unknownKey(_ key: YAMLScalar, keys: [String], suggestion: String? = nil) {
        unknown("key", key, among: keys, suggestion: suggestion)
    }

    /// Reports a word that is none of those that may stand here. What was meant is the one of them that
    /// means the same, else `suggestion`, else the nearest.
    func unknown(
        _ what: String, _ word: YAMLScalar, among words: [String], suggestion: String? = nil
    ) {
        let problem = "unknown \(what) \(word.text.quoted)"
        // Of one word alone nobody asks which is meant.
        guard words.count > 1, !hasErrorsEnough else {
            return error(word.mark, problem, expected: words.first?.quoted, suggestion: suggestion)
        }
        error(
            word.mark, problem, expected: "one of: \(Spelling.list(words))",
            suggestion: ForeignWords.meaning(of: word.text, among: words) ?? suggestion
                ?? Spelling.suggestion(for: word.text, among: words))
    }

    func duplicateKey(_ key: YAMLScalar, firstLine: Int) {
        error(key.mark, "duplicate key \(key.text.quoted); the first is on line \(firstLine)")
    }

    /// The entries without those whose key was there before, which are reported.
    func distinct(_ entries: [YAMLEntry]) -> [YAMLEntry] {
        guard entries.count > Self.fewEntries || hasEqualKeys(entries) else { return entries }
        var lines: [String: Int] = [:]
        return entries.filter { entry in
            if let line = lines[entry.key.text] {
                duplicateKey(entry.key, firstLine: line)
                return false
            }
            lines[entry.key.text] = entry.key.mark.line
            return true
        }
    }

    /// As many entries as are compared with each other, which is faster than a dictionary of them.
    private static var fewEntries: Int { 16 }

    private func hasEqualKeys(_ entries: [YAMLEntry]) -> Bool {
        entries.indices.contains { index in
            entries[..<index].contains { $0.key.text == entries[index].key.text }
        }
    }
}
