/// What a worker has counted since it started. Owned by the worker's queue.
package struct Counters: Sendable {
    package var queries: UInt64 = 0
    /// Answered from zones.
    package var local: UInt64 = 0
    /// Answered from the cache.
    package var cacheHits: UInt64 = 0
    /// Answered with an answer past its lifetime.
    package var staleAnswers: UInt64 = 0
    /// Sent upstream or joined to a query in flight.
    package var cacheMisses: UInt64 = 0
    package var refused: UInt64 = 0
    /// Queries with a server cookie that is not ours or too old.
    package var staleCookies: UInt64 = 0
    /// Answered with FORMERR, NOTIMP or BADVERS.
    package var errors: UInt64 = 0
    /// Not answered: too short, or a response.
    package var ignored: UInt64 = 0

    package init() {}
}
