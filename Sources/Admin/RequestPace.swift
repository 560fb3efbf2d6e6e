import Synchronization

/// Spreads what clients ask over time, so that those who ask without a pause take no processor away from
/// the workers. They wait; nobody is refused.
final class RequestPace: Sendable {
    private let interval: Duration
    private let burst: Int
    private let next = Mutex(ContinuousClock.now)

    /// `burst` may come at once, and then `perSecond`.
    init(perSecond: Int, burst: Int) {
        interval = .seconds(1) / perSecond
        self.burst = burst
    }

    /// Returns when it is the turn of one more.
    func wait() async {
        let time = reserve(at: .now)
        if time > .now { try? await Task.sleep(until: time) }
    }

    /// When one that comes at `now` has its turn.
    func reserve(at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        next.withLock { next in
            next = max(next, now - interval * burst) + interval
            return next
        }
    }
}
