internal import Glibc

/// A TCP connection to an upstream, with or without TLS, shared by all exchanges with it (RFC 7766
/// §6.2.1). A record: `UpstreamStreams` acts on it. Confined to the worker's queue.
final class UpstreamConnection {
    /// An exchange that waits for its reply, with what is needed to send it again.
    struct Pending {
        let exchange: UInt64
        let message: [UInt8]
        /// Its place among all exchanges, which it keeps when it is sent again: the lower, the older.
        let number: UInt64
        /// When it was sent on this connection.
        let sentAt: Int64
    }

    let descriptor: Int32
    let key: SlotKey
    let upstream: UpstreamEndpoint
    let channel: any StreamChannel
    let openedAt: Int64

    /// Whether TCP's handshake is done.
    var isConnected = false
    /// Whether there was a reply that was taken. What such a connection leaves unanswered when it
    /// closes goes to a fresh one (RFC 7766 §6.2.4).
    var hasReplied = false
    var input = StreamInput()
    var output = StreamOutput()
    var outstanding: [UInt16: Pending] = [:]
    /// The last octets sent or received, in nanoseconds.
    var lastActivity: Int64
    /// The last octets received.
    var lastReceived: Int64
    var isListedForFlush = false
    var watched: Readiness = .writable

    init(
        _ descriptor: Int32, _ key: SlotKey, _ upstream: UpstreamEndpoint,
        _ channel: any StreamChannel, now: Int64
    ) {
        self.descriptor = descriptor
        self.key = key
        self.upstream = upstream
        self.channel = channel
        openedAt = now
        lastActivity = now
        lastReceived = now
    }

    /// A socket that is connected, or is about to be.
    static func connect(to address: SocketAddress) throws(UpstreamError) -> Int32 {
        let descriptor = Syscalls.socket(ipv6: address.isIPv6, stream: true)
        guard descriptor >= 0 else { throw UpstreamError(errno: -descriptor) }
        let error = Syscalls.connect(descriptor, KernelAddress(address))
        guard error == 0 || error == EINPROGRESS else {
            Syscalls.close(descriptor)
            throw UpstreamError(errno: error)
        }
        Syscalls.setNoDelay(descriptor)
        return descriptor
    }

    /// Whether messages can pass.
    var isOpen: Bool { isConnected && channel.isEstablished }

    /// Why it is given up when it is not open in time.
    var openingTimeout: UpstreamError {
        isConnected ? .tls("no handshake in time; a port without TLS?") : .unreachable
    }

    /// Whether this error, which ends it, is one of its opening. A client's part of TLS's handshake is
    /// done before the server has looked at it.
    func hasFailedToOpen(_ error: UpstreamError) -> Bool {
        if case .tls = error, !hasReplied { return true }
        return !isOpen
    }
}
