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
    private struct Asker {
        let waiter: Waiter
        /// In monotonic nanoseconds.
        let joinedAt: Int64
    }

    private let waiting = Mutex<[AnswerKey: [Asker]]>([:])

    package init() {}

    /// How many questions are in flight.
    package var count: Int { waiting.withLock { $0.count } }

    /// Adds a waiter, or none for a refresh; true when nobody has asked this yet, and the caller is to
    /// ask.
    func join(_ key: AnswerKey, _ waiter: Waiter?, now: Int64) -> Bool {
        waiting.withLock { waiting in
            let isFirst = waiting[key] == nil
            waiting[key, default: []].append(
                contentsOf: waiter.map { [Asker(waiter: $0, joinedAt: now)] } ?? [])
            return isFirst
        }
    }

    /// Ends the question and returns all who waited for it.
    func complete(_ key: AnswerKey) -> [Waiter] {
        waiting.withLock { ($0.removeValue(forKey: key) ?? []).map(\.waiter) }
    }

    /// Returns all who wait so far; the question goes on.
    func takeWaiters(_ key: AnswerKey) -> [Waiter] {
        waiting.withLock { waiting in
            guard let askers = waiting[key] else { return [] }
            waiting[key] = []
            return askers.map(\.waiter)
        }
    }

    /// Ends a question that failed for those who asked before `time`: on behalf of later ones nobody
    /// has been asked, so the failure is not theirs. Returns those whose it is and, if any others are
    /// left, when the first of them asked: the question then goes on for them.
    func fail(
        _ key: AnswerKey, askedBefore time: Int64
    ) -> (failed: [Waiter], nextJoinedAt: Int64?) {
        waiting.withLock { waiting in
            let askers = waiting[key] ?? []
            let later = askers.filter { $0.joinedAt > time }
            waiting[key] = later.isEmpty ? nil : later
            return (
                askers.filter { $0.joinedAt <= time }.map(\.waiter), later.map(\.joinedAt).min()
            )
        }
    }
}
