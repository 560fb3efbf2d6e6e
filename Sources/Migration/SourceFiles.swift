import Configuration
import DNS
import Foundation

/// Why the files cannot be imported.
package struct ImportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A line of a file and where it stands.
struct SourceLine {
    let place: SourcePlace
    let text: Substring
}

/// Reads the files of another server, those too that they name, within limits.
///
/// A file's own idea of where it is may be that of another machine, so that one that is not there is
/// looked for beside the file that names it.
final class SourceFiles {
    /// Of all files together; the largest lists of hosts have some ten million octets.
    static let maximumSize = 64 << 20
    /// Far more than a server has; directories of thousands of files hold lists for blocking.
    static let maximumFiles = 1_000
    /// As deep as one file may include another.
    static let maximumDepth = 16

    /// The files that were read, in the order of reading.
    private(set) var paths: [String] = []
    private var octetsLeft = SourceFiles.maximumSize

    /// The text of a file; octets that are no UTF-8 become replacement characters.
    func text(_ path: String) throws(ImportError) -> String {
        guard paths.count < Self.maximumFiles else {
            throw ImportError("more than \(Self.maximumFiles) files")
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: resolved(path))
        let type = attributes?[.type] as? FileAttributeType
        guard type != .typeDirectory else {
            throw ImportError("cannot read \(path.quotedPath): Is a directory")
        }
        let octets: [UInt8]
        do {
            octets = try RegularFile.contents(path, maximumSize: octetsLeft)
        } catch {
            throw ImportError("cannot read \(path.quotedPath): \(error.problem)")
        }
        // What the kernel makes up as it is read has no size before.
        guard octets.count < octetsLeft else {
            throw ImportError("cannot read \(path.quotedPath): the files are too large together")
        }
        octetsLeft -= octets.count
        paths.append(path)
        return String(decoding: octets, as: UTF8.self)
    }

    private func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// The lines of a file, the first with the number 1.
    func lines(_ path: String) throws(ImportError) -> [SourceLine] {
        Self.lines(of: try text(path), in: path)
    }

    static func lines(of text: String, in path: String) -> [SourceLine] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            .map {
                SourceLine(place: SourcePlace(file: path, line: $0.offset + 1), text: $0.element)
            }
    }

    /// The files that `pattern` names in the file at `path`: one, or several by `*` in its last part.
    /// A relative one is beside that file.
    func paths(matching pattern: String, in path: String) -> [String] {
        let full = pattern.hasPrefix("/") ? pattern : Self.directory(of: path) + pattern
        guard pattern.contains("*") || pattern.contains("?") else {
            return candidates(full, beside: path).first { exists($0) }.map { [$0] } ?? []
        }
        let name = full.lastPathPart
        for directory in candidates(String(full.dropLast(name.count)), beside: path) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            let matching = names.filter { $0.matches(pattern: name) && !$0.hasPrefix(".") }
            if !matching.isEmpty { return matching.sorted().map { directory + $0 } }
        }
        return []
    }

    /// The files of a directory that the file at `path` names.
    func files(in directory: String, namedBy path: String) -> [String]? {
        let full = directory.hasPrefix("/") ? directory : Self.directory(of: path) + directory
        for directory in candidates(full, beside: path) {
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory)
            else { continue }
            return names.filter { !$0.hasPrefix(".") }.sorted()
                .map { directory + (directory.hasSuffix("/") ? "" : "/") + $0 }
        }
        return nil
    }

    /// Where a file may be: at its path, or beside the one that names it.
    private func candidates(_ full: String, beside path: String) -> [String] {
        let trimmed = full.hasSuffix("/") ? String(full.dropLast()) : full
        let beside = Self.directory(of: path) + trimmed.lastPathPart
        return [full, full.hasSuffix("/") ? beside + "/" : beside]
    }

    private func exists(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: resolved(path))
        return attributes?[.type] as? FileAttributeType == .typeRegular
    }

    static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}

extension String {
    /// What stands behind the last slash.
    var lastPathPart: String {
        String(self[(lastIndex(of: "/").map(index(after:)) ?? startIndex)...])
    }

    /// Whether the text is one of a shell's pattern with `*` and `?`.
    func matches(pattern: String) -> Bool {
        let (text, pattern) = (Array(self), Array(pattern))
        var (index, position) = (0, 0)
        // Where to go on when what follows the last `*` does not fit.
        var retry: (index: Int, position: Int)?
        while index < text.count {
            if position < pattern.count, pattern[position] == "*" {
                retry = (index, position)
                position += 1
            } else if position < pattern.count,
                pattern[position] == "?" || pattern[position] == text[index]
            {
                (index, position) = (index + 1, position + 1)
            } else if let last = retry {
                retry = (last.index + 1, last.position)
                (index, position) = (last.index + 1, last.position + 1)
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "*" }
    }
}
