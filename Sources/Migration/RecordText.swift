import Configuration
import DNS

/// A record's data as a zone file in YAML has them.
enum RecordText {
    /// What stands behind the owner name, on one line; nil for data that YAML cannot hold.
    static func value(_ record: PlannedRecord) -> String? {
        if record.ttl == nil, record.type == .a || record.type == .aaaa,
            let address = address(record)
        {
            return scalar(address)
        }
        guard let data = data(record) else { return nil }
        let ttl = record.ttl.map { ", ttl: \($0)" } ?? ""
        return "{type: \(record.type)\(ttl), value: \(data)}"
    }

    /// An address, unless it is an IPv4 one in an AAAA record.
    private static func address(_ record: PlannedRecord) -> String? {
        guard let address = IPAddress(octets: record.rdata),
            address.isIPv4 == (record.type == .a)
        else { return nil }
        return "\(address)"
    }

    private static func scalar(_ text: String) -> String { YAMLText.scalar(text) }

    private static func data(_ record: PlannedRecord) -> String? {
        if record.type == .txt || record.type == .spf { return text(record) }
        let presentation = RData.describe(record.rdata.span, type: record.type)
        guard let fields = StructuredData.fields(of: record.type) else {
            return scalar(presentation)
        }
        return structured(presentation, fields) ?? scalar(opaque(record.rdata))
    }

    /// RFC 3597's form, which every type has.
    private static func opaque(_ rdata: [UInt8]) -> String {
        let digits = rdata.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\\# \(rdata.count) \(digits)"
    }

    // MARK: Texts

    /// The strings of a text record. One that another reading of quotation marks and escaped
    /// semicolons would change cannot be written.
    private static func text(_ record: PlannedRecord) -> String? {
        var texts: [String] = []
        for octets in Presentation.strings(record.rdata) {
            guard let text = String(validating: octets, as: UTF8.self), !text.contains("\\;")
            else { return nil }
            texts.append(text)
        }
        guard let first = texts.first else { return nil }
        let joined: String
        if texts.count == 1, !first.hasPrefix("\""), !first.isEmpty {
            joined = first
        } else {
            joined = texts.map { "\"\($0)\"" }.joined(separator: " ")
            // What the zone file's reader will make of it.
            let strings = joined.dropFirst().dropLast()
                .split(separator: #/"[ \t]+"/#, omittingEmptySubsequences: false)
            guard strings.elementsEqual(texts, by: { $0 == $1 }) else { return nil }
        }
        return scalar(joined.replacing(";", with: "\\;"))
    }

    // MARK: Mappings

    /// The data as a mapping of its fields; nil when a word of them has no simple form.
    private static func structured(
        _ presentation: String, _ fields: [StructuredData.Field]
    ) -> String? {
        guard let words = Presentation.words(presentation), !presentation.hasPrefix("\\#") else {
            return nil
        }
        var parts: [String] = []
        for (index, field) in fields.enumerated() {
            if case .parameters = field.kind {
                guard let parameters = parameters(words.dropFirst(index)) else { return nil }
                parts.append("\(field.key): {\(parameters)}")
                return "{\(parts.joined(separator: ", "))}"
            }
            guard index < words.count else { return nil }
            let isText = if case .text = field.kind { true } else { false }
            parts.append(
                "\(field.key): \(scalar(isText ? escapingText(words[index]) : words[index]))")
        }
        return words.count == fields.count ? "{\(parts.joined(separator: ", "))}" : nil
    }

    /// In such texts `\` keeps the next character from its meaning.
    private static func escapingText(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing(";", with: "\\;").replacing("\"", with: "\\\"")
    }

    private static func parameters(_ words: ArraySlice<String>) -> String? {
        var parts: [String] = []
        for word in words {
            guard !word.contains("\\") else { return nil }
            let halves = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count > 1 ? scalar(String(halves[1])) : "null"
            parts.append("\(halves[0]): \(value)")
        }
        return parts.joined(separator: ", ")
    }
}
