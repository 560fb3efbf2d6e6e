/// The system's clock that never jumps and goes on while the machine sleeps (CLOCK_BOOTTIME): a
/// lifetime counts real time, so that what was cached before a night's suspend is old after it. It
/// costs as much as CLOCK_MONOTONIC, which stands still then. The loop reads it once a round and passes
/// the value on; nothing else in this module asks for the time.
package enum MonotonicClock {
    package static let nanosecondsPerMillisecond: Int64 = 1_000_000
    package static let nanosecondsPerSecond: Int64 = 1_000_000_000

    /// Nanoseconds since an unspecified start.
    package static func now() -> Int64 { Syscalls.bootTime() }
}
