import Testing

@testable import Admin

@Suite("The text form of metrics")
struct MetricsTextTests {
    @Test("A family is its help, its type and a line for each sample")
    func family() {
        var family = MetricFamily(.counter, "horizond_queries_total", "Queries.")
        family.add(3, ["view": "lan", "type": "A"])
        family.add(0, ["view": "lan", "type": "other"])
        #expect(
            MetricsText.of([family]) == """
                # HELP horizond_queries_total Queries.
                # TYPE horizond_queries_total counter
                horizond_queries_total{view="lan",type="A"} 3
                horizond_queries_total{view="lan",type="other"} 0

                """)
    }

    @Test("Families follow each other, and one without a sample is not named")
    func families() {
        let text = MetricsText.of([
            MetricFamily(.gauge, "first", "One.", value: 1), MetricFamily(.gauge, "none", "Never."),
            MetricFamily(.gauge, "second", "Two.", value: 0.5),
        ])
        #expect(
            text == """
                # HELP first One.
                # TYPE first gauge
                first 1
                # HELP second Two.
                # TYPE second gauge
                second 0.5

                """)
    }

    @Test("A histogram's buckets count what is at most their bound, and the last one everything")
    func histogram() {
        var family = MetricFamily(.histogram, "time_seconds", "Time.")
        family.add(
            MetricHistogram(bounds: [0.001, 0.25, 2], counts: [5, 0, 2, 1], sum: 3.5),
            ["source": "cache"])
        #expect(
            MetricsText.of([family]) == """
                # HELP time_seconds Time.
                # TYPE time_seconds histogram
                time_seconds_bucket{source="cache",le="0.001"} 5
                time_seconds_bucket{source="cache",le="0.25"} 5
                time_seconds_bucket{source="cache",le="2"} 7
                time_seconds_bucket{source="cache",le="+Inf"} 8
                time_seconds_sum{source="cache"} 3.5
                time_seconds_count{source="cache"} 8

                """)
    }

    @Test("Backslashes, line feeds and, in a label, quotes are escaped")
    func escapes() {
        var family = MetricFamily(.gauge, "g", "A \"path\\\",\nin two lines")
        family.add(1, ["view": "a\"b\\c\nd é"])
        let lines = MetricsText.of([family]).split(separator: "\n")
        #expect(lines[0] == #"# HELP g A "path\\",\nin two lines"#)
        #expect(lines[2] == #"g{view="a\"b\\c\nd é"} 1"#)
    }

    @Test(
        "Numbers are written as Prometheus reads them",
        arguments: [
            (0.0, "0"), (-1, "-1"), (1e15, "1000000000000000"), (0.000_05, "5e-05"), (0.1, "0.1"),
            (281_474_976_710_655, "281474976710655"), (Double.infinity, "+Inf"),
            (-Double.infinity, "-Inf"), (Double.nan, "NaN"), (1.5e300, "1.5e+300"),
        ])
    func numbers(value: Double, text: String) {
        let lines = MetricsText.of([MetricFamily(.gauge, "g", "G.", value: value)])
            .split(separator: "\n")
        #expect(lines.last == "g \(text)")
    }
}
