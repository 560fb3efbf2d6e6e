import DNS
import Nameserver
import Transport

/// A client whose query waits for an upstream.
struct WaitingClient {
    /// The query as it came: it is processed again when there is an answer.
    let message: [UInt8]
    let address: IPAddress
    let transport: ClientTransport
    let path: ReplyPath
    /// The snapshot on which the query began.
    let snapshot: Snapshot
    /// The upstream answers that the query has waited for so far.
    var fresh: [FreshAnswer] = []

    /// A query may need several answers, each for another name of a chain of aliases that goes back
    /// and forth between zones and upstreams. One that needs more is not answered.
    static let maximumAnswers = 8
}

/// A worker's waiting clients by their ticket.
struct WaitingClients {
    /// Bounds the memory that a flood of unanswered names takes: a client is about 300 octets.
    private static let maximumCount = 50_000

    private var clients: [UInt64: WaitingClient] = [:]
    private var nextTicket: UInt64 = 1

    /// The client's ticket; nil when too many wait already.
    mutating func add(_ client: WaitingClient) -> UInt64? {
        guard clients.count < Self.maximumCount else { return nil }
        defer { nextTicket += 1 }
        clients[nextTicket] = client
        return nextTicket
    }

    mutating func remove(_ ticket: UInt64) -> WaitingClient? {
        clients.removeValue(forKey: ticket)
    }
}
