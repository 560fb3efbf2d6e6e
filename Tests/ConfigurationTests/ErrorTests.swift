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
        arguments: ["files", "settings", "forwarding", "views", "zones"])
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
}
