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

    /// By the lower half of the ticket. The upper half tells the slot's users apart.
    private var slots: [(generation: UInt32, client: WaitingClient?)] = []
    private var free: [UInt32] = []

    /// The client's ticket; nil when too many wait already.
    mutating func add(_ client: WaitingClient) -> UInt64? {
        if free.isEmpty {
            guard slots.count < Self.maximumCount else { return nil }
            free.append(UInt32(slots.count))
            slots.append((0, nil))
        }
        let slot = free.removeLast()
        slots[Int(slot)].generation &+= 1
        slots[Int(slot)].client = client
        return UInt64(slots[Int(slot)].generation) << 32 | UInt64(slot)
    }

    mutating func remove(_ ticket: UInt64) -> WaitingClient? {
        let slot = Int(ticket & 0xffff_ffff)
        guard slot < slots.count, UInt64(slots[slot].generation) == ticket >> 32,
            let client = slots[slot].client
        else { return nil }
        slots[slot].client = nil
        free.append(UInt32(slot))
        return client
    }
}
