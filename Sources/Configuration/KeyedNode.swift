import DNS

/// A mapping whose keys are known beforehand: reports unknown and duplicate keys when it is made
/// and hands out the values.
struct KeyedNode {
    let mark: YAMLMark
    private var values: [String: YAMLNode] = [:]

    /// nil, after a report, when `node` is not a mapping; `expected` says what it would be.
    init?(_ node: YAMLNode, keys: [String], expected: String, in file: ConfigurationFile) {
        guard case .mapping(let entries, let mark) = node else {
            file.wrongKind(node, expected: expected)
            return nil
        }
        self.init(entries, mark, keys: keys, in: file)
    }

    init(_ entries: [YAMLEntry], _ mark: YAMLMark, keys: [String], in file: ConfigurationFile) {
        self.mark = mark
        for entry in file.distinct(entries) {
            if keys.contains(entry.key.text) {
                values[entry.key.text] = entry.value
            } else {
                file.unknownKey(entry.key, keys: keys)
            }
        }
    }

    subscript(key: String) -> YAMLNode? { values[key] }
}

extension ConfigurationFile {
    func unknownKey(_ key: YAMLScalar, keys: [String]) {
        unknown("key", key, among: keys)
    }

    /// Reports a word that is none of those that may stand here.
    func unknown(_ what: String, _ word: YAMLScalar, among words: [String]) {
        error(
            word.mark, "unknown \(what) \(word.text.quoted)",
            expected: words.isEmpty ? "none" : "one of: \(Spelling.list(words))",
            suggestion: Spelling.suggestion(for: word.text, among: words))
    }

    func duplicateKey(_ key: YAMLScalar, firstLine: Int) {
        error(key.mark, "duplicate key \(key.text.quoted); the first is on line \(firstLine)")
    }

    /// The entries without those whose key was there before, which are reported.
    func distinct(_ entries: [YAMLEntry]) -> [YAMLEntry] {
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

    /// The entries with their keys as domain names; two spellings of one name are duplicates.
    func domains(
        _ entries: [YAMLEntry], what: String
    ) -> [(domain: DomainName, entry: YAMLEntry)] {
        var first: [DomainName: YAMLScalar] = [:]
        return distinct(entries).compactMap { entry in
            guard let domain = domain(entry.key, what: what) else { return nil }
            if let other = first[domain] {
                error(
                    entry.key.mark,
                    "two \(what)s of one name: \(entry.key.text.quoted) is "
                        + "\(other.text.quoted) of line \(other.mark.line)")
                return nil
            }
            first[domain] = entry.key
            return (domain, entry)
        }
    }

    /// An absolute domain name, with or without its final dot.
    func domain(_ scalar: YAMLScalar, what: String) -> DomainName? {
        do {
            return try DomainName(scalar.text)
        } catch {
            self.error(
                scalar.mark, "bad \(what) name \(scalar.text.quoted): \(error)",
                expected: "a domain name")
            return nil
        }
    }
}
