/// What all parts of one loop share. Confined to the worker's queue.
final class LoopContext {
    var limits: TransportLimits
    let pollSet: PollSet
    let random = RandomSource()
    /// Where the loop's UDP listeners are.
    var ownAddresses = OwnAddresses()
    var counters = TransportCounters()
    /// Nanoseconds of `MonotonicClock`, read at the start of the round.
    var now: Int64
    /// Counts the rounds, so that what is drawn for one is not used in the next.
    var round: UInt64 = 0

    /// Closes something that can be had without, to make room for another descriptor; false when there
    /// is nothing such.
    var freeDescriptor: () -> Bool = { false }

    init(_ limits: TransportLimits) throws(TransportError) {
        self.limits = limits
        pollSet = try PollSet()
        now = MonotonicClock.now()
    }
}
