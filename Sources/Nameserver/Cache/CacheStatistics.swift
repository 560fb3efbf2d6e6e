/// What the cache holds and what became of it since the start.
package struct CacheStatistics: Equatable, Sendable {
    /// Answers that are stored, expired ones included.
    package var entries = 0
    /// The octets that they take, without the index.
    package var octets = 0
    /// Answers stored since the start, the later ones for the same key too.
    package var insertions: UInt64 = 0
    /// Answers that had to go to make room for others.
    package var evictions: UInt64 = 0

    static func += (sum: inout CacheStatistics, part: CacheStatistics) {
        sum.entries += part.entries
        sum.octets += part.octets
        sum.insertions &+= part.insertions
        sum.evictions &+= part.evictions
    }
}
