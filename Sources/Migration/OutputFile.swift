import Configuration
import DNS

/// A file of the imported configuration.
package struct OutputFile: Sendable {
    /// Relative to the directory of all.
    package let path: String
    package fileprivate(set) var lines: [String] = []

    package var text: String { lines.map { $0 + "\n" }.joined() }
}

/// Writes files line by line, and remembers which statements became which lines.
struct OutputLines {
    private(set) var files: [OutputFile] = []
    /// Where each statement is carried over to, as `FILE:LINE`.
    private(set) var places: [StatementID: [String]] = [:]
    private let statements: [Statement]
    private let progress: WorkProgress?

    /// As many places as a comment names; a host may be in thousands of lists.
    private static let maximumInComment = 3

    init(_ statements: [Statement], _ progress: WorkProgress?) {
        self.statements = statements
        self.progress = progress
    }

    /// How many lines the file begun last has.
    var lineCount: Int { files.last?.lines.count ?? 0 }

    mutating func begin(_ path: String) { files.append(OutputFile(path: path)) }

    /// Writes a line into the file begun last, with a comment that names where it is from.
    mutating func write(_ text: String, from origins: [StatementID] = []) {
        progress?.count(1)
        let last = files.count - 1
        var unique: [StatementID] = []
        for origin in origins where !unique.contains(origin) { unique.append(origin) }
        files[last].lines.append(text + comment(unique))
        let place = "\(files[last].path):\(files[last].lines.count)"
        for origin in unique { places[origin, default: []].append(place) }
    }

    private func comment(_ origins: [StatementID]) -> String {
        guard !origins.isEmpty else { return "" }
        let names = origins.prefix(Self.maximumInComment).map { origin in
            let place = statements[origin].place
            return "\(place.file.lastPathPart.escapingUnprintable):\(place.line)"
        }
        let more = origins.count > names.count ? ", …" : ""
        return "  # from \(names.joined(separator: ", "))\(more)"
    }
}
