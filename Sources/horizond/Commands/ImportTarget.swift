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

    /// Writes all files, none of them over another, and tells `progress` how many.
    func write(_ site: ImportedSite, _ progress: WorkProgress?) throws(ImportError) {
        progress?.begin("writing files", counting: "files", whole: site.files.count)
        let exists = FileManager.default.fileExists(atPath: directory)
        guard !exists || (try? FileManager.default.contentsOfDirectory(atPath: directory)) != nil
        else { throw ImportError("\(directory.quotedPath) is no directory for --output") }
        for file in site.files {
            let path = "\(directory)/\(file.path)"
            guard !FileManager.default.fileExists(atPath: path) else {
                throw ImportError("\(path.quotedPath) is there already; give another --output")
            }
        }
        var made: Set<Substring> = []
        for (number, file) in site.files.enumerated() {
            let path = "\(directory)/\(file.path)"
            let parent = path[..<(path.lastIndex(of: "/") ?? path.endIndex)]
            if made.insert(parent).inserted { try Self.makeDirectory(String(parent)) }
            do throws(NewFile.Failure) {
                try NewFile.write(file.text, to: path)
            } catch {
                throw ImportError("cannot write \(path.quotedPath): \(error)")
            }
            progress?.count(1)
            progress?.amountDone = number + 1
        }
    }

    private static func makeDirectory(_ path: String) throws(ImportError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw ImportError("cannot make the directory \(path.quotedPath): \(reason(error))")
        }
    }

    /// Prints what is not to stay, the main file first, since it names the others.
    func show(_ site: ImportedSite) {
        guard isTemporary else { return }
        for file in site.files.reversed() { Swift.print("# \(file.path)\n\(file.text)") }
    }

    /// Writes a file that must not be there yet.
    static func write(_ text: String, to path: String) throws(ImportError) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        } catch {
            throw ImportError("cannot write \(path.quotedPath): \(reason(error))")
        }
    }

    /// What the system said, without the words that Foundation puts around it.
    private static func reason(_ error: any Error) -> String {
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        if let cause, let code = POSIXErrorCode(rawValue: Int32(cause.code)),
            cause.domain == NSPOSIXErrorDomain
        {
            return POSIXError(code).localizedDescription
        }
        switch (error as? CocoaError)?.code {
        case .fileWriteFileExists?: return "File exists"
        case .fileNoSuchFile?, .fileReadNoSuchFile?: return "No such file or directory"
        case .fileWriteNoPermission?: return "Permission denied"
        default: return error.localizedDescription
        }
    }

    /// Reads what was written as `horizond check` does.
    func check() throws(ImportError) {
        let path = "\(directory)/horizond.yaml"
        do {
            let configuration = try ProgressLine.during("reading what was written") {
                progress throws(ConfigurationErrors) in
                try LoadedConfiguration(path: path, seed: 0, progress: progress).configuration
            }
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
