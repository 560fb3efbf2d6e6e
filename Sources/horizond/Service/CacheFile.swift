import Configuration
import Foundation
import Logging
import Nameserver
import Transport

/// The file that keeps cached answers over a restart. Whatever is wrong with it costs those answers and
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

    func load(into cache: ResponseCache, _ log: Logger) {
        // Is among the configuration's warnings.
        guard Configuration.obstacle(toFile: path) == nil else { return }
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            return log.notice("no cached answers in \(path) yet", .cacheFile)
        }
        guard Self.isOrdinary(attributes) else {
            return log.warning("no cached answers loaded: \(path) is no ordinary file", .cacheFile)
        }
        let size = attributes[.size] as? Int ?? 0
        guard size <= maximumSize else {
            return log.warning(
                "no cached answers loaded: \(path) has \(size) octets, more than twice cache-size",
                .cacheFile)
        }
        do {
            let octets = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
            let count = try cache.load(octets.span, at: Self.now(), staleLimit: staleLimit)
            log.notice("loaded \(Self.text(count)) from \(path)", .cacheFile)
        } catch let flaw as CacheSnapshot.Flaw {
            log.warning("no cached answers loaded: \(path) is \(flaw)", .cacheFile)
        } catch {
            log.warning(
                "no cached answers loaded from \(path): \(error.localizedDescription)", .cacheFile)
        }
    }

    func save(_ cache: ResponseCache, _ log: Logger) {
        // A device or a pipe is not to be replaced by a file.
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes.map(Self.isOrdinary) ?? true else {
            return log.warning("no cached answers saved: \(path) is no ordinary file", .cacheFile)
        }
        guard mayBeReplaced else {
            return log.warning(
                "no cached answers saved: \(path) is \(CacheSnapshot.Flaw.foreign), and left alone",
                .cacheFile)
        }
        do throws(AtomicFile.Failure) {
            var file = try AtomicFile(path: path)
            let count = try cache.writeSnapshot(at: Self.now(), staleLimit: staleLimit) {
                part throws(AtomicFile.Failure) in
                try file.write(part)
            }
            try file.putInPlace()
            log.notice("saved \(Self.text(count)) to \(path)", .cacheFile)
        } catch {
            log.warning("no cached answers saved to \(path): \(error)", .cacheFile)
        }
    }

    /// Whether the file, if there is one, is empty or begins as ours do: a mistaken path must not cost
    /// anyone a file.
    private var mayBeReplaced: Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return true }
        let start = (try? file.read(upToCount: CacheSnapshot.magicOctets.count)) ?? Data()
        return start.isEmpty || Array(start) == CacheSnapshot.magicOctets
    }

    private static func isOrdinary(_ attributes: [FileAttributeKey: Any]) -> Bool {
        attributes[.type] as? FileAttributeType == .typeRegular
    }

    private static func text(_ count: Int) -> String {
        "\(count) cached \(count == 1 ? "answer" : "answers")"
    }

    private static func now() -> CacheSnapshot.Moment {
        CacheSnapshot.Moment(
            monotonic: MonotonicClock.now(),
            unixMilliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }
}
