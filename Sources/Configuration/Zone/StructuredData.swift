package import DNS

/// The types whose data octoDNS writes as a mapping: its keys in the order of the RDATA.
package enum StructuredData {
    /// One key of the mapping.
    package struct Field {
        package enum Kind {
            /// Numbers, hexadecimal digits and the like, as they stand.
            case word
            /// Seconds, or a duration such as `1h`.
            case duration
            /// A name that is taken as absolute.
            case name
            /// A text in which `\;`, `\"` and `\\` stand for the second character.
            case text
            /// Metres: a number that may have a fraction.
            case metres
            /// The parameters of an SVCB or HTTPS record, a mapping.
            case parameters
        }

        package let key: String
        package let kind: Kind
        /// An older name of the key.
        let alias: String?
        /// What is meant where the key is absent; nil when it must be there.
        let standard: String?

        init(_ key: String, _ kind: Kind, alias: String? = nil, standard: String? = nil) {
            self.key = key
            self.kind = kind
            self.alias = alias
            self.standard = standard
        }
    }

    /// The fields of `type`; nil when its data are a scalar.
    package static func fields(of type: RRType) -> [Field]? { formats[type] }

    private static let serviceBinding = [
        Field("svcpriority", .word), Field("targetname", .name),
        Field("svcparams", .parameters, standard: ""),
    ]

    private static let formats: [RRType: [Field]] = [
        .caa: [Field("flags", .word, standard: "0"), Field("tag", .word), Field("value", .text)],
        .ds: [
            // The older form called the same four fields by the names of DNSKEY's.
            Field("key_tag", .word, alias: "flags"), Field("algorithm", .word, alias: "protocol"),
            Field("digest_type", .word), Field("digest", .word, alias: "public_key"),
        ],
        .https: serviceBinding,
        .loc: [
            Field("lat_degrees", .word), Field("lat_minutes", .word), Field("lat_seconds", .word),
            Field("lat_direction", .word), Field("long_degrees", .word),
            Field("long_minutes", .word), Field("long_seconds", .word),
            Field("long_direction", .word), Field("altitude", .metres), Field("size", .metres),
            Field("precision_horz", .metres), Field("precision_vert", .metres),
        ],
        .mx: [
            Field("preference", .word, alias: "priority"), Field("exchange", .name, alias: "value"),
        ],
        .naptr: [
            Field("order", .word), Field("preference", .word), Field("flags", .text),
            Field("service", .text), Field("regexp", .text), Field("replacement", .name),
        ],
        .soa: [
            Field("mname", .name), Field("rname", .name), Field("serial", .word),
            Field("refresh", .duration), Field("retry", .duration), Field("expire", .duration),
            Field("minimum", .duration),
        ],
        .srv: [
            Field("priority", .word), Field("weight", .word), Field("port", .word),
            Field("target", .name),
        ],
        .sshfp: [
            Field("algorithm", .word), Field("fingerprint_type", .word),
            Field("fingerprint", .word),
        ],
        .svcb: serviceBinding,
        .tlsa: [
            Field("certificate_usage", .word),
            Field("selector", .word),
            Field("matching_type", .word),
            Field("certificate_association_data", .word),
        ],
        .uri: [Field("priority", .word), Field("weight", .word), Field("target", .text)],
    ]
}

extension RecordDecoder {
    /// The RDATA of a mapping of fields.
    func structuredData(
        _ node: YAMLNode, _ type: RRType, _ fields: [StructuredData.Field]
    ) -> [UInt8]? {
        let names = fields.map(\.key)
        let isOldDS = type == .ds && isOldDS(node)
        let keys = names + fields.compactMap(\.alias)
        guard
            let values = KeyedNode(
                node, keys: keys, expected: "a mapping of \(Spelling.list(names))", in: file)
        else { return nil }
        var words: [String] = []
        var marks: [YAMLMark] = []
        var isComplete = true
        var missing: [String] = []
        for field in fields {
            let value = isOldDS ? oldDSValue(field.key, values) : value(field, values)
            guard let value else {
                if let standard = field.standard {
                    if !standard.isEmpty {
                        words.append(standard)
                        marks.append(values.mark)
                    }
                    continue
                }
                missing.append(field.key)
                continue
            }
            if let parts = self.words(value, field, type) {
                words += parts
                marks += parts.map { _ in value.mark }
            } else {
                isComplete = false
            }
        }
        if !missing.isEmpty, !values.hasUnknownKeys {
            file.error(
                values.mark, "\(type) record without \(missing.joined(separator: ", "))",
                expected: Spelling.list(names))
        }
        guard isComplete, missing.isEmpty, !values.hasUnknownKeys else { return nil }
        return parse(words, marks, type, values.mark)
    }

    private func parse(
        _ words: [String], _ marks: [YAMLMark], _ type: RRType, _ mark: YAMLMark
    ) -> [UInt8]? {
        do {
            return try RData.parse(fields: words, type: type, origin: .root)
        } catch {
            // The field at fault is the one whose word the error quotes.
            let culprit = error.found.flatMap { found in
                zip(words, marks).first { word, _ in word == found || word.hasSuffix("=\(found)") }
            }
            report(error, type, culprit?.1 ?? mark)
            return nil
        }
    }

    private func value(_ field: StructuredData.Field, _ values: KeyedNode) -> YAMLNode? {
        guard let alias = field.alias, let old = values[alias] else { return values[field.key] }
        guard values[field.key] == nil else {
            file.error(
                values.mark(of: alias), "\(alias.quoted) beside \(field.key.quoted)",
                expected: "one of them")
            return old
        }
        return old
    }

    /// The words of one field; nil after a report.
    private func words(
        _ node: YAMLNode, _ field: StructuredData.Field, _ type: RRType
    ) -> [String]? {
        if case .parameters = field.kind { return parameters(node, type) }
        if case .duration = field.kind { return file.duration(node).map { ["\($0)"] } }
        // Quotes make an empty text: NAPTR's flags and regexp are often empty.
        guard
            let scalar = file.scalar(node, expected: "the \(field.key) of the \(type) record")
        else { return nil }
        switch field.kind {
        case .name: return mailbox(scalar, field) ?? target(scalar, type).map { ["\($0)"] }
        case .text: return [Self.unescapingText(scalar.text)]
        case .metres: return [scalar.text + (scalar.text.hasSuffix("m") ? "" : "m")]
        case .word, .duration, .parameters: return [scalar.text]
        }
    }

    /// A mail address as SOA's rname passes, so that the refusal says how to write it.
    private func mailbox(_ scalar: YAMLScalar, _ field: StructuredData.Field) -> [String]? {
        field.key == "rname" && scalar.text.contains("@") ? [scalar.text] : nil
    }

    private static func unescapingText(_ text: String) -> String {
        guard text.utf8.contains(0x5c) else { return text }
        var result = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                if !";\"\\".contains(character) { result.append("\\") }
                result.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return isEscaped ? result + "\\" : result
    }

    // MARK: DS as octoDNS wrote it before 1.0

    private func isOldDS(_ node: YAMLNode) -> Bool {
        guard case .mapping(let entries, _) = node else { return false }
        return entries.contains { $0.key.text == "public_key" || $0.key.text == "flags" }
    }

    /// The fields were named flags, protocol, algorithm and public_key then.
    private func oldDSValue(_ key: String, _ values: KeyedNode) -> YAMLNode? {
        switch key {
        case "key_tag": values["flags"]
        case "algorithm": values["protocol"]
        case "digest_type": values["algorithm"]
        default: values["public_key"]
        }
    }
}
