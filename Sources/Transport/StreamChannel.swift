internal import DNS

/// The way of an upstream connection's octets through its socket: as they are, or by way of TLS. Owns
/// neither the socket nor its place in the poll set. Confined to the worker's queue.
protocol StreamChannel {
    /// Whether messages can pass; for TLS, after the handshake.
    var isEstablished: Bool { get }
    /// Whether there is something to be done as soon as the socket is writable; `hasMessages` says
    /// whether messages wait for `send`.
    func waitsToWrite(hasMessages: Bool) -> Bool

    /// Reads from the socket once, into `octets` from `offset` on, up to `limit`.
    func receive(
        into octets: inout [UInt8], at offset: Int, limit: Int
    ) throws(UpstreamError) -> ChannelReading
    /// What came with the last `receive` and had no room; to be called until there is `.nothing`.
    func receiveRest(
        into octets: inout [UInt8], at offset: Int, limit: Int
    ) throws(UpstreamError) -> ChannelReading

    /// Writes, and tells how many of `octets` need not be given again.
    func send(_ octets: Span<UInt8>) throws(UpstreamError) -> Int

    /// Takes leave of the peer, before the socket is closed.
    func farewell()
}

/// What a reading has brought.
enum ChannelReading: Equatable {
    /// Nothing, until the socket is readable again.
    case nothing
    /// So many octets of messages; 0 when all that came is the channel's own.
    case octets(Int)
    /// The peer's end.
    case end
}

/// Octets as they are.
struct PlainChannel: StreamChannel {
    let descriptor: Int32

    var isEstablished: Bool { true }

    func waitsToWrite(hasMessages: Bool) -> Bool { hasMessages }

    func receive(
        into octets: inout [UInt8], at offset: Int, limit: Int
    ) throws(UpstreamError) -> ChannelReading {
        switch Syscalls.receive(descriptor, into: &octets, at: offset, limit: limit) {
        case .done(0): return .end
        case .done(let count): return .octets(count)
        case .wouldBlock: return .nothing
        case .failed(let errno): throw UpstreamError(errno: errno)
        }
    }

    func receiveRest(into octets: inout [UInt8], at offset: Int, limit: Int) -> ChannelReading {
        .nothing
    }

    func send(_ octets: Span<UInt8>) throws(UpstreamError) -> Int {
        guard octets.count > 0 else { return 0 }
        switch Syscalls.send(descriptor, octets) {
        case .done(let count): return count
        case .wouldBlock: return 0
        case .failed(let errno): throw UpstreamError(errno: errno)
        }
    }

    func farewell() {}
}
