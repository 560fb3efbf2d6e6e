package import DNS

/// The probing of one upstream that failed until it answers, its clients or a probe: with a question that it
/// did answer, with `. NS`, which every resolver knows, and with the one that it failed at, in turn. Some
/// leave `. NS` unanswered, or all questions of a type, and names whose own servers are gone.
struct UpstreamProbe {
    let upstream: Upstream
    /// The exchange in flight; nil while waiting to ask again.
    private(set) var exchange: UInt64?
    /// When the exchange has failed, or when to ask again.
    private(set) var deadline: Int64 = 0
    private var count = 0
    private let question: [UInt8]
    /// Answers that had come from it when the probing began.
    private let answersBefore: UInt64

    private static let timeout: Int64 = 1_000_000_000
    private static let interval: Int64 = 500_000_000

    /// `. NS IN` with RD set (RFC 1035 §4.1).
    private static let rootQuery: [UInt8] = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]

    /// `question` is a whole query; where none has failed, `. NS` is all that is asked.
    init(_ upstream: Upstream, question: [UInt8] = Self.rootQuery) {
        self.upstream = upstream
        self.question = question
        answersBefore = upstream.counts.answered
    }

    /// Whether it has answered a client since, and not failed again.
    var isOver: Bool { !upstream.isFailing && upstream.counts.answered != answersBefore }

    /// The query to send now.
    var query: [UInt8] {
        switch count % 3 {
        case 0: upstream.answeredQuestion ?? Self.rootQuery
        case 1: Self.rootQuery
        default: question
        }
    }

    mutating func sent(_ exchange: UInt64, now: Int64) {
        upstream.probed()
        self.exchange = exchange
        count += 1
        deadline = now + Self.timeout
    }

    /// To be sent with the next tick.
    mutating func beginAgain() {
        exchange = nil
        deadline = 0
    }

    mutating func failed(now: Int64) {
        upstream.probeFailed()
        exchange = nil
        deadline = now + Self.interval
    }
}

/// A query that no client waits for: a probe, or a check for a loop.
package final class UpstreamCheck {
    package let exchange: UInt64
    package let message: [UInt8]
    private let upstream: Upstream

    init(exchange: UInt64, to upstream: Upstream, message: [UInt8]) {
        self.exchange = exchange
        self.upstream = upstream
        self.message = message
    }

    /// Where it goes.
    package var address: UpstreamAddress { upstream.address }
    package var transport: ClientTransport { address.isSecure ? .tcp : .udp }
}
