/// Where an exchange waits for its reply.
enum ExchangePlace: Equatable {
    case socket(SlotKey, id: UInt16)
    case connection(SlotKey, id: UInt16)
}

/// The exchanges with upstreams that wait for a reply, and what the two transports share of them.
/// Confined to the worker's queue.
final class UpstreamExchanges {
    private let places = ExchangeTable()
    /// Upstream descriptors open now, of both transports.
    var openDescriptors = 0
    private let limits: TransportLimits

    init(_ limits: TransportLimits) { self.limits = limits }

    var count: Int { places.count }
    var isFull: Bool { places.count >= limits.exchanges }
    var mayOpenDescriptor: Bool { openDescriptors < limits.upstreamDescriptors }

    func begin(_ exchange: UInt64, at place: ExchangePlace) { places.set(place, for: exchange) }

    func place(of exchange: UInt64) -> ExchangePlace? { places[exchange] }

    /// Ends the exchange where it still waits at this place. False when it does not: it has been
    /// cancelled, or sent again elsewhere.
    @discardableResult
    func end(_ exchange: UInt64, at place: ExchangePlace) -> Bool {
        guard places[exchange] == place else { return false }
        places.remove(exchange)
        return true
    }

    func end(_ exchange: UInt64) { places.remove(exchange) }

    /// A random ID that `isTaken` denies; nil after more attempts than bad luck explains, since at
    /// most 1024 of the 65 536 IDs of a connection are ever taken.
    static func randomID(_ random: RandomSource, isTaken: (UInt16) -> Bool) -> UInt16? {
        for _ in 0..<idAttempts {
            let id = random.nextUInt16()
            if !isTaken(id) { return id }
        }
        return nil
    }

    private static let idAttempts = 64
}

/// The IDs that went out from one socket, each once. As many as the socket's queries. An object, so that
/// its owner's accesses to it need no run-time checks.
final class UpstreamIDs {
    enum Match: Equatable {
        /// A reply to the exchange.
        case exchange(UInt64)
        /// A reply to one that is over.
        case late
        /// A reply to nothing.
        case unknown
    }

    private struct Entry {
        let id: UInt16
        /// The exchange that waits under the ID. nil once it was answered or given up: nothing with this ID
        /// is taken any more, so a reply to it is no guess worth counting, however often it comes: networks
        /// repeat datagrams, and upstreams answer late. A forger's guess has such an ID once in 2048 times,
        /// with 32 queries a socket.
        var exchange: UInt64?
    }

    // In the order of sending: they are few, and walking them is quicker than hashing. The array leaves
    // its owner while it is changed: so no access to it has to be checked at run time.
    private var entries: [Entry] = []
    /// How many exchanges wait for their reply.
    private(set) var waitingCount = 0

    /// The exchanges that wait for their reply.
    var waiting: [(id: UInt16, exchange: UInt64)] {
        entries.compactMap { entry in entry.exchange.map { (entry.id, $0) } }
    }

    private func index(of id: UInt16) -> Int? {
        for index in 0..<entries.count where entries[index].id == id { return index }
        return nil
    }

    /// Whether a new query may not have the ID: a late reply would be taken for the new one's.
    func isTaken(_ id: UInt16) -> Bool { index(of: id) != nil }

    /// An exchange's query went out with an ID that is not taken.
    func begin(_ exchange: UInt64, id: UInt16) {
        var entries: [Entry] = []
        swap(&entries, &self.entries)
        entries.append(Entry(id: id, exchange: exchange))
        self.entries = entries
        waitingCount += 1
    }

    /// Nothing is waited for any more under this ID.
    func end(id: UInt16) {
        guard let index = index(of: id), entries[index].exchange != nil else { return }
        end(at: index)
    }

    /// As `end`, where it is still this exchange that waits.
    func end(_ exchange: UInt64, id: UInt16) {
        guard let index = index(of: id), entries[index].exchange == exchange else { return }
        end(at: index)
    }

    private func end(at index: Int) {
        var entries: [Entry] = []
        swap(&entries, &self.entries)
        entries[index].exchange = nil
        self.entries = entries
        waitingCount -= 1
    }

    /// What a message with this ID is.
    func match(_ id: UInt16) -> Match {
        guard let index = index(of: id) else { return .unknown }
        return entries[index].exchange.map { .exchange($0) } ?? .late
    }
}
