import Dispatch
import Synchronization

/// Lines of the query log that its sink never got: counted for the metrics, and told in the log now and
/// then.
final class DroppedLines: Sendable {
    /// Often enough to notice, and no flood of its own.
    private static let tellingInterval = DispatchTimeInterval.seconds(10)

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let events: EventLog

    private struct State {
        var count: UInt64 = 0
        var untold: UInt64 = 0
        var willTell = false
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
            defer { state.willTell = true }
            state.count += UInt64(lines)
            state.untold += UInt64(lines)
            return !state.willTell
        }
        guard isFirst else { return }
        queue.asyncAfter(deadline: .now() + Self.tellingInterval) { [self] in tell() }
    }

    private func tell() {
        let untold = state.withLock { state in
            defer {
                state.untold = 0
                state.willTell = false
            }
            return state.untold
        }
        let (lines, were) = untold == 1 ? ("line", "was") : ("lines", "were")
        events.linesDropped(
            "\(untold) \(lines) of the query log \(were) dropped: queries come faster than they "
                + "are written, or cannot be written")
    }
}
