import DNS
import Nameserver
import Transport

/// A question that the program asks itself on behalf of a client: what would it get? A worker answers
/// it as it answers the client, zones, policies, cache, upstreams and all, but it is no client's query
/// in counts and logs, and the one who asked is told in place of the client.
final class Inquiry: Sendable {
    /// What came of it.
    struct Result: Sendable {
        /// The response; empty when the message was dropped.
        let octets: [UInt8]
        let source: AnswerSource
        /// Who answered; nil when no upstream was asked.
        let upstream: UpstreamAddress?
        /// From the question to the response.
        let nanoseconds: Int64
    }

    /// The query as the client sends it.
    let message: [UInt8]
    let client: IPAddress
    let transport: ClientTransport
    let snapshot: Snapshot
    private let startedAt = MonotonicClock.now()
    private let tell: @Sendable (Result) -> Void

    /// `tell` is called once, on the worker's queue.
    init(
        _ message: [UInt8], from client: IPAddress, over transport: ClientTransport = .tcp,
        on snapshot: Snapshot, tell: @escaping @Sendable (Result) -> Void
    ) {
        self.message = message
        self.client = client
        self.transport = transport
        self.snapshot = snapshot
        self.tell = tell
    }

    func end(_ octets: [UInt8], from source: AnswerSource, _ upstream: UpstreamAddress? = nil) {
        tell(
            Result(
                octets: octets, source: source, upstream: upstream,
                nanoseconds: MonotonicClock.now() - startedAt))
    }
}

/// Whose query waits for an upstream, and how the answer gets there.
enum Recipient {
    case client(ReplyPath)
    case inquiry(Inquiry)

    var transport: ClientTransport {
        switch self {
        case .client(let path): path.transport
        case .inquiry(let inquiry): inquiry.transport
        }
    }

    var isClient: Bool {
        if case .client = self { true } else { false }
    }
}
