import DNS
import Synchronization

/// The answers of upstream servers, shared by all workers: a client's source port picks the worker
/// at random, so private caches would multiply the misses. Sharded, each shard behind its own lock,
/// which is held for one copy.
package final class ResponseCache: Sendable {
    /// Enough that a few workers seldom meet at one lock.
    private static let shardCount = 64

    private let shards: [Shard]
    private let seed: UInt64

    // @unchecked: `contents` is touched only inside `lock`. (A Mutex that holds the contents would
    // refuse a worker's own name and scratch as arguments.)
    private final class Shard: @unchecked Sendable {
        private let lock = Mutex(())
        private var contents: CacheShard

        init(octets: Int) { contents = CacheShard(octets: octets) }

        func withLock<Result>(_ body: (inout CacheShard) -> Result) -> Result {
            lock.withLock { _ in body(&contents) }
        }
    }

    /// `size` in octets bounds all that is stored and its index. `seed` is the process's secret for
    /// its hash tables.
    package init(size: Int, seed: UInt64) {
        shards = (0..<Self.shardCount).map { _ in Shard(octets: size / Self.shardCount) }
        self.seed = seed
    }

    /// How many answers are stored, expired ones included.
    package var count: Int {
        shards.reduce(0) { $0 + $1.withLock { $0.count } }
    }

    /// Copies the stored image to `scratch`; nil when there is none that is still good at `now`
    /// (monotonic nanoseconds).
    func copy(
        _ name: LookupName, _ key: AnswerKey.Parameters, now: Int64, to scratch: AnswerScratch
    ) -> CacheHit? {
        let hash = hash(name, key)
        return shard(hash).withLock {
            $0.copy(name, key, hash: hash, now: now, to: scratch)
        }
    }

    /// Copies an image that is past its lifetime by less than `limit` seconds to `scratch`; nil when
    /// there is none.
    func copyStale(
        _ name: LookupName, _ key: AnswerKey.Parameters, limit: UInt32, now: Int64,
        to scratch: AnswerScratch
    ) -> StaleHit? {
        let hash = hash(name, key)
        return shard(hash).withLock {
            $0.copyStale(name, key, hash: hash, limit: limit, now: now, to: scratch)
        }
    }

    /// Notes that nothing newer could be had, so that nobody waits for it again before `time`
    /// (monotonic nanoseconds). An entry that is gone is none to note it at.
    func postponeRecheck(_ name: LookupName, _ key: AnswerKey.Parameters, until time: Int64) {
        let hash = hash(name, key)
        shard(hash).withLock { $0.postponeRecheck(name, key, hash: hash, until: time) }
    }

    /// Stores an image for `lifetime` seconds.
    func store(
        _ image: [UInt8], lifetime: UInt32, _ name: LookupName, _ key: AnswerKey.Parameters,
        now: Int64
    ) {
        guard image.count <= AnswerScratch.capacity else { return }
        let hash = hash(name, key)
        shard(hash).withLock {
            $0.store(image.span, lifetime: lifetime, name, key, hash: hash, now: now)
        }
    }

    private func hash(_ name: LookupName, _ key: AnswerKey.Parameters) -> UInt64 {
        let salt = UInt64(key.type.rawValue) << 8 | UInt64(key.bits.rawValue)
        return name.hash(from: 0, seed: seed ^ key.partition ^ (salt &* 0xff51_afd7_ed55_8ccd))
    }

    /// The low bits choose the shard, the high ones the place in it.
    private func shard(_ hash: UInt64) -> Shard {
        shards[Int(truncatingIfNeeded: hash) & (Self.shardCount &- 1)]
    }
}

/// A stored answer that is still good.
struct CacheHit: Equatable {
    /// Whole seconds since it was stored.
    let age: UInt32
    /// Whether it is to be refreshed: it is in the last tenth of its lifetime and was asked for before.
    /// Told once in the life of an entry.
    let isDue: Bool
}

/// A stored answer that is past its lifetime (RFC 8767).
struct StaleHit: Equatable {
    /// Whether a newer one is worth waiting for again.
    let isRecheckDue: Bool
}
