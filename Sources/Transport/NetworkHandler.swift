package import DNS

/// What a loop calls, always on the worker's queue and never from within another of these calls.
///
/// A protocol bound to classes, because that is the cheapest form that stays correct: a call is one
/// load from a witness table with the object as it is. A stored closure would have its context
/// retained and released at every call, and a generic loop could not be specialized for a type of
/// another module. `send`, `sendUpstream` and `cancelUpstream` may be called from all of these.
package protocol NetworkHandler: AnyObject {
    /// Answers one query: writes into `response` and returns the answer's length in octets. 0 sends
    /// nothing now: the query is dropped or, when `arrival.replyPath()` was taken, answered later.
    /// `response` holds 1232 octets for UDP and 65535 for TCP. An IPv4-mapped IPv6 address of a client
    /// comes as IPv4.
    @_lifetime(response: copy response)
    func query(
        _ message: Span<UInt8>, from client: IPAddress, over transport: ClientTransport,
        _ arrival: Arrival, _ response: inout MutableSpan<UInt8>
    ) -> Int

    /// A message with the exchange's ID on its socket; the ID in it is the one on the wire. True
    /// takes it and ends the exchange; false (a wrong question) lets the exchange wait on.
    func upstreamReply(_ message: Span<UInt8>, exchange: UInt64) -> Bool

    /// The exchange has ended without a reply.
    func upstreamFailure(exchange: UInt64, error: UpstreamError)

    /// The exchange's datagrams are not to be relied on: the consumer may send it again over TCP.
    /// One that it does not send again waits on after `.oversized`, and fails after `.forgeries`.
    func upstreamUnfit(exchange: UInt64, because: DatagramTrouble)

    /// A round of work begins; `now` is that of `MonotonicClock`. Before all its queries.
    func roundBegan(now: Int64)

    /// The round's queries are done; what was sent in it goes out after this call.
    func roundEnded()

    /// The answers that were written so far have been given to the kernel, or queued for connections that
    /// wait for their clients.
    func answersSent()

    /// Every 50 ms or so, within a round, while `needsTicks` is set or connections are open.
    func tick(now: Int64)

    /// Whether some client waits for an answer that no exchange of this loop will bring.
    var owesAnswers: Bool { get }

    /// Descriptors ran out since the last tick, for connections of clients or for upstreams.
    func descriptorsRanOut()

    /// `WakeUp.wake()` was called, perhaps several times, perhaps by the loop itself.
    func messages()
}

extension NetworkHandler {
    package var owesAnswers: Bool { false }
    package func descriptorsRanOut() {}
}

/// Why an exchange had better not be carried out over UDP.
package enum DatagramTrouble: Equatable, Sendable {
    /// Replies with wrong IDs keep coming to its socket: somebody guesses (RFC 5452 §9).
    case forgeries
    /// Its reply is larger than any datagram that was agreed on.
    case oversized
}
