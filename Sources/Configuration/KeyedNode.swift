import DNS

/// A mapping whose keys are known beforehand: reports unknown and duplicate keys when it is made
/// and hands out the values.
struct KeyedNode {
    let mark: YAMLMark
    /// Whether a key was unknown: then what seems to be missing may be what was meant.
    private(set) var hasUnknownKeys = false
    private var entries: [YAMLEntry] = []

    /// nil, after a report, when `node` is not a mapping; `expected` says what it would be.
    init?(
        _ node: YAMLNode, keys: [String], expected: @autoclosure () -> String,
        in file: ConfigurationFile
    ) {
        guard case .mapping(let entries, let mark) = node else {
            file.wrongKind(node, expected: expected())
            return nil
        }
        self.init(entries, mark, keys: keys, in: file)
    }

    init(_ entries: [YAMLEntry], _ mark: YAMLMark, keys: [String], in file: ConfigurationFile) {
        self.mark = mark
        for entry in file.distinct(entries) {
            if keys.contains(entry.key.text) {
                self.entries.append(entry)
            } else {
                file.unknownKey(entry.key, keys: keys)
                hasUnknownKeys = true
            }
        }
    }

    subscript(key: String) -> YAMLNode? { entry(key)?.value }

    /// Where a key stands; the mapping's own place when it does not.
    func mark(of key: String) -> YAMLMark { entry(key)?.key.mark ?? mark }

    // A dozen entries are searched faster than a dictionary of them is made.
    private func entry(_ key: String) -> YAMLEntry? { entries.first { $0.key.text == key } }
}

extension ConfigurationFile {
    func unknownKey(_ key: YAMLScalar, keys: [String]) {
        unknown("key", key, among: keys)
    }

    /// Reports a word that is none of those that may stand here. `suggestion` is what was meant; nil
    /// for the nearest word.
    func unknown(
        _ what: String, _ word: YAMLScalar, among words: [String], suggestion: String? = nil
    ) {
        error(
            word.mark, "unknown \(what) \(word.text.quoted)",
            expected: words.isEmpty
                ? "none: there are none to name" : "one of: \(Spelling.list(words))",
            suggestion: suggestion ?? Spelling.suggestion(for: word.text, among: words))
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
