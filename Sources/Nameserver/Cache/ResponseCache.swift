import DNS
import Synchronization

/// The answers of upstream servers, shared by all workers: a client's source port picks the worker
/// at random, so private caches would multiply the misses. Sharded, each shard behind its own lock,
/// which is held for one copy.
package final class ResponseCache: Sendable {
    /// Enough that a few workers seldom meet at one lock.
    private static let usualShardCount = 64
    /// Fewer shards in a small cache: each has room for a few large answers.
    private static let minimumShardSize = 65_536
    /// More shards in a large cache: while one gets another size, who asks for what is in it waits,
    /// about a millisecond for so many octets.
    private static let maximumShardSize = 1 << 20
    private static let maximumShardCount = 4096
    /// No shard is made smaller than this.
    private static let leastShardSize = 16_384

    /// What is stored and its index may take so many octets at most, whatever the limit is.
    package let size: Int
    private let shards: [LockedCacheShard]
    private let currentLimit: Atomic<Int>
    /// Held by whoever walks through a whole shard in steps, or gives it another size.
    private let maintenance = Mutex(())
    private let seed: UInt64
    /// How many denials of whole names are stored, so that nobody looks for them in vain.
    private let denialCount = Atomic<Int>(0)

    /// `size` in octets bounds all that is stored and its index, and `limit` does so at first. `seed` is the
    /// process's secret for its hash tables.
    package init(size: Int, limit: Int = .max, seed: UInt64) {
        let limit = min(max(limit, Self.usualShardCount * Self.leastShardSize), size)
        // By what there is room for: each shard takes some, however small the cache has to be.
        var count = Self.usualShardCount
        while count > 1, limit / count < Self.minimumShardSize { count /= 2 }
        while count < Self.maximumShardCount, limit / count > Self.maximumShardSize { count *= 2 }
        self.size = size
        currentLimit = Atomic(limit)
        shards = (0..<count).map { _ in LockedCacheShard(octets: limit / count) }
        self.seed = seed
    }

    /// How many answers are stored, expired ones included.
    package var count: Int { statistics.entries }

    package var statistics: CacheStatistics {
        shards.reduce(into: CacheStatistics()) { $0 += $1.withLock { $0.statistics } }
    }

    // MARK: Size

    /// What is stored and its index may take so many octets at present.
    package var limit: Int { currentLimit.load(ordering: .relaxed) }

    /// The smallest limit.
    package var leastLimit: Int { min(size, shards.count * Self.leastShardSize) }

    /// Gives the cache another limit between `leastLimit` and `size`, one shard after the other. What is
    /// asked for often goes last.
    package func resize(to limit: Int) {
        let limit = min(max(limit, leastLimit), size)
        maintenance.withLock { _ in
            currentLimit.store(limit, ordering: .relaxed)
            for shard in shards {
                change(shard) { $0.resize(octets: limit / shards.count) }
            }
        }
    }

    /// Changes a shard, and keeps count of its denials.
    @discardableResult
    private func change<Result>(
        _ shard: LockedCacheShard, _ body: (inout CacheShard) -> Result
    ) -> Result {
        let (result, newDenials) = shard.withLock {
            let before = $0.denialCount
            return (body(&$0), $0.denialCount - before)
        }
        if newDenials != 0 { denialCount.add(newDenials, ordering: .relaxed) }
        return result
    }

    // MARK: Answers

    /// Copies the stored image to `scratch`; nil when there is none that is still good at `now`
    /// (monotonic nanoseconds).
    package func copy(
        _ name: LookupName, _ key: AnswerKey.Parameters, now: Int64, to scratch: AnswerScratch
    ) -> CacheHit? {
        let hash = hash(name, key)
        return Borrowed(shard(hash)).use { shard in
            shard.withLock { $0.copy(name, key, hash: hash, now: now, to: scratch) }
        }
    }

    /// Copies the image or the denial that is past its lifetime by less than `limit` seconds to
    /// `scratch`; nil when there is none.
    package func copyStale(
        _ name: LookupName, _ key: AnswerKey.Parameters, limit: UInt32, now: Int64,
        to scratch: AnswerScratch
    ) -> StaleHit? {
        func copy(_ key: AnswerKey.Parameters) -> StaleHit? {
            let hash = hash(name, key)
            return shard(hash).withLock {
                $0.copyStale(name, key, hash: hash, limit: limit, now: now, to: scratch)
            }
        }
        if let hit = copy(key) { return hit }
        guard hasDenials else { return nil }
        return copy(key.denial(ofSubtree: false)) ?? copy(key.denial(ofSubtree: true))
    }

    /// Notes that nothing newer could be had, so that nobody waits for it again before `time`
    /// (monotonic nanoseconds). An entry that is gone is none to note it at.
    package func postponeRecheck(
        _ name: LookupName, _ key: AnswerKey.Parameters, until time: Int64
    ) {
        for key in hasDenials ? [key] + key.denials : [key] {
            let hash = hash(name, key)
            shard(hash).withLock { $0.postponeRecheck(name, key, hash: hash, until: time) }
        }
    }

    /// Stores an image for `lifetime` seconds.
    package func store(
        _ image: [UInt8], lifetime: UInt32, _ name: LookupName, _ key: AnswerKey.Parameters,
        now: Int64
    ) {
        // The name exists by now.
        removeDenials(name, key)
        store(image.span, name, CacheEntryFacts(key: key, storedAt: now, lifetime: lifetime))
    }

    private func store(_ image: Span<UInt8>, _ name: LookupName, _ facts: CacheEntryFacts) {
        guard image.count <= AnswerScratch.capacity else { return }
        let hash = hash(name, facts.key)
        change(shard(hash)) { $0.store(image, name, facts, hash: hash) }
    }

    /// False, and nothing is stored, when there is an entry of the key, expired or not.
    func storeUnlessHeld(
        _ image: Span<UInt8>, _ name: LookupName, _ facts: CacheEntryFacts
    ) -> Bool {
        guard image.count <= AnswerScratch.capacity else { return false }
        let hash = hash(name, facts.key)
        return change(shard(hash)) {
            guard !$0.holds(name, facts.key, hash: hash) else { return false }
            $0.store(image, name, facts, hash: hash)
            return true
        }
    }

    // MARK: Denials

    private var hasDenials: Bool { denialCount.load(ordering: .relaxed) > 0 }

    /// Stores an NXDOMAIN for all types at the name, and for all names below it or not, in the place of
    /// what there was for the type that was asked for.
    package func storeDenial(
        _ image: [UInt8], ofSubtree: Bool, lifetime: UInt32, _ name: LookupName,
        _ key: AnswerKey.Parameters, now: Int64
    ) {
        let hash = hash(name, key)
        _ = shard(hash).withLock { $0.remove(name, key, hash: hash) }
        removeDenials(name, key)
        let facts = CacheEntryFacts(
            key: key.denial(ofSubtree: ofSubtree), storedAt: now, lifetime: lifetime)
        store(image.span, name, facts)
    }

    private func removeDenials(_ name: LookupName, _ key: AnswerKey.Parameters) {
        guard hasDenials else { return }
        for key in key.denials {
            let hash = hash(name, key)
            let isRemoved = shard(hash).withLock { $0.remove(name, key, hash: hash) }
            if isRemoved { denialCount.subtract(1, ordering: .relaxed) }
        }
    }

    /// Copies a denial of the name, or of all below the nearest ancestor that has such a one, to
    /// `scratch`, and says at which label of the name that ancestor begins; 0 is the name itself. nil
    /// when there is none that is still good.
    package func copyDenial(
        _ name: LookupName, _ key: AnswerKey.Parameters, now: Int64, to scratch: AnswerScratch
    ) -> (hit: CacheHit, label: Int)? {
        guard hasDenials else { return nil }
        func copy(_ key: AnswerKey.Parameters, from label: Int) -> CacheHit? {
            let hash = hash(name, from: label, key)
            return shard(hash).withLock {
                $0.copy(name, from: label, key, hash: hash, now: now, to: scratch)
            }
        }
        if let hit = copy(key.denial(ofSubtree: false), from: 0) { return (hit, 0) }
        let ofSubtree = key.denial(ofSubtree: true)
        // The root is never denied.
        for label in 0..<name.labelCount {
            if let hit = copy(ofSubtree, from: label) { return (hit, label) }
        }
        return nil
    }

    // MARK: Flushing

    /// Takes out the answers that are good, expired or stale and in `scope`, and returns how many. It
    /// looks at every answer, in steps that hold a lock for some microseconds each.
    package func remove(_ scope: FlushScope) -> Int {
        let match = FlushMatch(scope)
        var count = 0
        maintenance.withLock { _ in
            for shard in shards {
                var slot: Int? = 0
                while slot != nil {
                    change(shard) { count += $0.remove(from: &slot, where: match.contains) }
                }
            }
        }
        return count
    }

    // MARK: Shards

    var shardCount: Int { shards.count }

    /// Calls `body` with one of the shards, under its lock.
    func withShard<Result>(_ index: Int, _ body: (borrowing CacheShard) -> Result) -> Result {
        shards[index].withLock { body($0) }
    }

    /// The hash of a name, or of its suffix from `label` on, and the rest of a key.
    @inline(__always)
    func hash(
        _ name: LookupName, from label: Int = 0, _ key: AnswerKey.Parameters
    ) -> UInt64 {
        let salt = UInt64(key.type.rawValue) << 8 | UInt64(key.bits.rawValue)
        return name.hash(
            from: label, seed: seed ^ key.partition ^ (salt &* 0xff51_afd7_ed55_8ccd))
    }

    /// The low bits choose the shard, the high ones the place in it.
    @inline(__always)
    private func shard(_ hash: UInt64) -> LockedCacheShard {
        shards[Int(truncatingIfNeeded: hash) & (shards.count &- 1)]
    }
}

/// A stored answer that is still good.
package struct CacheHit: Equatable {
    /// Whole seconds since it was stored.
    package let age: UInt32
    /// Whether it is to be refreshed: it is in the last tenth of its lifetime.
    /// Told once in the life of an entry.
    package let isDue: Bool
}

/// A stored answer that is past its lifetime (RFC 8767).
package struct StaleHit: Equatable {
    /// Whether a newer one is worth waiting for again.
    package let isRecheckDue: Bool
}
