import Dispatch
import Logging
import Synchronization
import Transport

/// What writes a sink's octets: to a file or a collector. It may take its time, but not forever. Owned by
/// the sink's queue.
protocol SinkWriter: AnyObject {
    func open() throws(SinkFailure)
    /// Writes lines. Nothing is written after it has thrown until it is opened again.
    func write(_ octets: [UInt8]) throws(SinkFailure)
    func close()
}

/// Why a writer could not go on.
struct SinkFailure: Error, Equatable {
    let reason: String
    /// So many octets were written before, for good.
    var written = 0

    init(_ reason: String, written: Int = 0) {
        self.reason = reason
        self.written = written
    }
}

/// A sink whose writer may be slow or fail: a bounded queue stands before it. What does not fit, or
/// cannot be written, is dropped and counted; after a failure the writer is tried again, at first soon.
///
/// @unchecked Sendable: the writer and what is known of it are touched on its queue alone.
final class QueuedSink: QuerySink, @unchecked Sendable {
    /// Where so many octets wait to be written, some ten thousand lines, no more are taken.
    static let maximumWaiting = 4 << 20
    /// The pauses after failures, in nanoseconds: each twice as long as the one before.
    private static let firstPause = MonotonicClock.nanosecondsPerSecond
    private static let longestPause = 30 * MonotonicClock.nanosecondsPerSecond
    /// So long all must be well until a failure is over.
    private static let trialPeriod = 10 * MonotonicClock.nanosecondsPerSecond

    typealias Encoder = @Sendable (LoggedQuery, inout [UInt8]) -> Void

    /// For the log, such as `file:/var/log/horizond/queries.jsonl`.
    private let name: String
    private let encode: Encoder
    private let queue: DispatchQueue
    private let events: EventLog
    private let dropped: DroppedLines
    private let waiting = Atomic<Int>(0)
    private let writer: any SinkWriter
    private var isOpen = false
    private var openedAt: Int64 = 0
    private var hasFailed = false
    private var pause = QueuedSink.firstPause
    private var retryAt: Int64 = 0

    /// Sinks that follow each other have the same queue, so that one is closed when the next is opened.
    init(
        _ name: String, _ writer: any SinkWriter, queue: DispatchQueue, events: EventLog,
        dropped: DroppedLines, encode: @escaping Encoder
    ) {
        self.name = name
        self.writer = writer
        self.queue = queue
        self.events = events
        self.dropped = dropped
        self.encode = encode
        queue.async { [self] in _ = open() }
    }

    /// Lines as they are written.
    struct Batch: Sendable {
        var octets: [UInt8] = []
        /// Where each line ends.
        var ends: [Int] = []

        func lines(after written: Int) -> Int { ends.count { $0 > written } }
    }

    func take(_ queries: [LoggedQuery]) {
        guard hasRoom else { return dropped.add(queries.count) }
        var batch = Batch()
        for query in queries {
            encode(query, &batch.octets)
            batch.ends.append(batch.octets.count)
        }
        add(batch)
    }

    private var hasRoom: Bool { waiting.load(ordering: .relaxed) < Self.maximumWaiting }

    func add(_ batch: Batch) {
        guard hasRoom else { return dropped.add(batch.ends.count) }
        waiting.add(batch.octets.count, ordering: .relaxed)
        queue.async { [self, batch] in
            write(batch)
            waiting.subtract(batch.octets.count, ordering: .relaxed)
        }
    }

    func reopen() {
        queue.async { [self] in
            if isOpen { writer.close() }
            isOpen = false
            retryAt = 0
            _ = open()
        }
    }

    func close() {
        queue.async { [self] in
            if isOpen { writer.close() }
            isOpen = false
            retryAt = .max
        }
    }

    private func write(_ batch: Batch) {
        guard isOpen || open() else { return dropped.add(batch.ends.count) }
        do throws(SinkFailure) {
            try writer.write(batch.octets)
            noteSuccess()
        } catch {
            fail(error)
            dropped.add(batch.lines(after: error.written))
        }
    }

    private func open() -> Bool {
        let now = MonotonicClock.now()
        guard now >= retryAt else { return false }
        do throws(SinkFailure) {
            try writer.open()
        } catch {
            fail(error)
            return false
        }
        isOpen = true
        openedAt = now
        return true
    }

    private func fail(_ failure: SinkFailure) {
        isOpen = false
        writer.close()
        retryAt = MonotonicClock.now() + pause
        pause = min(2 * pause, Self.longestPause)
        guard !hasFailed else { return }
        hasFailed = true
        events.sink(
            .warning,
            "the query log cannot be written to \(name): \(failure.reason); its lines are dropped "
                + "until it can")
    }

    /// A writer that takes a little and fails again has not recovered.
    private func noteSuccess() {
        guard hasFailed, MonotonicClock.now() - openedAt >= Self.trialPeriod else { return }
        hasFailed = false
        pause = Self.firstPause
        events.sink(.notice, "the query log is written to \(name) again")
    }
}
