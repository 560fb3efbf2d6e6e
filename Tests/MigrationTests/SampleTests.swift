import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Migration

@Suite("Samples of every format")
struct SampleTests {
    /// What is written and reported for each sample, as it was judged to be right. With
    /// `HORIZOND_WRITE_EXPECTED=1` the files are written anew, to be read before they are committed.
    @Test("A sample becomes the files and the report that are expected", arguments: Sample.allCases)
    func expected(_ sample: Sample) throws {
        let site = try Importer(paths: sample.files.map { sample.root + $0 }, format: nil).run()
        var text = ""
        for file in site.files.reversed() { text += "==== \(file.path)\n\(file.text)\n" }
        text += "==== report\n"
        for line in site.report.lines + [site.report.summary] { text += line + "\n" }
        text = text.replacing(sample.root, with: "")
        let path = Sample.directory + "/expected/\(sample.rawValue).txt"
        if ProcessInfo.processInfo.environment["HORIZOND_WRITE_EXPECTED"] != nil {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        let expected = try String(contentsOfFile: path, encoding: .utf8)
        let (lines, wanted) = (text.split(separator: "\n"), expected.split(separator: "\n"))
        #expect(lines.count == wanted.count)
        for (line, want) in zip(lines, wanted) where line != want {
            #expect(line == want)
            break
        }
    }

    @Test("What is written for a sample loads without a warning", arguments: Sample.allCases)
    func loads(_ sample: Sample) throws {
        let site = try Importer(paths: sample.files.map { sample.root + $0 }, format: nil).run()
        let configuration = try site.load(in: SampleDirectory())
        #expect(configuration.zoneCount > 0)
        #expect(configuration.warnings.filter { !$0.file.hasSuffix("/dev/null") } == [])
    }

    @Test(
        "A sample that ends anywhere is imported, or refused with a reason",
        arguments: Sample.allCases)
    func truncated(_ sample: Sample) throws {
        // A prime, so that the ends fall on every kind of place.
        let step = 61
        for file in sample.files {
            let data = try sample.data(file)
            let directory = try SampleDirectory()
            for end in stride(from: 0, to: data.count, by: step) {
                try directory.write(data.prefix(end), to: file)
                try check(directory.file(file), format(of: file, sample), end: end)
            }
        }
    }

    @Test(
        "A sample with lines in disorder is imported, or refused with a reason",
        arguments: Sample.allCases)
    func disorder(_ sample: Sample) throws {
        for file in sample.files {
            var lines = String(decoding: try sample.data(file), as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false)
            let directory = try SampleDirectory()
            for round in 0..<12 {
                var generator = SeededGenerator(seed: UInt64(round))
                lines.shuffle(using: &generator)
                var octets = Array(lines.joined(separator: "\n").utf8)
                for _ in 0..<round where !octets.isEmpty {
                    let index = Int.random(in: 0..<octets.count, using: &generator)
                    octets[index] = UInt8.random(in: 0...255, using: &generator)
                }
                try directory.write(Data(octets), to: file)
                try check(directory.file(file), format(of: file, sample), end: round)
            }
        }
    }

    private func format(of file: String, _ sample: Sample) -> ForeignFormat {
        sample == .pihole
            ? .pihole : ForeignFormat(rawValue: sample.rawValue) ?? .hosts
    }

    /// Whatever is in a file, what is written of it loads.
    private func check(_ path: String, _ format: ForeignFormat, end: Int) throws {
        let site: ImportedSite
        do {
            site = try Importer(paths: [path], format: format).run()
        } catch {
            #expect(!error.description.isEmpty)
            return
        }
        do {
            _ = try site.load(in: SampleDirectory())
        } catch let errors as ConfigurationErrors {
            Issue.record("\(path) \(end): \(errors)")
        }
    }
}
