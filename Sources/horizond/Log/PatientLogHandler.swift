import Dispatch
import Logging
import Synchronization

/// Has events written by a queue of its own, and waits for that, but not long: a log that nobody reads
/// costs lines, and whoever has something to say goes on.
struct PatientLogHandler: LogHandler {
    private let lines: LogLines
    private var handler: any LogHandler

    /// `handler` writes.
    init(_ handler: any LogHandler) {
        self.handler = handler
        lines = LogLines(to: handler)
    }

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        lines.write { [handler] in handler.log(event: event) }
    }
}

/// Lines on their way to a log that may be stuck.
private final class LogLines: Sendable {
    /// So many wait at most; more are dropped and counted. Some hundred kilobytes.
    private static let maximumWaiting = 1024
    /// How long a line is waited for, so that it is there when what comes after it is seen. A log that
    /// takes longer is stuck, and nobody waits again before it has taken a line.
    private static let patience = DispatchTimeInterval.milliseconds(100)

    private let queue = DispatchQueue(label: "log", qos: .default)
    private let waiting = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let isStuck = Atomic<Bool>(false)
    /// Tells what was dropped.
    private let logger: Logger

    init(to handler: any LogHandler) { logger = Logger(label: "horizond") { _ in handler } }

    func write(_ line: @escaping @Sendable () -> Void) {
        guard waiting.load(ordering: .relaxed) < Self.maximumWaiting else {
            dropped.add(1, ordering: .relaxed)
            return
        }
        waiting.add(1, ordering: .relaxed)
        let written = DispatchSemaphore(value: 0)
        queue.async { [self] in
            line()
            waiting.subtract(1, ordering: .relaxed)
            isStuck.store(false, ordering: .relaxed)
            let lost = dropped.exchange(0, ordering: .relaxed)
            if lost > 0 {
                logger.warning(
                    "\(lost) log lines were dropped: the log is too slow", .linesDropped)
            }
            written.signal()
        }
        guard !isStuck.load(ordering: .relaxed) else { return }
        if written.wait(timeout: .now() + Self.patience) == .timedOut {
            isStuck.store(true, ordering: .relaxed)
        }
    }
}
