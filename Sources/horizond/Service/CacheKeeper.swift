import Configuration
import Dispatch
import Foundation
import Logging
import Nameserver
import Synchronization

/// Keeps the cache in its file: loads it at the start, writes it while the server runs, so that a crash
/// costs little of it, and at the end of a stop.
///
/// @unchecked Sendable: its state is touched on its queue alone.
final class CacheKeeper: @unchecked Sendable {
    /// The file is written for the first time so long after the start, in seconds, and each time the
    /// pause is twice as long: a crash costs the answers of half of the time since the start at most.
    private static let firstPause = 5
    /// Between a flush and the writing of the file: flushes that come together are one of the file's.
    private static let pauseAfterFlush = DispatchTimeInterval.milliseconds(100)
    /// Answers seldom live much longer.
    private static let longestPause = 300
    /// What is written on average at most, so that a large cache wears no flash memory out: 5.6
    /// gigabytes a day.
    private static let octetsPerSecond = 65_536
    /// How long the start waits until all is loaded, about 30,000 answers; the rest comes while queries
    /// are answered.
    private static let patience = DispatchTimeInterval.milliseconds(50)
    /// Between two parts of the file, each of which takes some 100 microseconds: a worker that
    /// shares the processor hardly waits.
    private static let rest = 0.001

    private let cache: ResponseCache
    private let log: Logger
    private let queue = DispatchQueue(label: "cache-file", qos: .default)
    private let isStopping = Atomic<Bool>(false)
    /// nil when the configuration wants none.
    private var file: CacheFile?
    private var pause = CacheKeeper.firstPause
    private var timer: (any DispatchSourceTimer)?
    /// Whether the timer is that of a flush.
    private var isFlushDue = false
    /// The cache as it was last loaded or saved; nil when the file is another one.
    private var saved: CacheStatistics?
    /// What was last wrong with the file, which is said once.
    private var trouble: String?

    init(_ configuration: Configuration, _ cache: ResponseCache, _ log: Logger) {
        self.cache = cache
        self.log = log
        file = CacheFile(configuration)
    }

    /// Loads the file, and begins to write it now and then.
    func start() {
        let loaded = DispatchSemaphore(value: 0)
        queue.async { [self] in
            let count = file?.load(into: cache, log) ?? 0
            let now = cache.statistics
            // Workers may have stored something meanwhile.
            if now.insertions == UInt64(count) { saved = now }
            scheduleNext()
            loaded.signal()
        }
        _ = loaded.wait(timeout: .now() + Self.patience)
    }

    /// From the next time on, the file is what another configuration says.
    func configure(_ configuration: Configuration) {
        queue.async { [self] in
            let new = CacheFile(configuration)
            if new?.path != file?.path {
                // Nobody else would: its next start would take the reload for a crash.
                file?.vouch()
                saved = nil
            }
            file = new
        }
    }

    /// Writes the file at once: what was flushed is not to come back from it after a crash.
    func saveAfterFlush() {
        queue.async { [self] in
            // One that comes while another waits does not put the file off.
            guard !isFlushDue else { return }
            isFlushDue = true
            schedule(Self.pauseAfterFlush, leeway: .milliseconds(20))
        }
    }

    /// Saves the cache a last time. Called once, when nobody fills it any more.
    func finish() {
        // One that is under way ends at its next part.
        isStopping.store(true, ordering: .relaxed)
        queue.sync {
            timer = nil
            guard let file else { return }
            do throws(CacheFile.SaveFailure) {
                let count = try file.save(cache)
                log.notice("saved \(CacheFile.text(count)) to \(file.path)", .cacheFile)
            } catch {
                if case .refused(let reason) = error { log.warning(reason, .cacheFile) }
            }
            file.vouch()
        }
    }

    /// Sets the timer for the next time, and has the pause after it be longer.
    private func scheduleNext() {
        schedule(.seconds(pause), leeway: .milliseconds(100))
        let wear = cache.statistics.octets / Self.octetsPerSecond
        pause = min(2 * pause, max(Self.longestPause, wear))
    }

    private func schedule(_ pause: DispatchTimeInterval, leeway: DispatchTimeInterval) {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [unowned self] in saveAgain() }
        timer.schedule(deadline: .now() + pause, leeway: leeway)
        self.timer = timer
        timer.activate()
    }

    private func saveAgain() {
        isFlushDue = false
        defer { scheduleNext() }
        guard let file else { return }
        file.vouch()
        let now = cache.statistics
        guard now != saved else { return }
        do throws(CacheFile.SaveFailure) {
            _ = try file.save(cache) { () throws(CacheFile.SaveFailure) in
                Thread.sleep(forTimeInterval: Self.rest)
                if isStopping.load(ordering: .relaxed) { throw .interrupted }
            }
            saved = now
            if trouble != nil {
                log.notice("cached answers are saved to \(file.path) again", .cacheFile)
            }
            trouble = nil
        } catch {
            guard case .refused(let reason) = error, reason != trouble else { return }
            trouble = reason
            log.warning(reason, .cacheFile)
        }
    }
}
