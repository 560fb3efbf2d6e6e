import DNS
import Foundation
import Nameserver

/// One of the files of a configuration: reports what is wrong in it and finds what it names.
struct ConfigurationFile {
    /// The path, absolute or relative to the working directory; messages show it so.
    let path: String
    private let diagnostics: Diagnostics

    init(_ path: String, _ diagnostics: Diagnostics) {
        self.path = path
        self.diagnostics = diagnostics
        diagnostics.insert(file: path)
    }

    /// Notes what stands in this file, for the hash of the configuration.
    func note(_ hash: ContentHash) { diagnostics.insert(hash: hash, ofFile: path) }

    /// Whether anything was reported as wrong so far, here or in another file.
    var hasErrors: Bool { diagnostics.hasErrors }

    /// Whether there are as many errors as are ever shown.
    var hasErrorsEnough: Bool { diagnostics.hasErrorsEnough }

    /// Whether the process that reads is the service.
    var isForService: Bool { diagnostics.isForService }

    func error(
        _ mark: YAMLMark?, _ problem: String, expected: String? = nil, suggestion: String? = nil
    ) {
        diagnostics.insert(error: diagnostic(mark, problem, expected, suggestion))
    }

    /// Reports what stands somewhere in a line.
    func error(line: Int, _ problem: String, expected: String) {
        diagnostics.insert(
            error: ConfigurationError(
                file: path, line: line, column: nil, problem: problem, expected: expected,
                suggestion: nil))
    }

    func warning(
        _ mark: YAMLMark?, _ problem: String, expected: String? = nil, suggestion: String? = nil
    ) {
        diagnostics.insert(warning: diagnostic(mark, problem, expected, suggestion))
    }

    /// Reports that a node is not what stands here.
    func wrongKind(_ node: YAMLNode, expected: String) {
        error(node.mark, "found \(node.kind)", expected: expected)
    }

    /// The path for lines of text, of which it is to be a part.
    var shownPath: String { path.escapingUnprintable }

    func place(of mark: YAMLMark) -> ConfigurationPlace {
        ConfigurationPlace(file: shownPath, line: mark.line, column: mark.column)
    }

    /// Another file of the same configuration.
    func other(_ path: String) -> ConfigurationFile { ConfigurationFile(path, diagnostics) }

    /// A path of this file, relative to the directory that this file is in.
    func resolve(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = self.path.lastIndex(of: "/") else { return path }
        return self.path[...slash] + path
    }

    /// Reports why `other`, which this file names at `mark`, ends here.
    func error(_ mark: YAMLMark?, in other: ConfigurationFile, _ failure: YAMLError) {
        if let place = failure.mark {
            other.error(place, failure.problem, expected: failure.expected)
        } else {
            error(
                mark, "cannot read \(other.path.quotedPath): \(failure.problem)",
                expected: failure.expected)
        }
    }

    /// Why this file could not be read.
    func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile?: "No such file or directory"
        case .fileReadNoPermission?: "Permission denied"
        default:
            (try? URL(fileURLWithPath: path).resourceValues(forKeys: [.isDirectoryKey]))?
                .isDirectory == true ? "Is a directory" : error.localizedDescription
        }
    }

    private func diagnostic(
        _ mark: YAMLMark?, _ problem: String, _ expected: String?, _ suggestion: String?
    ) -> ConfigurationError {
        ConfigurationError(
            file: path, line: mark?.line, column: mark?.column, problem: problem,
            expected: expected, suggestion: suggestion)
    }
}
