internal import DNS

/// Octets by way of TLS: a `TLSSession` and the socket. Confined to the worker's queue.
final class TLSChannel: StreamChannel {
    private let descriptor: Int32
    private let session: TLSSession
    private let context: LoopContext
    /// Encrypted octets that the socket has not taken yet.
    private var unsent = StreamOutput()

    /// Octets encrypted at a time, a record; the next ones only when the socket has taken these.
    private static let recordSize = 16 * 1024
    /// More encrypted octets are never kept: a server may make a client answer (RFC 8446 §4.6.3),
    /// and then not read the answers.
    private static let maximumUnsent = 64 * 1024

    init(_ descriptor: Int32, _ session: TLSSession, _ context: LoopContext) {
        self.descriptor = descriptor
        self.session = session
        self.context = context
    }

    var isEstablished: Bool { session.isEstablished }

    func waitsToWrite(hasMessages: Bool) -> Bool {
        unsent.count > 0 || hasMessages && session.mayWrite
    }

    // MARK: Reading

    /// What the socket has is encrypted; it goes from `octets` into the session, and comes back.
    func receive(
        into octets: inout [UInt8], at offset: Int, limit: Int
    ) throws(UpstreamError) -> ChannelReading {
        switch Syscalls.receive(descriptor, into: &octets, at: offset, limit: limit) {
        case .done(0):
            guard isEstablished else { throw .tls("connection closed in the handshake") }
            return .end
        case .done(let count):
            session.feed(octets.span.extracting(offset..<offset + count))
            let hasShakenHands = isEstablished
            let reading = try receiveRest(into: &octets, at: offset, limit: limit)
            guard reading == .nothing else { return reading }
            // Tickets alone are answered by nothing, and until they are acknowledged a server with
            // Nagle's algorithm keeps its reply.
            if hasShakenHands { Syscalls.acknowledge(descriptor) }
            return .octets(0)
        case .wouldBlock:
            return .nothing
        case .failed(let errno):
            throw UpstreamError(errno: errno)
        }
    }

    func receiveRest(
        into octets: inout [UInt8], at offset: Int, limit: Int
    ) throws(UpstreamError) -> ChannelReading {
        do throws(UpstreamError) {
            if !isEstablished { try shakeHands() }
            guard isEstablished,
                let count = try session.read(into: &octets, at: offset, limit: limit)
            else { return .nothing }
            return count == 0 ? .end : .octets(count)
        } catch {
            // The server is told why; it may be gone.
            _ = try? flush()
            throw error
        }
    }

    private func shakeHands() throws(UpstreamError) {
        try session.handshake()
        guard isEstablished else { return }
        context.counters.upstreamHandshakes &+= 1
        if session.isResumed { context.counters.upstreamResumptions &+= 1 }
    }

    // MARK: Writing

    func send(_ octets: Span<UInt8>) throws(UpstreamError) -> Int {
        if !isEstablished { try shakeHands() }
        var sent = 0
        while try flush(), sent < octets.count {
            let end = min(sent + Self.recordSize, octets.count)
            let count = try session.write(octets.extracting(sent..<end))
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// Writes encrypted octets until there are none, which is true, or the socket takes no more.
    private func flush() throws(UpstreamError) -> Bool {
        unsent.append(encoded: session.takeOutput().span)
        while unsent.count > 0 {
            switch unsent.flush(descriptor) {
            case .done: continue
            case .failed(let errno): throw UpstreamError(errno: errno)
            case .wouldBlock:
                guard unsent.count <= Self.maximumUnsent else { throw .tls("nothing is read") }
                return false
            }
        }
        return true
    }

    func farewell() {
        session.shutDown()
        _ = try? flush()
    }
}
