import Dispatch
import Logging
import Nameserver
import Synchronization
import Transport

/// Watches how near the process is to the end of its memory, and has the cache give some back before.
/// No query has to do with it.
///
/// @unchecked Sendable: its state is touched on its queue alone, but for what is behind the lock.
final class MemoryGuard: @unchecked Sendable {
    /// How often it looks: a flood of new answers takes some ten megabytes a second.
    private static let usualPause = DispatchTimeInterval.seconds(1)
    /// Where there is little room.
    private static let shortPause = DispatchTimeInterval.milliseconds(100)
    /// From a change to the next step of growth, in nanoseconds.
    private static let growthPause = 10 * MonotonicClock.nanosecondsPerSecond

    private let queue = DispatchQueue(label: "memory", qos: .default)
    private let bounds: MemoryBounds
    private let cache: ResponseCache
    private let sizing: CacheSizing
    private let events: EventLog
    private let tightest = Mutex<MemoryBound?>(nil)
    private var changedAt: Int64 = 0
    /// Whether it was told that memory is short, and that the cache cannot help any more.
    private var hasToldShortage = false
    private var hasToldLeast = false

    init(_ cache: ResponseCache, bounds: MemoryBounds = MemoryBounds(), events: EventLog) {
        self.cache = cache
        self.bounds = bounds
        self.events = events
        sizing = CacheSizing(full: cache.size, least: cache.leastLimit)
    }

    /// The bound that was tightest when it was looked at last.
    var bound: MemoryBound? { tightest.withLock { $0 } }

    /// What a cache may take that is yet to be made.
    static func firstLimit(_ bounds: MemoryBounds = MemoryBounds()) -> Int {
        bounds.tightest.map { $0.room - $0.margin } ?? .max
    }

    /// Has the cache take no more than there is room for, before it is filled from a file.
    func fitCache() {
        queue.sync {
            guard let bound = read() else { return }
            if bound.room - bound.margin < cache.limit { change(to: bound.room - bound.margin) }
            if cache.limit < cache.size { tellShortage(bound) }
        }
    }

    /// Begins to watch, for as long as the process lives.
    func start() { queue.async { [self] in watch() } }

    private func watch() {
        let bound = look()
        let isNear = bound.map { $0.room < 4 * $0.margin } ?? false
        queue.asyncAfter(deadline: .now() + (isNear ? Self.shortPause : Self.usualPause)) {
            [self] in watch()
        }
    }

    /// Has the cache give back memory, so that `octets` more can be taken. Returns the bound that would
    /// not leave so much all the same, and what it would leave; nil when there is enough.
    func makeRoom(for octets: Int) -> (bound: MemoryBound, room: Int)? {
        queue.sync {
            guard let bound = read() else { return nil }
            let room = bound.room + max(0, held - cache.leastLimit)
            guard room >= octets else { return (bound, room) }
            _ = look(wanted: octets)
            return nil
        }
    }

    /// Looks once, and changes the cache's limit if need be. Returns what there is afterwards.
    private func look(wanted: Int = 0) -> MemoryBound? {
        guard let bound = read() else { return nil }
        let present = cache.limit
        let limit = sizing.limit(
            present: present, held: held, room: bound.room - wanted, margin: bound.margin)
        if limit < present {
            change(to: limit)
            FreeMemory.returnToSystem()
            tellShortage(bound)
            return read()
        }
        if limit > present, MonotonicClock.now() - changedAt >= Self.growthPause {
            change(to: limit)
            if limit == cache.size { tellEnd() }
        }
        return bound
    }

    private func read() -> MemoryBound? {
        let bound = bounds.tightest
        tightest.withLock { $0 = bound }
        return bound
    }

    /// What the cache takes: the entries, and an index of about an eighth.
    private var held: Int { cache.statistics.octets + cache.limit / 8 }

    private func change(to limit: Int) {
        cache.resize(to: limit)
        changedAt = MonotonicClock.now()
    }

    // MARK: Lines of the log

    private func tellShortage(_ bound: MemoryBound) {
        let left =
            "\(Octets.text(bound.room)) of the \(Octets.text(bound.limit)) of \(bound.name) are left"
        if !hasToldShortage {
            hasToldShortage = true
            events.memory(
                .warning,
                "memory is short: \(left); the cache may take \(Octets.text(cache.limit)) of its "
                    + "\(Octets.text(cache.size)) for now")
        }
        if !hasToldLeast, cache.limit == cache.leastLimit {
            hasToldLeast = true
            events.memory(
                .warning,
                "memory is short: \(left), and the cache can give nothing more back")
        }
    }

    private func tellEnd() {
        hasToldShortage = false
        hasToldLeast = false
        events.memory(
            .notice,
            "there is memory again: the cache may take all of its \(Octets.text(cache.size))")
    }
}
