import Foundation

/// Lines to the standard error stream. One that nobody reads any more costs the lines, not the
/// server.
enum StandardError {
    static func write(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
