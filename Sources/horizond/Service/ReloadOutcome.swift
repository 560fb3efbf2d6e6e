import Dispatch
import Foundation

/// How the last reload ended, in a file of the service's runtime directory, where `horizond reload`
/// looks for it.
///
/// A file, since a signal brings no answer: whoever sent SIGHUP knows the end of *its* reload by the
/// time at which that began. Reloads that become one have the same end.
struct ReloadOutcome: Equatable {
    /// When the reload began, in microseconds of CLOCK_MONOTONIC.
    let began: Int64
    /// What was wrong, a line each; empty when all went well.
    let errors: [String]

    /// Where a service manager wants such files: in the first of the directories that it names
    /// (systemd.exec(5), RuntimeDirectory=); nil without one.
    static var path: String? {
        ProcessInfo.processInfo.environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first
            .map { $0 + "/reload" }
    }

    init(began: Int64, errors: [String]) {
        self.began = began
        self.errors = errors
    }

    /// Reads what `text` says; nil when that was written by something else.
    init?(_ text: String) {
        let lines = text.split(separator: "\n").map(String.init)
        guard let first = lines.first, let began = Int64(first) else { return nil }
        self.init(began: began, errors: Array(lines.dropFirst()))
    }

    var text: String { ([String(began)] + errors).joined(separator: "\n") + "\n" }

    /// Replaces what the file said of an earlier reload.
    func write(to path: String) throws(AtomicFile.Failure) {
        var file = try AtomicFile(path: path)
        try file.write(Array(text.utf8).span)
        try file.putInPlace()
    }

    static func read(_ path: String) -> ReloadOutcome? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { ReloadOutcome($0) }
    }

    /// By the clock of the service manager's messages, which stands still while the machine sleeps.
    static func now() -> Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1000) }
}
