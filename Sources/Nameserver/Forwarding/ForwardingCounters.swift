/// What one worker's forwarder has counted since it started. Owned by the worker's queue.
package struct ForwardingCounters: Sendable {
    /// Queries sent to upstreams, repeated ones and checks for loops included, without probes.
    package var sent: UInt64 = 0
    /// Clients whose question was in flight already.
    package var joined: UInt64 = 0
    /// Questions asked before their answer's time was over, or for one that is past it.
    package var refreshes: UInt64 = 0
    /// Queries sent once more to the same upstream, in case a datagram was lost.
    package var repeated: UInt64 = 0
    package var failedAttempts: UInt64 = 0
    /// Those of them that took too long.
    package var timeouts: UInt64 = 0
    /// Those of them whose reply could not be read.
    package var malformed: UInt64 = 0
    /// Replies that were cut and asked for again over TCP.
    package var truncated: UInt64 = 0
    /// Questions moved to TCP because their datagrams were doubtful: forged replies, a missing cookie,
    /// a reply larger than agreed.
    package var suspicious: UInt64 = 0
    /// Replies that did not repeat the spelling of the name.
    package var otherSpellings: UInt64 = 0

    package init() {}
}
