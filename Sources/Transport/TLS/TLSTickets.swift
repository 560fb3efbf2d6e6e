internal import CTLS

/// A session that a server lets this client resume (RFC 8446 §2.2), with the proof of who the server
/// is that its first handshake brought.
///
/// The `unsafe` expressions are sound because the session is valid from `init` to `deinit`.
@safe final class TLSTicket {
    let session: OpaquePointer

    /// Takes over the caller's reference.
    init(_ session: OpaquePointer) { unsafe self.session = session }

    deinit { unsafe SSL_SESSION_free(session) }

    /// A ticket of TLS 1.3 that is used twice lets an observer tell that it is one client
    /// (RFC 8446 §C.4); a session of TLS 1.2 is the same one each time anyway.
    var isForOneUse: Bool { unsafe SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION }
}

/// The newest tickets of each upstream. Confined to the worker's queue.
final class TLSTickets {
    private var tickets: [UpstreamEndpoint: [TLSTicket]] = [:]

    /// Servers give two at a time, and there is one connection at a time.
    private static let maximumPerEndpoint = 2
    /// More upstreams than a configuration names; those of earlier ones end here.
    private static let maximumEndpoints = 256

    func add(_ ticket: TLSTicket, for endpoint: UpstreamEndpoint) {
        if tickets.count >= Self.maximumEndpoints, tickets[endpoint] == nil { tickets = [:] }
        var known = tickets[endpoint] ?? []
        if known.count >= Self.maximumPerEndpoint { known.removeFirst() }
        known.append(ticket)
        tickets[endpoint] = known
    }

    /// The newest ticket; nil when there is none.
    func take(for endpoint: UpstreamEndpoint) -> TLSTicket? {
        guard let ticket = tickets[endpoint]?.last else { return nil }
        if ticket.isForOneUse { tickets[endpoint]?.removeLast() }
        return ticket
    }
}
