import Testing

@testable import Configuration

@Suite("Reading YAML")
struct YAMLReaderTests {
    @Test("Every scalar, list and mapping has its place")
    func marks() throws {
        let entries = try entries("a: 1\n\"b\":\n  - x\n  - {c: 'd', é: [e]}\n")
        let places = entries.map { "\($0.key.mark.line):\($0.key.mark.column)" }
        #expect(places == ["1:1", "2:1"])
        guard case .sequence(let items, let mark) = entries[1].value,
            case .mapping(let inner, let innerMark) = items[1]
        else {
            Issue.record("not a list with a mapping")
            return
        }
        #expect(mark == YAMLMark(line: 3, column: 3))
        #expect(items[0].mark == YAMLMark(line: 3, column: 5))
        #expect(innerMark == YAMLMark(line: 4, column: 5))
        // Columns are characters, not octets.
        #expect(inner[1].value.mark == YAMLMark(line: 4, column: 17))
    }

    @Test("Scalars are texts, and null only without quotes")
    func scalars() throws {
        let entries = try entries(
            "a: 010\nb: yes\nc:\nd: ~\ne: null\nf: ''\ng: 'null'\nh: |\n  x\n")
        #expect(
            entries.map(\.value.scalar?.text) == ["010", "yes", nil, nil, nil, "", "null", "x\n"])
    }

    @Test("A byte order mark is no text")
    func byteOrderMark() throws {
        #expect(try entries("\u{feff}a: b\n").map(\.key.text) == ["a"])
    }

    @Test("Text that is not UTF-8 is found where it is")
    func badText() throws {
        let site = try Site("zones: {a.example: zone.yaml}")
        let text = "www: 192.0.2.1\nmäil: \u{1}\n"
        try site.write(text, to: "zone.yaml")
        #expect(
            site.errors() == [
                "zone.yaml:2:7: bad text: control characters are not allowed; "
                    + "expected printable UTF-8"
            ])
    }

    @Test("A text that is too long for any record is refused")
    func longScalar() throws {
        let text = String(repeating: "x", count: YAMLReader.maximumScalarLength + 1)
        #expect(
            try zoneErrors("www: \(text)") == [
                "zone.yaml:1:6: a text of 262145 octets; expected at most 262144 octets"
            ])
    }

    private func entries(_ text: String) throws -> [YAMLEntry] {
        let site = try Site(text)
        let reader = try YAMLReader(path: site.path("horizond.yaml"))
        try reader.enterMapping(expected: "entries")
        var entries: [YAMLEntry] = []
        while let entry = try reader.nextEntry() { entries.append(entry) }
        return entries
    }
}
