import Foundation
import FuzzTargets
import Testing

// One after the other, since the configurations of a process share a directory.
@Suite("The fuzz targets' corpora", .serialized)
struct CorpusTests {
    private static let corpus = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzz/corpus")

    /// Every input runs as the fuzzer would run it; a trap ends the test run after its name.
    @Test("Every input gives what it should", arguments: FuzzTarget.allCases)
    func replays(target: FuzzTarget) throws {
        let directory = Self.corpus.appending(path: target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(names.count > 10)
        for name in names {
            let input = try Data(contentsOf: directory.appending(path: name))
            do {
                try target.run([UInt8](input))
            } catch {
                Issue.record("\(target.rawValue)/\(name): \(error)")
            }
        }
    }
}
