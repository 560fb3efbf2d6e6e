package import DNS

/// One question on its way through its rule's upstreams.
struct Exchange {
    let question: UpstreamQuestion
    /// When the client is told that nobody answers.
    let totalDeadline: Int64
    /// The upstreams in the order in which they are asked: those that have not failed first, those
    /// that are down last.
    private let order: [Upstream]
    private let maximumAttempts: Int
    /// How many of `order` had not failed.
    private let wellCount: Int
    private var attempts = 0
    var upstream: Upstream
    var transport: ClientTransport
    var withEDNS = true
    /// A response that was cut, while the whole one is asked for over TCP: better than none.
    var truncated: UpstreamAnswer.Made?
    /// SERVFAIL or REFUSED of an upstream, while a further one is asked: what the client gets when
    /// none knows better.
    var refusal: UpstreamAnswer.Made?
    /// When the attempt under way was sent.
    var sentAt: Int64 = 0
    /// When the attempt that is under way has failed.
    var deadline: Int64 = .max
    var lastFailure = AttemptFailure.timeout

    init(_ question: UpstreamQuestion, now: Int64) {
        self.question = question
        transport = question.transport
        totalDeadline = now + Forwarder.totalTimeout
        let all = question.rule.upstreams
        let up = all.filter { !$0.isDown }
        let well = up.filter { !$0.isFailing }
        order = well + up.filter(\.isFailing) + all.filter(\.isDown)
        upstream = order[0]
        wellCount = well.count
        // When all are down they are still tried, each once; else each twice.
        maximumAttempts = up.isEmpty ? all.count : 2 * all.count
    }

    /// The state for one more attempt; nil when there have been enough, or no time is left.
    func nextAttempt(now: Int64) -> Exchange? {
        // After a refusal each of the others that are well is asked once: one that fails would only
        // make the client wait for the same.
        guard attempts < (refusal == nil ? maximumAttempts : wellCount), now < totalDeadline
        else { return nil }
        var next = self
        next.upstream = order[attempts % order.count]
        // An upstream without TCP must not cost the client, or those who joined, the answer.
        next.transport = attempts == 0 ? question.transport : .udp
        next.attempts += 1
        return next
    }

    /// How long the attempt under way may take, in nanoseconds: the last one of a round all the time
    /// that one has, those before it as long as is usual for their upstream.
    var patience: Int64 {
        let isLast = attempts % order.count == 0
        return isLast ? Forwarder.attemptTimeout : upstream.patience
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
}

/// A query that no upstream answered.
package struct FailedQuery: Sendable {
    package let name: DomainName
    package let type: RRType
    /// The upstream of the last attempt.
    package let upstream: UpstreamAddress
    package let failure: AttemptFailure

    /// What went wrong, for the log and for the client.
    package var reason: String {
        switch failure {
        case .timeout: "\(upstream): no answer in time"
        case .refused: "\(upstream): connection refused"
        case .network(let error): "\(upstream): \(error)"
        case .busy: "\(upstream): too many queries are in flight"
        case .malformed: "\(upstream): malformed answer"
        }
    }

    /// RFC 8914 §4.15, §4.23 and §4.24.
    var extendedError: ExtendedErrorOption {
        let code =
            switch failure {
            case .timeout: ExtendedError.noReachableAuthority
            case .refused, .network: ExtendedError.networkError
            case .busy: ExtendedError.notReady
            case .malformed: ExtendedError.other
            }
        return ExtendedErrorOption(code, reason)
    }
}

/// The probing of one upstream that failed: `. NS` again and again until it answers.
struct UpstreamProbe {
    let upstream: Upstream
    /// The exchange in flight; nil while waiting to ask again.
    private(set) var exchange: UInt64?
    /// When the exchange has failed, or when to ask again.
    private(set) var deadline: Int64 = 0

    private static let timeout: Int64 = 1_000_000_000
    private static let interval: Int64 = 500_000_000

    /// `. NS IN` with RD set (RFC 1035 §4.1).
    static let query: [UInt8] = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]

    init(_ upstream: Upstream) { self.upstream = upstream }

    mutating func sent(_ exchange: UInt64, now: Int64) {
        self.exchange = exchange
        deadline = now + Self.timeout
    }

    mutating func failed(now: Int64) {
        upstream.probeFailed()
        exchange = nil
        deadline = now + Self.interval
    }
}
