import DNS

extension RecordDecoder {
    /// The parameters of an SVCB or HTTPS record as words of its presentation form, `key=value`
    /// (RFC 9460 §2.1); nil after a report.
    func parameters(_ node: YAMLNode, _ type: RRType) -> [String]? {
        guard case .mapping(let entries, _) = node else {
            // octoDNS writes `svcparams: {}` for none; nothing at all says the same.
            if case .scalar(let scalar) = node, scalar.isNull { return [] }
            file.wrongKind(node, expected: "a mapping of parameters such as alpn and port")
            return nil
        }
        var words: [String] = []
        for entry in file.distinct(entries) {
            guard let word = parameter(entry) else { return nil }
            words.append(word)
        }
        return words
    }

    private func parameter(_ entry: YAMLEntry) -> String? {
        let key = entry.key.text
        guard ServiceParameterKey(name: key) != nil else {
            file.unknown(
                "parameter", entry.key, among: ServiceParameterKey.registeredNames + ["keyNNNNN"])
            return nil
        }
        switch entry.value {
        case .scalar(let scalar): return scalar.isNull ? key : "\(key)=\(scalar.text)"
        case .mapping:
            file.wrongKind(entry.value, expected: "the value of \(key)")
            return nil
        case .sequence(let items, _):
            guard
                let items = file.items(
                    .sequence(items, entry.value.mark), expected: "values of \(key)")
            else { return nil }
            var texts: [String] = []
            for item in items {
                guard let scalar = file.scalar(item, expected: "a value of \(key)") else {
                    return nil
                }
                texts.append(key == "alpn" ? Self.escapingItem(scalar.text) : scalar.text)
            }
            return "\(key)=\(texts.joined(separator: ","))"
        }
    }

    /// A value list's item with `\` before commas and backslashes (RFC 9460 §A.1).
    private static func escapingItem(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if character == "," || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }
}
