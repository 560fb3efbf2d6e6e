import Foundation
import Testing

extension SharingTests {
    @Suite("Progress on a terminal")
    struct ProgressTests {
        /// A configuration with a zone that takes a while, and the same as a file of hosts.
        private struct LargeSite {
            let directory: TemporaryDirectory
            static let count = 1_000_000

            init() throws {
                directory = try TemporaryDirectory()
                try directory.write("zones: {large.example: large.yaml}\n", to: "horizond.yaml")
                let zone = (0..<Self.count).map { "h\($0): 192.0.2.1\n" }.joined()
                try directory.write(zone, to: "large.yaml")
                let hosts = (0..<200_000).map { "192.0.2.1 h\($0).example.net\n" }.joined()
                try directory.write(hosts, to: "hosts")
            }

            func check(_ more: String...) throws -> [String] {
                try [Server.binary, "check", "-c", directory.file("horizond.yaml")] + more
            }
        }

        /// What a program wrote to a terminal, piece by piece.
        private struct Screen {
            static let erase = "\r\u{1b}[J"

            let pieces: [(seconds: Double, text: String)]

            /// Runs a program on a terminal of `widths` columns, the second from its first output on.
            init(_ arguments: [String], widths: String = "80", kind: String = "xterm") throws {
                let script = Server.repository + "/Tests/ServiceTests/Scripts/terminal.py"
                let (output, status) = try run(
                    ["/usr/bin/python3", script, widths] + arguments,
                    environment: ["TERM": kind], timeout: .seconds(60))
                try #require(status == .exited(0), "\(output)")
                pieces = try output.split(separator: "\n").map { line in
                    let piece =
                        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any] ?? []
                    return (
                        try #require(piece.first as? Double), try #require(piece.last as? String)
                    )
                }
            }

            var text: String { pieces.map(\.text).joined() }

            /// The lines that were written over.
            var progress: [String] {
                text.components(separatedBy: Self.erase).dropFirst()
                    .compactMap { $0.hasSuffix("\r") ? String($0.dropLast()) : nil }
            }

            /// What is there at the end.
            var rest: String { text.components(separatedBy: Self.erase).last ?? "" }
        }

        @Test(
            "A long check shows how far it is, not at once, not too often, and nothing at the end")
        func check() throws {
            let site = try LargeSite()
            let screen = try Screen(site.check())
            let progress = screen.progress
            try #require(progress.count > 1)
            let form = #/\S*large\.yaml: (\d+) records, (\d+) %, \d+ s/#
            for line in progress {
                #expect(try form.wholeMatch(in: line) != nil, "\(line)")
                #expect(line.count < 80)
            }
            let counts = progress.compactMap { try? form.wholeMatch(in: $0).flatMap { Int($0.1) } }
            #expect(counts == counts.sorted() && counts.allSatisfy { $0 <= LargeSite.count })
            let (first, last) = (screen.pieces[0].seconds, screen.pieces.last?.seconds ?? 0)
            #expect(first >= 0.5)
            #expect(Double(progress.count) <= (last - first) * 10 + 2)
            #expect(
                screen.rest.contains(
                    #/horizond.yaml: ok, 1 zone, 1 view, 1 upstream, digest [0-9a-f]{12}\r\n$/#))
            #expect(!screen.rest.contains("records"))
        }

        @Test("The line keeps to a window that becomes narrower")
        func width() throws {
            let site = try LargeSite()
            let progress = try Screen(site.check("-q"), widths: "120,40").progress
            try #require(progress.count > 2)
            for line in progress.dropFirst(2) { #expect(line.count < 40, "\(line)") }
        }

        @Test("An import shows what it reads and writes")
        func importing() throws {
            let site = try LargeSite()
            let screen = try Screen([
                Server.binary, "import", "-o", site.directory.file("out"),
                "--report", site.directory.file("report"), site.directory.file("hosts"),
            ])
            #expect(screen.progress.contains { $0.hasPrefix("reading hosts: ") })
            #expect(!screen.rest.contains("reading hosts: "))
            #expect(screen.text.contains("\u{1b}[J200000 lines: 200000 carried over"))
        }

        @Test("A pipe, a dumb terminal and one of no kind get nothing of it")
        func quiet() throws {
            let site = try LargeSite()
            let (output, status) = try run(
                site.check("-q"), environment: ["TERM": "xterm"], timeout: .seconds(60))
            #expect(status == .exited(0))
            #expect(output.isEmpty)
            for kind in ["dumb", ""] {
                #expect(try Screen(site.check("-q"), kind: kind).text.isEmpty)
            }
        }

        @Test("NO_COLOR is about colours alone, of which there are none")
        func colours() throws {
            let site = try LargeSite()
            let screen = try Screen(["/usr/bin/env", "NO_COLOR=1"] + site.check("-q"))
            #expect(!screen.progress.isEmpty)
            #expect(!screen.text.contains("m\u{1b}") && !screen.text.contains("\u{1b}[3"))
        }
    }
}
