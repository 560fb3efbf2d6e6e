/// The bounds of a worker's loop. Every default is safe on a host with 20 000 descriptors.
package struct TransportLimits: Sendable {
    /// Open TCP connections of all loops that share a census. The one idle for the longest time
    /// makes room for a new one.
    package var connections = 4096
    /// Open TCP connections of one client, in all these loops: an IPv4 address or an IPv6 /56.
    package var connectionsPerClient = 64
    /// How long a connection may stay without a new query or progress, in nanoseconds
    /// (RFC 7766 §6.2.3 asks for seconds).
    package var idleTimeout: Int64 = 10 * MonotonicClock.nanosecondsPerSecond
    /// How long a new connection may take to complete its first query, in nanoseconds.
    package var firstQueryTimeout: Int64 = 5 * MonotonicClock.nanosecondsPerSecond
    /// How long a connection with unanswered queries is kept, in nanoseconds: longer than the
    /// forwarder's whole effort for a query.
    package var answerTimeout: Int64 = 15 * MonotonicClock.nanosecondsPerSecond
    /// How long a client may leave its answers unread, in nanoseconds.
    package var writeTimeout: Int64 = 10 * MonotonicClock.nanosecondsPerSecond
    /// How long a client's end is waited for after ours, in nanoseconds: some round trips, and a FIN
    /// that is sent again.
    package var farewellTimeout: Int64 = 2 * MonotonicClock.nanosecondsPerSecond
    /// How old a connection may get, in nanoseconds; then it closes when nothing is owed.
    package var lifetime: Int64 = 3600 * MonotonicClock.nanosecondsPerSecond
    /// Unanswered queries of a connection; at this number reading pauses.
    package var queriesInFlight = 64
    /// Octets of answers that wait for a connection's client, two of the longest; at this number
    /// reading pauses.
    package var queuedOctets = 128 * 1024
    /// Octets that all connections of a loop may hold together, of unfinished queries and of answers
    /// that wait; beyond these the idlest of those who hold some are closed. For some hundreds that
    /// hold what they may.
    package var heldOctets = 32 << 20

    // What follows is for upstreams; a running loop does not change it.

    /// Sockets that share an upstream's UDP exchanges; each has a random port of its own.
    package var upstreamSockets = 16
    /// Queries after which an upstream socket is replaced, so that a port that was found out is soon
    /// of no use (RFC 5452 §4.5). While each query drew its own socket, a forwarded one took 16.1 µs of
    /// CPU with 256, 16.5 with 32, 19.4 with 4, and 30 with a socket for each.
    package var upstreamSocketQueries = 32
    /// How long an upstream socket takes new queries, in nanoseconds: a port is not to be found for
    /// much longer than a single query would keep it open.
    package var upstreamSocketLifetime: Int64 = 2 * MonotonicClock.nanosecondsPerSecond
    /// Messages that are no replies to a socket's queries, after which these are asked elsewhere. The
    /// first one ends its use for new queries. A forger who knows a port has so many guesses at an
    /// ID, 1 in 8192 to be right, and none at the next query. One who does not, and sends 100 000
    /// forgeries a second to random ports, reaches this number in 1 of 70 exchanges that take
    /// 2 seconds, and in 1 of a million that take half a second.
    package var upstreamForgeries = 8
    /// The longest time that a replaced socket waits for its last replies, in nanoseconds.
    package var longestExchange: Int64 = 5 * MonotonicClock.nanosecondsPerSecond
    /// Unanswered exchanges of the worker, all upstreams together: what the forwarder has in flight for a
    /// rule, four times over.
    package var exchanges = 32_768
    /// Open upstream descriptors of the worker, UDP and TCP together.
    package var upstreamDescriptors = 1024
    /// How long an upstream TCP connection stays open without exchanges, in nanoseconds.
    package var upstreamIdleTimeout: Int64 = 10 * MonotonicClock.nanosecondsPerSecond
    /// How long a TCP connection attempt to an upstream may take, with TLS's handshake, in
    /// nanoseconds.
    package var upstreamConnectTimeout: Int64 = 3 * MonotonicClock.nanosecondsPerSecond
    /// How long no further connection to an upstream is attempted after one that failed, in
    /// nanoseconds: queries may come faster than handshakes should.
    package var upstreamConnectPause: Int64 = 200 * MonotonicClock.nanosecondsPerMillisecond

    package init() {}
}
