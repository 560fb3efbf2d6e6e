import Synchronization

/// A shard of the cache behind its lock.
///
/// @unchecked Sendable: `contents` is touched only inside `lock`. (A Mutex that holds the contents
/// would refuse a worker's own name and scratch as arguments.)
///
/// Unsafe because the accesses to `contents` are not checked at run time to exclude each other, which
/// would cost a fifth of a hit. Sound because they do: the lock is held, and taking it again inside
/// `withLock` would never return.
final class LockedCacheShard: @unchecked Sendable {
    private let lock = Mutex(())
    @exclusivity(unchecked) private var contents: CacheShard

    init(octets: Int) { unsafe contents = CacheShard(octets: octets) }

    func withLock<Result>(_ body: (inout CacheShard) -> Result) -> Result {
        lock.withLock { _ in unsafe body(&contents) }
    }
}
