import Synchronization

/// How many answers of a kind are being made, also those for which nobody waits any more.
final class AnswerCount: Sendable {
    private let limit: Int
    private let open = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// Counts one more; false when there are as many as may be.
    func begin() -> Bool {
        open.withLock { open in
            guard open < limit else { return false }
            open += 1
            return true
        }
    }

    func end() { open.withLock { $0 -= 1 } }
}
