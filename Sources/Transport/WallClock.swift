/// The time of day, for what other hosts compare with theirs. Everything else uses MonotonicClock:
/// this one jumps when it is set.
package enum WallClock {
    /// Seconds since 1970 modulo 2^32, as of the last clock tick (some milliseconds).
    package static func seconds() -> UInt32 { Syscalls.wallClockSeconds() }
}
