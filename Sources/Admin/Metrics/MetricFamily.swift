/// A metric with what it means and a sample for each set of labels: one family of the text form.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package let name: String
    package let kind: Kind
    let help: String
    private(set) var samples: [Sample] = []

    /// The names of labels with their values, in the order in which they are written.
    package typealias Labels = KeyValuePairs<String, String>

    struct Sample: Sendable {
        let labels: Labels
        let value: Value

        enum Value: Sendable {
            case number(Double)
            case histogram(MetricHistogram)
        }
    }

    /// A family of counters or gauges. The name has a counter's `_total` and the unit before it.
    package init(_ kind: Kind, _ name: String, _ help: String) {
        self.kind = kind
        self.name = name
        self.help = help
    }

    /// A family with one sample that has no labels.
    package init(_ kind: Kind, _ name: String, _ help: String, value: some BinaryInteger) {
        self.init(kind, name, help)
        add(value)
    }

    package init(_ kind: Kind, _ name: String, _ help: String, value: Double) {
        self.init(kind, name, help)
        add(value)
    }

    package mutating func add(_ value: Double, _ labels: Labels = [:]) {
        samples.append(Sample(labels: labels, value: .number(value)))
    }

    /// Counts above 2⁵³ lose their last digits, as they do in Prometheus.
    package mutating func add(_ value: some BinaryInteger, _ labels: Labels = [:]) {
        add(Double(value), labels)
    }

    package mutating func add(_ histogram: MetricHistogram, _ labels: Labels = [:]) {
        samples.append(Sample(labels: labels, value: .histogram(histogram)))
    }
}

/// How often something was at most so much: counts for the ranges between bounds.
package struct MetricHistogram: Equatable, Sendable {
    /// The upper bounds, rising, without the infinite one.
    let bounds: [Double]
    /// What was counted in each range, the one above the last bound included.
    private(set) var counts: [UInt64]
    private(set) var sum: Double

    /// There is one count more than there are bounds.
    package init(bounds: [Double], counts: [UInt64], sum: Double) {
        precondition(counts.count == bounds.count + 1, "a histogram's last range has no bound")
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }
}
