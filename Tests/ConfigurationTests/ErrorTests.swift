import Foundation
import Testing

@testable import Configuration

/// A mistake and all that is reported of it: a case of Tests/Fixtures/errors. A case begins with
/// `===` and what it is about; lines with `->` are the errors expected.
struct Mistake: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let errors: [String]

    static func all(_ file: String) throws -> [Mistake] {
        let cases = try fixture("errors/\(file).txt").components(separatedBy: "=== ").dropFirst()
        return cases.map { text in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let isError = { (line: Substring) in line.hasPrefix("-> ") }
            return Mistake(
                testDescription: String(lines[0]),
                text: lines.dropFirst().filter { !isError($0) }.joined(separator: "\n"),
                errors: lines.filter(isError).map { String($0.dropFirst(3)) })
        }
    }
}

/// A file of Tests/Fixtures.
func fixture(_ path: String) throws -> String {
    try String(contentsOfFile: fixturePath(path), encoding: .utf8)
}

func fixturePath(_ path: String) -> String {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
    return tests.appendingPathComponent("Fixtures").appendingPathComponent(path).path
}

@Suite("Every mistake is reported with its place, what was found and what is expected")
struct ErrorTests {
    @Test(
        "In the main file",
        arguments: ["files", "settings", "forwarding", "views", "zones", "contradictions"])
    func mainFile(file: String) throws {
        for mistake in try Mistake.all(file) {
            let found = try errors(mistake.text)
            #expect(found == mistake.errors, "\(file): \(mistake.testDescription)")
        }
    }

    @Test("In a zone file", arguments: try Mistake.all("records"))
    func zoneFile(mistake: Mistake) throws {
        #expect(try zoneErrors(mistake.text) == mistake.errors)
    }

    @Test("public is for overlays")
    func publicInAuthoritativeZone() throws {
        #expect(
            try zoneErrors("www: public", mode: "authoritative") == [
                "zone.yaml:1:6: \"public\" in an authoritative zone; "
                    + "expected mode: overlay, since there is no public zone to ask"
            ])
    }

    @Test("An owner name that says it is Punycode and is not is refused")
    func badPunycode() throws {
        #expect(
            try zoneErrors("xn--99999999: 192.0.2.1") == [
                "zone.yaml:1:1: bad owner name \"xn--99999999\": xn--99999999 is no Punycode; "
                    + "expected the letters themselves, or what they are encoded to "
                    + "(RFC 5890 §2.3.2.1)"
            ])
        #expect(try zoneErrors("{xn--bcher-kva: 192.0.2.1, xn--ls8h: 192.0.2.2}") == [])
    }

    @Test("What a terminal would obey or hide is escaped, wherever an error quotes it")
    func escapesUnprintable() throws {
        let found = try zoneErrors(#""a\u202e\e[2J\u00a0\U0010ffff\u0378ä": 192.0.2.1"#)
        let escaped = "a\\u{202e}\\u{1b}[2J\\u{a0}\\u{10ffff}\\u{378}ä"
        #expect(
            found == [
                "zone.yaml:1:1: bad owner name \"\(escaped)\": a label that IDNA does not allow: "
                    + "\"\(escaped)\"; expected a name relative to the zone example.com."
            ])
    }
}
