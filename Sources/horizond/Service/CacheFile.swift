import Configuration
import Foundation
import Logging
import Nameserver
import Transport

/// The file that keeps cached answers over a restart or a crash. Whatever is wrong with it costs those answers and
/// a line in the log, never the start.
struct CacheFile {
    let path: String
    /// How long past their lifetime answers may still be of use, in seconds.
    let staleLimit: UInt32
    /// The longest file that is read, in octets: no cache of about this size has a longer one.
    private let maximumSize: Int

    /// nil when the configuration wants none.
    init?(_ configuration: Configuration) {
        guard let path = configuration.cacheFile else { return nil }
        // A link stays, and the file that it names is replaced.
        self.path = URL(filePath: path).resolvingSymlinksInPath().path
        maximumSize = 2 * configuration.cacheSize
        staleLimit =
            configuration.views.flatMap { $0.forward.map(\.cache.stale) }.max() ?? 0
    }

    /// Where the file is while it is on trial: from its loading until `vouch`.
    private var trialPath: String { path + ".loading" }
    /// Where a file stays that is not loaded again, for whoever looks for the mistake.
    private var suspectPath: String { path + ".suspect" }

    /// Loads the file, and sets it aside: a process that ends soon, maybe by what it has loaded, does
    /// not load it again and again. Returns how many answers it had.
    func load(into cache: ResponseCache, _ log: Logger) -> Int {
        // Is among the configuration's warnings.
        guard Configuration.obstacle(toFile: path) == nil else { return 0 }
        for path in [trialPath, suspectPath] where Self.occupant(of: path) == .foreign {
            log.warning(
                "no cached answers loaded from \(self.path): \(path) is "
                    + "\(CacheSnapshot.Flaw.foreign), and left alone", .cacheFile)
            return 0
        }
        noteSuspect(log)
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            log.notice("no cached answers in \(path) yet", .cacheFile)
            return 0
        }
        do {
            let count = try load(attributes, into: cache)
            log.notice("loaded \(Self.text(count)) from \(path)", .cacheFile)
            return count
        } catch let flaw as CacheSnapshot.Flaw {
            log.warning("no cached answers loaded: \(path) is \(flaw)", .cacheFile)
        } catch let refusal as LoadRefusal {
            log.warning("no cached answers loaded: \(path) \(refusal.reason)", .cacheFile)
        } catch {
            log.warning(
                "no cached answers loaded from \(path): \(error.localizedDescription)", .cacheFile)
        }
        return 0
    }

    /// Why a file is not even read.
    private struct LoadRefusal: Error {
        let reason: String
    }

    private func load(
        _ attributes: [FileAttributeKey: Any], into cache: ResponseCache
    ) throws -> Int {
        guard Self.isOrdinary(attributes) else { throw LoadRefusal(reason: "is no ordinary file") }
        let size = attributes[.size] as? Int ?? 0
        guard size <= maximumSize else {
            throw LoadRefusal(reason: "has \(size) octets, more than twice cache-size")
        }
        guard Self.occupant(of: path) == .own else { throw CacheSnapshot.Flaw.foreign }
        // In a directory that cannot be changed it is loaded where it is.
        let isAside = (try? FileManager.default.moveItem(atPath: path, toPath: trialPath)) != nil
        let place = URL(filePath: isAside ? trialPath : path)
        let octets = try Data(contentsOf: place, options: .mappedIfSafe)
        return try cache.load(octets.span, at: Self.now(), staleLimit: staleLimit)
    }

    /// A file that is still on trial: the process that loaded it has crashed or was killed at once.
    private func noteSuspect(_ log: Logger) {
        guard Self.occupant(of: trialPath) == .own else { return }
        try? FileManager.default.removeItem(atPath: suspectPath)
        try? FileManager.default.moveItem(atPath: trialPath, toPath: suspectPath)
        log.warning(
            "the last process ended within seconds of loading the cached answers: they are in "
                + "\(suspectPath) now, and not loaded again", .cacheFile)
    }

    /// The process goes on with what it has loaded: the file gets its name back, unless there is a newer
    /// one.
    func vouch() {
        guard Self.occupant(of: trialPath) == .own else { return }
        // Fails when there is one.
        try? FileManager.default.moveItem(atPath: trialPath, toPath: path)
        try? FileManager.default.removeItem(atPath: trialPath)
    }

    /// Why there is no newer file.
    enum SaveFailure: Error, Equatable {
        case refused(String)
        case interrupted
    }

    /// Replaces the file; returns how many answers it has. `pause` is called between its parts, and
    /// may throw to leave the file as it was.
    func save(
        _ cache: ResponseCache, pause: () throws(SaveFailure) -> Void = {}
    ) throws(SaveFailure) -> Int {
        // A device or a pipe is not to be replaced by a file.
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes.map(Self.isOrdinary) ?? true else {
            throw .refused("no cached answers saved: \(path) is no ordinary file")
        }
        for path in [path, AtomicFile.temporaryPath(of: path)]
        where Self.occupant(of: path) == .foreign {
            throw .refused(
                "no cached answers saved: \(path) is \(CacheSnapshot.Flaw.foreign), and left alone")
        }
        do {
            var file = try AtomicFile(path: path)
            let count = try cache.writeSnapshot(at: Self.now(), staleLimit: staleLimit) {
                part throws(any Error) in
                try pause()
                try file.write(part)
            }
            try file.putInPlace()
            return count
        } catch let end as SaveFailure {
            throw end
        } catch {
            throw .refused("no cached answers saved to \(path): \(error)")
        }
    }

    /// What is at a path: a mistaken one must not cost anyone a file or a directory.
    private enum Occupant {
        case none
        /// A file that is empty or begins as ours do: it may be renamed, replaced and removed.
        case own
        case foreign
    }

    private static func occupant(of path: String) -> Occupant {
        let attributes: [FileAttributeKey: Any]
        do {
            // Of a link itself, not of what it names.
            attributes = try FileManager.default.attributesOfItem(atPath: path)
        } catch CocoaError.fileReadNoSuchFile {
            return .none
        } catch {
            return .foreign
        }
        // What cannot be read may be anything.
        guard isOrdinary(attributes), let file = FileHandle(forReadingAtPath: path),
            let start = try? file.read(upToCount: CacheSnapshot.magicOctets.count) ?? Data()
        else { return .foreign }
        return start.isEmpty || Array(start) == CacheSnapshot.magicOctets ? .own : .foreign
    }

    private static func isOrdinary(_ attributes: [FileAttributeKey: Any]) -> Bool {
        attributes[.type] as? FileAttributeType == .typeRegular
    }

    static func text(_ count: Int) -> String {
        "\(count) cached \(count == 1 ? "answer" : "answers")"
    }

    private static func now() -> CacheSnapshot.Moment {
        CacheSnapshot.Moment(
            monotonic: MonotonicClock.now(),
            unixMilliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }
}
