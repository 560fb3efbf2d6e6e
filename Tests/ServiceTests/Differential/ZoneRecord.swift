import DNS

/// One record of a generated zone, in words that become both a line of a zone file (RFC 1035 §5.1)
/// and an entry of octoDNS's YAML.
struct ZoneRecord {
    /// Relative to the apex in presentation form; empty for the apex.
    let owner: String
    let type: String
    let ttl: Int
    /// The fields of the data as values, without quotes; names are absolute. `\#` first for data in
    /// RFC 3597's form.
    let words: [String]

    /// The keys of octoDNS's mapping, in the order of the words; types that are not here have their
    /// data in one scalar.
    private static let keys: [String: [String]] = [
        "CAA": ["flags", "tag", "value"],
        "DS": ["key_tag", "algorithm", "digest_type", "digest"],
        "LOC": [
            "lat_degrees", "lat_minutes", "lat_seconds", "lat_direction", "long_degrees",
            "long_minutes", "long_seconds", "long_direction", "altitude", "size",
            "precision_horz", "precision_vert",
        ],
        "MX": ["preference", "exchange"],
        "NAPTR": ["order", "preference", "flags", "service", "regexp", "replacement"],
        "SOA": ["mname", "rname", "serial", "refresh", "retry", "expire", "minimum"],
        "SRV": ["priority", "weight", "port", "target"],
        "SSHFP": ["algorithm", "fingerprint_type", "fingerprint"],
        "TLSA": [
            "certificate_usage", "selector", "matching_type", "certificate_association_data",
        ],
        "URI": ["priority", "weight", "target"],
    ]

    /// The words that are texts, which a zone file quotes.
    private static let texts: [String: Set<Int>] = [
        "CAA": [2], "NAPTR": [2, 3, 4], "URI": [2],
    ]

    private var isText: Bool { type == "TXT" || type == "SPF" }
    private var isBinding: Bool { type == "SVCB" || type == "HTTPS" }

    private func isText(_ index: Int) -> Bool {
        isText || Self.texts[type]?.contains(index) == true
    }

    /// The line of a zone file.
    var line: String {
        let data = words.enumerated().map { index, word in
            isText(index) ? Self.ascii(Self.quoted(word)) : word
        }
        let name = owner.isEmpty ? "@" : owner
        return "\(name) \(ttl) IN \(type) \(data.joined(separator: " "))\n"
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\""
    }

    /// The text with the octets of letters outside ASCII as `\DDD`.
    private static func ascii(_ text: String) -> String {
        text.utf8.map { $0 < 0x80 ? String(Unicode.Scalar($0)) : "\\\($0)" }.joined()
    }

    /// The record in octoDNS's form, on one line.
    var octoDNS: String { "{type: \(type), ttl: \(ttl), value: \(value)}" }

    private var value: String {
        if isText { return Self.scalar(words.map { "\"\($0)\"" }.joined(separator: " ")) }
        if words.first == "\\#" { return Self.scalar(words.joined(separator: " ")) }
        if isBinding {
            let parameters = words.dropFirst(2).map { word in
                let parts = word.split(separator: "=", maxSplits: 1)
                return "\(parts[0]): \(parts.count > 1 ? Self.scalar(String(parts[1])) : "null")"
            }
            return """
                {svcpriority: \(words[0]), targetname: \(Self.scalar(words[1])), \
                svcparams: {\(parameters.joined(separator: ", "))}}
                """
        }
        guard let keys = Self.keys[type] else {
            return Self.scalar(words.joined(separator: " "))
        }
        let fields = zip(keys, words).enumerated().map { index, field in
            let (key, word) = field
            // Backslashes and quotation marks of texts are escaped in octoDNS's files.
            let text = isText(index) ? String(Self.quoted(word).dropFirst().dropLast()) : word
            return "\(key): \(Self.scalar(text))"
        }
        return "{\(fields.joined(separator: ", "))}"
    }

    /// A YAML scalar in single quotes.
    static func scalar(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            + "'"
    }
}
