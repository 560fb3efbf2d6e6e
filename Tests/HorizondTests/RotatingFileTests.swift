import Configuration
import Foundation
import Testing

@testable import horizond

@Suite("A file that is rotated")
struct RotatingFileTests {
    private let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("horizond-rotation-\(UUID().uuidString)").path

    private var path: String { directory + "/q" }

    private func file(size: Int?, keep: Int = 2) throws -> RotatingFile {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        var rotation = QueryLogSettings.Rotation()
        rotation.size = size ?? 0
        rotation.keep = keep
        return RotatingFile(path: path, rotation: size == nil ? nil : rotation)
    }

    private func text(_ suffix: String = "") -> String? {
        FileManager.default.contents(atPath: path + suffix).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private func lines(_ numbers: ClosedRange<Int>) -> [UInt8] {
        Array(numbers.map { "line \($0)\n" }.joined().utf8)
    }

    @Test("Full files get numbers, the oldest goes, no line is cut, and none exceeds its size")
    func rotation() throws {
        let file = try file(size: 20)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try file.open()
        // Each line has seven octets, so that two fit.
        try file.write(lines(1...1))
        #expect(text() == "line 1\n")
        try file.write(lines(2...5))
        #expect(text() == "line 5\n")
        #expect(text(".1") == "line 3\nline 4\n" && text(".2") == "line 1\nline 2\n")
        try file.write(lines(6...8))
        #expect(text() == "line 7\nline 8\n")
        #expect(text(".1") == "line 5\nline 6\n" && text(".2") == "line 3\nline 4\n")
        #expect(text(".3") == nil)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
    }

    @Test(
        "A file that says that it is as long as a number can be is rotated",
        .enabled(if: SparseFiles.isPossible))
    func longFile() throws {
        let files = try SparseFiles()
        let path = try files.make("q", length: .max)
        var rotation = QueryLogSettings.Rotation()
        rotation.size = 20
        let file = RotatingFile(path: path, rotation: rotation)
        try file.open()
        try file.write(lines(1...1))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "line 1\n")
    }

    @Test("A line that is longer than a file may be has a file of its own")
    func longLine() throws {
        let file = try file(size: 10, keep: 3)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try file.open()
        let long = String(repeating: "x", count: 30)
        try file.write(Array("a\n\(long)\nb\n".utf8))
        #expect(text() == "b\n" && text(".1") == long + "\n" && text(".2") == "a\n")
    }

    @Test("What is there is appended to; where fewer files are kept, the others go")
    func earlier() throws {
        let file = try file(size: 20, keep: 1)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data("before\n".utf8).write(to: URL(fileURLWithPath: path))
        for number in 1...3 {
            try Data("\(number)\n".utf8).write(to: URL(fileURLWithPath: "\(path).\(number)"))
        }
        try file.open()
        try file.write(lines(1...2))
        #expect(text() == "line 2\n" && text(".1") == "before\nline 1\n")
        #expect(text(".2") == nil && text(".3") == nil)
    }

    @Test("A file that was moved is written until it is opened anew, one that was removed is made")
    func moved() throws {
        let file = try file(size: nil)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try file.open()
        try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
        try file.write(lines(1...1))
        try file.open()
        try file.write(lines(2...2))
        #expect(text(".old") == "line 1\n" && text() == "line 2\n")
        try FileManager.default.removeItem(atPath: path)
        try file.write(lines(3...3))
        #expect(text() == "line 3\n")
    }

    @Test("A directory and a pipe are no files")
    func others() throws {
        let file = try file(size: nil)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(throws: SinkFailure("Is a directory")) { try file.open() }
        try FileManager.default.removeItem(atPath: path)
        // The path lives for the call.
        let made = unsafe mkfifo(path, 0o600)
        #expect(made == 0)
        #expect(throws: SinkFailure("it is no regular file")) { try file.open() }
    }
}
