import Configuration

/// A Corefile as a cluster keeps it: in a ConfigMap, under the key `Corefile`.
enum CorefileConfigMap {
    /// Whether lines of a file, as YAML or JSON, have both.
    static func isOne(_ lines: [some StringProtocol]) -> Bool {
        let bare = lines.map { line in String(line.filter { !"\"' ".contains($0) }) }
        return bare.contains { $0.contains("kind:ConfigMap") }
            && bare.contains {
                $0.hasPrefix("Corefile:") || $0.contains(",Corefile:")
                    || $0.contains("{Corefile:")
            }
    }

    /// The lines of each Corefile, with their places in the file that `lines` are of.
    static func corefiles(_ documents: [YAMLNode], _ lines: [SourceLine]) -> [[SourceLine]] {
        documents.flatMap(GatewayAPIReader.objects).compactMap { object in
            guard object["kind"]?.text == "ConfigMap", let node = object["data", "Corefile"],
                let text = node.text
            else { return nil }
            return corefile(text, at: node.line, lines)
        }
    }

    /// The text of a block begins on the line behind its sign; that of a JSON string is one line.
    private static func corefile(
        _ text: String, at line: Int, _ lines: [SourceLine]
    ) -> [SourceLine] {
        guard lines.indices.contains(line - 1) else { return [] }
        let first = lines[line - 1].text.trimmed
        let isBlock = ["|", "|-", "|+"].contains { first.hasSuffix(" " + $0) }
        let file = lines[line - 1].place.file
        return SourceFiles.lines(of: text, in: file).map { inner in
            let number = isBlock ? line + inner.place.line : line
            return SourceLine(place: SourcePlace(file: file, line: number), text: inner.text)
        }
    }
}
