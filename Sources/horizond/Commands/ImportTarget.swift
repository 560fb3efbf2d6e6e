import Configuration
import DNS
import Foundation
import Migration

/// Where an imported configuration is written: a directory, or standard output by way of a temporary
/// one, in which it is checked.
struct ImportTarget: ~Copyable {
    private let directory: String
    private let isTemporary: Bool

    /// `directory` is nil for standard output.
    init(directory: String?) {
        isTemporary = directory == nil
        self.directory =
            directory
            ?? FileManager.default.temporaryDirectory.path
            + "/horizond-import-\(UUID().uuidString)"
    }

    deinit {
        if isTemporary { try? FileManager.default.removeItem(atPath: directory) }
    }

    /// Writes all files, none of them over another.
    func write(_ site: ImportedSite) throws(ImportError) {
        for file in site.files {
            let path = "\(directory)/\(file.path)"
            guard !FileManager.default.fileExists(atPath: path) else {
                throw ImportError("\(path.quotedPath) is there already; give another --output")
            }
        }
        for file in site.files {
            let path = "\(directory)/\(file.path)"
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
            do {
                try FileManager.default.createDirectory(
                    at: parent, withIntermediateDirectories: true)
            } catch {
                throw ImportError(
                    "cannot make \(parent.path.quotedPath): \(error.localizedDescription)")
            }
            try Self.write(file.text, to: path)
        }
        if isTemporary { print(site) }
    }

    /// The main file first, since it names the others.
    private func print(_ site: ImportedSite) {
        for file in site.files.reversed() { Swift.print("# \(file.path)\n\(file.text)") }
    }

    /// Writes a file that must not be there yet.
    static func write(_ text: String, to path: String) throws(ImportError) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        } catch {
            let reason =
                (error as? CocoaError)?.code == .fileWriteFileExists
                ? "it is there already" : error.localizedDescription
            throw ImportError("cannot write \(path.quotedPath): \(reason)")
        }
    }

    /// Reads what was written as `horizond check` does.
    func check() throws(ImportError) {
        let path = "\(directory)/horizond.yaml"
        do {
            let configuration = try LoadedConfiguration(path: path, seed: 0).configuration
            for warning in configuration.warnings { StandardError.write("warning: \(warning)") }
            let name = isTemporary ? "horizond.yaml" : path
            StandardError.write("\(name): ok, \(ServiceStatus.summary(configuration))")
        } catch {
            throw ImportError(
                "what was written is no good configuration:\n" + error.lines.joined(separator: "\n")
            )
        }
    }
}
