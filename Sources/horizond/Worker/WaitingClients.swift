import DNS
import Nameserver
import Transport

/// A client whose query waits for an upstream. An object that is used again for another client, with the
/// memory that it has.
final class WaitingClient {
    /// Begins with the query as it came: it is processed again when there is an answer.
    private(set) var octets: [UInt8] = []
    /// The query's length.
    private(set) var length = 0
    private(set) var address: IPAddress
    /// nil while no query waits.
    private(set) var recipient: Recipient?
    /// The snapshot on which the query began; nil while no query waits.
    private(set) var snapshot: Snapshot?
    /// Where it is counted among its client's; nil for a question of the program's own.
    private(set) var share: ClientShares.Share?
    /// When the query came, in monotonic nanoseconds.
    private(set) var receivedAt: Int64 = 0
    /// The upstream answers that the query has waited for so far.
    private(set) var fresh: [FreshAnswer] = []
    /// Its slot, and in the upper half a number that tells what it waits for from what it waited for
    /// before.
    fileprivate(set) var ticket: UInt64

    /// A query may need several answers, each for another name of a chain of aliases that goes back
    /// and forth between zones and upstreams. One that needs more is not answered.
    static let maximumAnswers = 8
    /// The longest message whose memory is kept for the next client.
    private static let keptLength = 512

    fileprivate init(slot: Int, _ address: IPAddress) {
        ticket = UInt64(slot)
        self.address = address
    }

    // Arrays leave their owner while they are changed: so no access to them has to be checked at run time
    // to exclude the others.

    fileprivate func begin(
        _ message: Span<UInt8>, _ address: IPAddress, _ recipient: Recipient,
        _ snapshot: Snapshot, _ share: ClientShares.Share?, _ receivedAt: Int64
    ) {
        var octets: [UInt8] = []
        swap(&octets, &self.octets)
        if octets.count < message.count {
            octets = message.array(0..<message.count)
        } else {
            var span = octets.mutableSpan
            span.copy(message, at: 0)
        }
        self.octets = octets
        length = message.count
        self.address = address
        self.recipient = recipient
        self.snapshot = snapshot
        self.share = share
        self.receivedAt = receivedAt
    }

    /// One more answer has come.
    func append(_ answer: FreshAnswer) {
        var answers: [FreshAnswer] = []
        swap(&answers, &fresh)
        answers.append(answer)
        fresh = answers
    }

    fileprivate func end() {
        if octets.count > Self.keptLength { octets = [] }
        var answers: [FreshAnswer] = []
        swap(&answers, &fresh)
        answers.removeAll(keepingCapacity: true)
        fresh = answers
        snapshot = nil
        // A question of our own keeps a snapshot, too.
        recipient = nil
        share = nil
    }
}

/// A worker's waiting clients by their ticket.
final class WaitingClients {
    /// Bounds the memory that a flood of unanswered names takes: a client is about 300 octets, at most
    /// twice as much with a longer query.
    private static let maximumCount = 50_000

    private let shares: ClientShares
    /// By the lower half of the ticket.
    private var clients: [WaitingClient] = []
    private var free: [WaitingClient] = []

    /// Whether nobody waits.
    var isEmpty: Bool { clients.count == free.count }

    init(_ shares: ClientShares) { self.shares = shares }

    /// A client's share of what may wait; nil when it holds all that it may have beside the others, here or
    /// of `room` in flight. What is over it is answered at once, with SERVFAIL: a stub resolver then goes on
    /// to its next server or to the end, where silence would have it wait for seconds and ask again.
    func share(of address: IPAddress, isProven: Bool, room: Int) -> ClientShares.Share? {
        let share = shares.share(of: address, isProven: isProven)
        let places = Self.maximumCount - clients.count + free.count
        return shares.count(share) < min(places, room) ? share : nil
    }

    /// How many queries of a client wait, with this one; 0 for the program's own.
    func count(of client: WaitingClient) -> Int { client.share.map(shares.count) ?? 0 }

    /// A client that waits for nothing yet; nil when too many wait already.
    func add(
        _ message: Span<UInt8>, from address: IPAddress, to recipient: Recipient,
        on snapshot: Snapshot, share: ClientShares.Share? = nil, receivedAt: Int64
    ) -> WaitingClient? {
        var free: [WaitingClient] = []
        swap(&free, &self.free)
        defer { swap(&free, &self.free) }
        guard let client = free.popLast() ?? make(address) else { return nil }
        client.begin(message, address, recipient, snapshot, share, receivedAt)
        if let share { shares.begin(share) }
        return client
    }

    private func make(_ address: IPAddress) -> WaitingClient? {
        guard clients.count < Self.maximumCount else { return nil }
        var clients: [WaitingClient] = []
        swap(&clients, &self.clients)
        defer { swap(&clients, &self.clients) }
        let client = WaitingClient(slot: clients.count, address)
        clients.append(client)
        return client
    }

    /// A new ticket for a client, which ends the earlier one.
    func ticket(for client: WaitingClient) -> UInt64 {
        client.ticket &+= 1 << 32
        return client.ticket
    }

    /// The client that waits with this ticket.
    func client(_ ticket: UInt64) -> WaitingClient? {
        let slot = Int(ticket & 0xffff_ffff)
        guard slot < clients.count, clients[slot].ticket == ticket, clients[slot].snapshot != nil
        else { return nil }
        return clients[slot]
    }

    /// A client waits for nothing more.
    func remove(_ client: WaitingClient) {
        if let share = client.share { shares.end(share) }
        client.end()
        var free: [WaitingClient] = []
        swap(&free, &self.free)
        free.append(client)
        self.free = free
    }
}
