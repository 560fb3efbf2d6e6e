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

/// Those who wait for one answer. Mostly it is one alone, who needs no array.
package struct Waiters: Sendable {
    package let first: Waiter?
    package let others: [Waiter]

    init(first: Waiter? = nil, others: [Waiter] = []) {
        self.first = first
        self.others = others
    }

    init(_ waiters: [Waiter]) {
        self.init(first: waiters.first, others: Array(waiters.dropFirst()))
    }

    package var isEmpty: Bool { first == nil }
    package var all: [Waiter] { first.map { [$0] + others } ?? [] }
}

/// The questions that are in flight, over all workers: equal ones share one upstream query.
package final class PendingQueries: Sendable {
    private struct Asker {
        let waiter: Waiter
        /// In monotonic nanoseconds.
        let joinedAt: Int64
    }

    /// Those who wait for one answer. Mostly it is one alone, who needs no array.
    private struct Askers {
        var first: Asker?
        var others: [Asker] = []

        mutating func append(_ asker: Asker) {
            if first == nil { first = asker } else { others.append(asker) }
        }

        var waiters: Waiters {
            Waiters(first: first?.waiter, others: others.isEmpty ? [] : others.map(\.waiter))
        }

        var all: [Asker] { first.map { [$0] + others } ?? [] }
    }

    private let waiting = Mutex(PendingTable<Askers>())

    package init() {}

    /// How many questions are in flight.
    package var count: Int { waiting.withLock { $0.count } }

    /// Adds a waiter, or none for a refresh; true when nobody has asked this yet, and the caller is to
    /// ask.
    func join(_ key: AnswerKey, _ waiter: Waiter?, now: Int64) -> Bool {
        let asker = waiter.map { Asker(waiter: $0, joinedAt: now) }
        return waiting.withLock { waiting in
            waiting.join(key, first: Askers(first: asker)) { askers in
                if let asker { askers.append(asker) }
            }
        }
    }

    /// Ends the question and returns all who waited for it.
    func complete(_ key: AnswerKey) -> Waiters {
        waiting.withLock { $0.remove(key)?.waiters ?? Waiters() }
    }

    /// Returns all who wait so far; the question goes on.
    func takeWaiters(_ key: AnswerKey) -> Waiters {
        waiting.withLock { waiting in
            guard let askers = waiting[key] else { return Waiters() }
            waiting.set(Askers(), for: key)
            return askers.waiters
        }
    }

    /// Ends a question that failed for those who asked before `time`: on behalf of later ones nobody
    /// has been asked, so the failure is not theirs. Returns those whose it is and, if any others are
    /// left, when the first of them asked: the question then goes on for them.
    func fail(
        _ key: AnswerKey, askedBefore time: Int64
    ) -> (failed: Waiters, nextJoinedAt: Int64?) {
        waiting.withLock { waiting in
            let askers = waiting[key]?.all ?? []
            let later = askers.filter { $0.joinedAt > time }
            if let first = later.first {
                waiting.set(Askers(first: first, others: Array(later.dropFirst())), for: key)
            } else {
                waiting.remove(key)
            }
            return (
                Waiters(askers.filter { $0.joinedAt <= time }.map(\.waiter)),
                later.map(\.joinedAt).min()
            )
        }
    }
}
