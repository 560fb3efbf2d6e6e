import Dispatch
import Synchronization

/// Lines of the query log that its sink never got: counted for the metrics, and told in the log now and
/// then.
final class DroppedLines: Sendable {
    /// From the first drop to the line that tells it, in seconds. While there are more, each line comes after
    /// twice the time: a disk that is full for a week is no news.
    private static let firstInterval = 10
    private static let longestInterval = 3600

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let events: EventLog

    private struct State {
        var count: UInt64 = 0
        var untold: UInt64 = 0
        /// Seconds from the last line to the next; nil while nothing is dropped.
        var interval: Int?
    }

    init(queue: DispatchQueue, events: EventLog) {
        self.queue = queue
        self.events = events
    }

    /// Since the start.
    var count: UInt64 { state.withLock { $0.count } }

    func add(_ lines: Int) {
        guard lines > 0 else { return }
        let isFirst = state.withLock { state in
            state.count += UInt64(lines)
            state.untold += UInt64(lines)
            guard state.interval == nil else { return false }
            state.interval = Self.firstInterval
            return true
        }
        if isFirst { tell(after: Self.firstInterval) }
    }

    private func tell(after seconds: Int) {
        queue.asyncAfter(deadline: .now() + .seconds(seconds)) { [self] in tell() }
    }

    private func tell() {
        let (untold, interval) = state.withLock { state in
            defer { state.untold = 0 }
            state.interval =
                state.untold == 0
                ? nil
                : state.interval.map {
                    min(2 * $0, Self.longestInterval)
                }
            return (state.untold, state.interval)
        }
        guard let interval else { return }
        tell(after: interval)
        let (lines, were) = untold == 1 ? ("line", "was") : ("lines", "were")
        events.linesDropped(
            "\(untold) \(lines) of the query log \(were) dropped: queries come faster than they "
                + "are written, or cannot be written")
    }
}
