import DNS
import Synchronization

/// Who waits for an upstream answer: a worker, and its number for the client's query.
package struct Waiter: Hashable, Sendable {
    package let worker: Int
    package let ticket: UInt64

    package init(worker: Int, ticket: UInt64) {
        self.worker = worker
        self.ticket = ticket
    }
}

/// The questions that are in flight, over all workers: equal ones share one upstream query.
package final class PendingQueries: Sendable {
    private let waiting = Mutex<[AnswerKey: [Waiter]]>([:])

    package init() {}

    /// Adds a waiter; true when nobody has asked this yet, and the caller is to ask.
    func join(_ key: AnswerKey, _ waiter: Waiter) -> Bool {
        waiting.withLock { waiting in
            let isFirst = waiting[key] == nil
            waiting[key, default: []].append(waiter)
            return isFirst
        }
    }

    /// Ends the question and returns all who waited for it.
    func complete(_ key: AnswerKey) -> [Waiter] {
        waiting.withLock { $0.removeValue(forKey: key) ?? [] }
    }
}
