import Foundation
import Nameserver
import Synchronization

/// What the page shows of the past: the last hour and the last queries, in bounded memory, and only while
/// there are admin pages. Used on any queue; a lock is held for as long as it takes to add to it or to
/// take a copy.
final class Activity: Sendable {
    private struct State {
        var history: QueryHistory
        var top: TopQueries
        var recent: RecentQueries
    }

    private let state = Mutex<State?>(nil)

    /// Begins anew with what was counted so far.
    func begin(_ counts: HistoryCounts, at now: ContinuousClock.Instant) {
        let begun = State(
            history: QueryHistory(counts, at: now), top: TopQueries(at: now),
            recent: RecentQueries(at: now))
        state.withLock { $0 = begun }
    }

    /// Forgets everything.
    func end() { state.withLock { $0 = nil } }

    func add(_ counts: HistoryCounts, at now: ContinuousClock.Instant) {
        state.withLock { $0?.history.add(counts, at: now) }
    }

    /// Takes those records that are for the page.
    func observe(_ records: [QueryRecord], at now: ContinuousClock.Instant) {
        let records = records.filter { $0.weight > 0 }
        guard !records.isEmpty else { return }
        let allowed = state.withLock { $0?.recent.allow(records.count, at: now) }
        guard let allowed else { return }
        let queries = records.map(ObservedQuery.init)
        let lines = records.prefix(allowed).map { QueryLine($0) }
        state.withLock { state in
            state?.top.add(queries, at: now)
            for (index, query) in queries.enumerated() where query.name != nil {
                state?.recent.add(index < allowed ? lines[index] : nil, weight: query.weight)
            }
        }
    }

    // MARK: Replies, nil while nothing is kept

    func history(after: Double?) -> HistoryReply? {
        let (now, time) = (ContinuousClock.now, Date().timeIntervalSince1970)
        let history = state.withLock { $0?.history }
        return history?.reply(after: after, at: now, time: time)
    }

    func top(count: Int) -> TopReply? {
        let (now, time) = (ContinuousClock.now, Date().timeIntervalSince1970)
        guard let top = state.withLock({ $0?.top }) else { return nil }
        return TopReply(top.lastHour(at: now), count: count, since: time - top.age(at: now))
    }

    func recent(after: Int?, count: Int, _ matches: (QueryLine) -> Bool) -> RecentReply? {
        state.withLock { $0?.recent }?.reply(after: after, count: count, matches)
    }
}
