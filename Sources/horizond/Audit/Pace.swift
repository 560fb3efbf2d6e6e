import Foundation
import Synchronization
import Transport

/// Spreads an audit's questions to upstreams over time, so that they look like a household's and not
/// like an attack.
final class Pace: Sendable {
    /// In nanoseconds: 50 questions a second.
    private static let interval: Int64 = 20_000_000

    private let next = Mutex<Int64>(0)

    /// Waits for the time of one more question.
    func wait() {
        let now = MonotonicClock.now()
        let time = next.withLock { next in
            let time = max(now, next)
            next = time + Self.interval
            return time
        }
        if time > now { Thread.sleep(forTimeInterval: Double(time - now) / 1e9) }
    }

    /// A question did not go upstream after all.
    func giveBack() { next.withLock { $0 -= Self.interval } }
}
