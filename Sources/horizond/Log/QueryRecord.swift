import DNS
import Nameserver
import Transport

/// A query that was answered, as its worker notes it for the query log. What a line says of it is read
/// off the worker's queue.
struct QueryRecord: Sendable {
    /// The response from its start, as much as a line can say, or whole where the log wants it so.
    let response: [UInt8]
    let client: IPAddress
    let transport: ClientTransport
    let source: AnswerSource
    /// Who gave the answer, if the query waited for one.
    let upstream: Upstream?
    /// The limit that the client was over.
    let limit: LimitAction?
    /// What the query was answered on.
    let snapshot: Snapshot
    /// Monotonic nanoseconds.
    let receivedAt: Int64
    let sentAt: Int64
    /// How many queries it stands for on the page, itself included; 0 when the page does not want it.
    let weight: UInt32
    /// Whether those want it who follow the log.
    let isForFollowers: Bool
    /// Whether the log wants it.
    let isForLog: Bool

    /// The longest part of a response that is kept of most: room for the addresses that a line shows.
    private static let maximumLength = 512

    init(
        _ response: Span<UInt8>, to client: IPAddress, over transport: ClientTransport,
        from source: AnswerSource, by upstream: Upstream?, limit: LimitAction?,
        on snapshot: Snapshot, receivedAt: Int64, for admission: RecordGate.Admission
    ) {
        weight = admission.weight
        isForFollowers = admission.isForFollowers
        isForLog = admission.isForLog
        let length = admission.isWhole ? response.count : min(response.count, Self.maximumLength)
        self.response = response.array(0..<length)
        self.client = client
        self.transport = transport
        self.source = source
        self.upstream = upstream
        self.limit = limit
        self.snapshot = snapshot
        self.receivedAt = receivedAt
        sentAt = MonotonicClock.now()
    }
}
