/// What one worker's loop has done since it started.
package struct TransportCounters: Sendable, Equatable {
    /// Queries over UDP handed to the handler.
    package var received: UInt64 = 0
    /// Answers over UDP that the kernel took.
    package var sent: UInt64 = 0
    /// Answers over UDP that the kernel refused (no buffer, no route, a firewall).
    package var sendFailures: UInt64 = 0
    /// Answers over UDP that the kernel had no room for at once, and that were held for later.
    package var sendDelays: UInt64 = 0
    /// Datagrams larger than the receive buffer.
    package var droppedTruncated: UInt64 = 0
    /// Datagrams from port 0, to which no answer can go.
    package var droppedSourcePortZero: UInt64 = 0
    /// Datagrams that claim to come from our own address and port.
    package var droppedOwnAddress: UInt64 = 0
    /// Answers whose listener or TCP connection is gone.
    package var droppedPathGone: UInt64 = 0
    /// Answers too long for their transport.
    package var droppedOversized: UInt64 = 0

    /// Queries over TCP handed to the handler.
    package var tcpReceived: UInt64 = 0
    /// Answers queued on TCP connections.
    package var tcpSent: UInt64 = 0
    package var tcpAccepted: UInt64 = 0
    package var tcpClosed: UInt64 = 0
    /// New connections closed at once because their client has too many.
    package var tcpRefused: UInt64 = 0
    /// Connections closed to make room for new ones.
    package var tcpEvicted: UInt64 = 0
    /// Connections closed by a timeout.
    package var tcpTimedOut: UInt64 = 0
    /// Connections closed at the end of their lifetime.
    package var tcpRetired: UInt64 = 0
    /// Connections closed because of a message shorter than a header.
    package var tcpMalformed: UInt64 = 0
    /// Connections closed because more answers came for them than are kept.
    package var tcpOverrun: UInt64 = 0
    /// Accepting failed: no descriptors or no memory.
    package var tcpAcceptFailures: UInt64 = 0
    /// Times that something was not opened at once for want of descriptors, of the process's or the
    /// system's.
    package var descriptorShortages: UInt64 = 0
    /// TCP connections open now.
    package var tcpOpen: Int { Int(truncatingIfNeeded: tcpAccepted &- tcpClosed) }

    /// Queries sent to upstreams, by either transport.
    package var upstreamSent: UInt64 = 0
    /// Queries over UDP that the kernel had no room for at once, and that were held for later.
    package var upstreamSendDelays: UInt64 = 0
    /// Replies that ended an exchange.
    package var upstreamReceived: UInt64 = 0
    /// Upstream datagrams that came once more, however often, or after their exchange was given up.
    package var upstreamLate: UInt64 = 0
    /// Upstream messages whose ID matches no exchange of their socket: forged, or late over TCP.
    package var upstreamWrongID: UInt64 = 0
    /// Upstream messages with a right ID that the handler did not take.
    package var upstreamRejected: UInt64 = 0
    /// Replies larger than the receive buffer.
    package var upstreamTruncated: UInt64 = 0
    /// Exchanges ended by an error of their socket or connection.
    package var upstreamFailures: UInt64 = 0
    /// Times that a TCP exchange was sent again, because a connection that had replied was closed.
    package var upstreamRetries: UInt64 = 0
    /// Exchanges whose socket was abandoned because of forgeries.
    package var upstreamForged: UInt64 = 0
    /// Upstream sockets replaced because of a message that was no reply to their queries.
    package var upstreamSocketsSuspected: UInt64 = 0
    /// Upstream sockets closed with exchanges under way, because more such messages came.
    package var upstreamSocketsAbandoned: UInt64 = 0
    /// TLS handshakes with upstreams that were completed.
    package var upstreamHandshakes: UInt64 = 0
    /// Those of them that went on with an earlier session.
    package var upstreamResumptions: UInt64 = 0
    package var upstreamSocketsOpened: UInt64 = 0
    package var upstreamSocketsClosed: UInt64 = 0

    package init() {}
}
