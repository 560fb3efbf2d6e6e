/// Metrics as Prometheus and its like read them: the text form, version 0.0.4.
package enum MetricsText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All families in their order, each with its samples together. No two have the same name.
    package static func of(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families { write(family, to: &text) }
        return text
    }

    private static func write(_ family: MetricFamily, to text: inout String) {
        // Without a sample there is nothing to explain.
        guard !family.samples.isEmpty else { return }
        text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        for sample in family.samples {
            let labels = sample.labels.map { label($0.key, $0.value) }
            switch sample.value {
            case .number(let value): line(family.name, labels, value, to: &text)
            case .histogram(let histogram): write(histogram, family.name, labels, to: &text)
            }
        }
    }

    /// Each bucket counts all that is at most its bound, those of the smaller ones included.
    private static func write(
        _ histogram: MetricHistogram, _ name: String, _ labels: [String], to text: inout String
    ) {
        var count: UInt64 = 0
        for (bound, inRange) in zip(histogram.bounds + [.infinity], histogram.counts) {
            count &+= inRange
            line(
                name + "_bucket", labels + [label("le", number(bound))], Double(count), to: &text)
        }
        line(name + "_sum", labels, histogram.sum, to: &text)
        line(name + "_count", labels, Double(count), to: &text)
    }

    private static func line(
        _ name: String, _ labels: [String], _ value: Double, to text: inout String
    ) {
        text += name
        if !labels.isEmpty { text += "{" + labels.joined(separator: ",") + "}" }
        text += " \(number(value))\n"
    }

    private static func label(_ name: String, _ value: String) -> String {
        "\(name)=\"\(escaped(value, quotes: true))\""
    }

    /// As Go writes it, without the fraction of a whole number.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    /// A label's value stands in quotes, a help text does not.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
