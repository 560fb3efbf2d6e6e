/// Where an exchange waits for its reply.
enum ExchangePlace: Equatable {
    case socket(SlotKey, id: UInt16)
    case connection(SlotKey, id: UInt16)
}

/// The exchanges with upstreams that wait for a reply, and what the two transports share of them.
/// Confined to the worker's queue.
final class UpstreamExchanges {
    private var places: [UInt64: ExchangePlace] = [:]
    /// Upstream descriptors open now, of both transports.
    var openDescriptors = 0
    private let limits: TransportLimits

    init(_ limits: TransportLimits) { self.limits = limits }

    var count: Int { places.count }
    var isFull: Bool { places.count >= limits.exchanges }
    var mayOpenDescriptor: Bool { openDescriptors < limits.upstreamDescriptors }

    func begin(_ exchange: UInt64, at place: ExchangePlace) { places[exchange] = place }

    func place(of exchange: UInt64) -> ExchangePlace? { places[exchange] }

    /// Ends the exchange where it still waits at this place. False when it does not: it has been
    /// cancelled, or sent again elsewhere.
    @discardableResult
    func end(_ exchange: UInt64, at place: ExchangePlace) -> Bool {
        guard places[exchange] == place else { return false }
        places[exchange] = nil
        return true
    }

    func end(_ exchange: UInt64) { places[exchange] = nil }

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
