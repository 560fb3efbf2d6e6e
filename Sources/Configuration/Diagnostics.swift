/// Collects what is wrong with a configuration while it is read.
final class Diagnostics {
    /// A file of a million bad records is not to fill the memory.
    static let maximumKept = 1_000

    /// Whether the process that reads is the service, which alone is passed credentials.
    let isForService: Bool

    private var errors = Kept()
    private var warnings = Kept()
    /// The files and directories read, in the order in which they were first read.
    private(set) var files: [String] = []
    private var knownFiles: Set<String> = []
    /// Of those files that say what is served.
    private var hashes: [String: ContentHash] = [:]

    private struct Kept {
        private(set) var all: [ConfigurationError] = []
        private var seen: Set<ConfigurationError> = []
        private(set) var count = 0

        /// Keeps `error` unless it is known: a file that two zones share is read twice.
        mutating func insert(_ error: ConfigurationError) {
            guard all.count < Diagnostics.maximumKept else {
                count += 1
                return
            }
            guard seen.insert(error).inserted else { return }
            all.append(error)
            count += 1
        }

        /// By file in the order of `files`, then by place.
        func sorted(by files: [String]) -> [ConfigurationError] {
            let numbers = Dictionary(
                zip(files, files.indices), uniquingKeysWith: { first, _ in first })
            func key(_ error: ConfigurationError, _ index: Int) -> [Int] {
                [numbers[error.file] ?? files.count, error.line ?? 0, error.column ?? 0, index]
            }
            return all.enumerated()
                .sorted { key($0.1, $0.0).lexicographicallyPrecedes(key($1.1, $1.0)) }
                .map(\.element)
        }
    }

    init(isForService: Bool) { self.isForService = isForService }

    var hasErrors: Bool { errors.count > 0 }

    /// Whether all errors are there that anyone is shown: to find out what was meant by more of them takes
    /// time for nothing.
    var hasErrorsEnough: Bool { errors.count >= ConfigurationErrors.maximumPrinted }

    var sortedWarnings: [ConfigurationError] { warnings.sorted(by: files) }

    var collected: ConfigurationErrors {
        ConfigurationErrors(
            errors: errors.sorted(by: files), count: errors.count, warnings: sortedWarnings)
    }

    func insert(error: ConfigurationError) { errors.insert(error) }
    func insert(warning: ConfigurationError) { warnings.insert(warning) }

    func insert(file: String) {
        if knownFiles.insert(file).inserted { files.append(file) }
    }

    /// A file that is read twice counts once.
    func insert(hash: ContentHash, ofFile file: String) { hashes[file] = hash }

    var configurationHash: ConfigurationHash {
        ConfigurationHash(files.compactMap { hashes[$0] })
    }
}
