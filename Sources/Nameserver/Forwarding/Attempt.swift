package import DNS

/// One query to one upstream for a flight's question. Owned by its forwarder's queue.
package final class Attempt {
    /// The number of the exchange that carries it; another one's never.
    package let exchange: UInt64
    /// Holds this attempt in turn, until one of them ends.
    let flight: Flight
    let upstream: Upstream
    /// Behind it in its flight.
    var next: Attempt?
    /// What was sent last; a reply has to repeat its question.
    var message: [UInt8] = []
    var transport: ClientTransport
    var form: QueryForm
    /// When it was sent, in monotonic nanoseconds.
    var sentAt: Int64 = 0
    /// When another upstream is asked beside it, or its own for the second time.
    var patienceEnd: Int64 = .max
    /// When its own is asked once more already, in case a datagram was lost.
    var repeatedAt: Int64 = .max
    /// When it counts as failed; an answer is still taken while the flight lasts.
    var expiry: Int64 = .max
    /// Whether another one stands in for it: it took too long, or is a repetition of one.
    var isLate = false
    /// Whether it repeats one that may yet be answered, in case a datagram was lost.
    var isRepetition = false
    /// Whether it was sent again with the cookie of a BADCOOKIE answer.
    var hasNewCookie = false
    /// Whether it has less in it than an earlier query for the same question that came to nothing.
    var isPlainer: Bool

    init(
        _ exchange: UInt64, of flight: Flight, to upstream: Upstream,
        over transport: ClientTransport, _ form: QueryForm, isPlainer: Bool
    ) {
        self.exchange = exchange
        self.flight = flight
        self.upstream = upstream
        self.transport = transport
        self.form = form
        self.isPlainer = isPlainer
    }

    /// Where it goes.
    package var address: UpstreamAddress { upstream.address }
    package var sentOver: ClientTransport { transport }
    package var sentMessage: [UInt8] { message }

    /// Whether a letter of the name was sent as a capital.
    var hasCapitals: Bool {
        let name = flight.question.name.octets.count
        return message[Header.length..<Header.length + name].contains { $0 &- 0x41 < 26 }
    }
}

/// The attempts of a flight, in order. Each holds on to the next, so that a list of one takes no memory of
/// its own. Whoever stands at one that is taken out still gets at the next.
struct AttemptList: Sequence {
    let first: Attempt?

    var isEmpty: Bool { first == nil }

    func makeIterator() -> Iterator { Iterator(attempt: first) }

    struct Iterator: IteratorProtocol {
        fileprivate var attempt: Attempt?

        mutating func next() -> Attempt? {
            defer { attempt = attempt?.next }
            return attempt
        }
    }
}

/// Why one attempt at an upstream failed.
package enum AttemptFailure: Equatable, Sendable {
    case timeout
    /// Its port is closed.
    case refused
    /// Any other error of the network, in the system's words.
    case network(String)
    /// It was not asked: too many queries are in flight already.
    case busy
    /// Its answer could not be read.
    case malformed
    /// It sends the question back here.
    case loop
}

extension AttemptFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .timeout: "no answer in time"
        case .refused: "connection refused"
        case .network(let error): error
        case .busy: "too many queries are in flight"
        case .malformed: "malformed answer"
        case .loop: "forwarding loop, it sends questions back to this server"
        }
    }
}

/// A server of several that fails in a way that an operator had better look at, such as one that cannot
/// prove who it is: what others answer in its stead may not be what was wanted.
package struct UpstreamTrouble: Hashable, Sendable {
    package let upstream: UpstreamAddress
    package let reason: String
}

/// A query that no upstream answered.
package struct FailedQuery: Sendable {
    package let name: DomainName
    package let type: RRType
    /// The upstream of the last attempt.
    package let upstream: UpstreamAddress
    package let failure: AttemptFailure
    /// Whether the clients have got an earlier answer instead of SERVFAIL.
    package let isBridged: Bool

    init(
        _ question: UpstreamQuestion, _ failure: AttemptFailure, at upstream: Upstream,
        isBridged: Bool = false
    ) {
        name = question.name
        type = question.type
        self.upstream = upstream.address
        self.failure = failure
        self.isBridged = isBridged
    }

    /// What went wrong, for the log and for the client.
    package var reason: String { "\(upstream): \(failure)" }

    /// RFC 8914 §4.15, §4.23 and §4.24.
    var extendedError: ExtendedErrorOption {
        let code =
            switch failure {
            case .timeout: ExtendedError.noReachableAuthority
            case .refused, .network: ExtendedError.networkError
            case .busy: ExtendedError.notReady
            case .malformed, .loop: ExtendedError.other
            }
        return ExtendedErrorOption(code, reason)
    }
}
