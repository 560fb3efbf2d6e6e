/// What a worker has counted since it started, besides what its `QueryAccount` has. Owned by the worker's
/// queue.
package struct Counters: Sendable {
    package var queries: UInt64 = 0
    /// Look-ups in the cache that found no good answer.
    package var cacheMisses: UInt64 = 0
    /// Queries with a server cookie that is not ours or too old.
    package var staleCookies: UInt64 = 0
    /// Not answered: too short, or a response.
    package var ignored: UInt64 = 0

    package init() {}
}
