import Configuration
import DNS
import Transport

/// The addresses that are listened at, and the sockets for them. Owned by the control queue.
struct Listeners {
    /// How long an address is served on that is not wanted any more: longer than a query waits for
    /// its upstream, so that its answer still leaves from there.
    static let farewellSeconds = 5

    private var open: Set<SocketAddress> = []
    private var wanted: Set<SocketAddress> = []
    private let workers: Int

    init(workers: Int) { self.workers = workers }

    /// Opens what `configuration` names and is not open yet; returns each worker's new sockets. On an
    /// error nothing has changed.
    mutating func change(
        to configuration: Configuration
    ) throws(TransportError) -> [[ListeningSocketPair]] {
        let addresses = configuration.listen.map { SocketAddress(ip: $0.address, port: $0.port) }
        var opened = Array(repeating: [ListeningSocketPair](), count: workers)
        do throws(TransportError) {
            for address in addresses where !open.contains(address) {
                let pairs = try ListeningSockets.open(
                    address, workers: workers, besideOwn: open.contains { $0.overlaps(address) })
                for (worker, pair) in pairs.enumerated() { opened[worker].append(pair) }
            }
        } catch {
            for pair in opened.joined() { pair.close() }
            throw error
        }
        wanted = Set(addresses)
        open.formUnion(wanted)
        return opened
    }

    /// Whether an address is open that is not wanted any more.
    var hasUnwanted: Bool { open != wanted }

    /// The addresses to close now.
    mutating func takeUnwanted() -> [SocketAddress] {
        defer { open = wanted }
        return open.subtracting(wanted).sorted { "\($0)" < "\($1)" }
    }
}

extension SocketAddress {
    /// Whether a socket at one address keeps another from the other address: one of them is that of
    /// all interfaces.
    fileprivate func overlaps(_ other: SocketAddress) -> Bool {
        port == other.port && ip.isIPv4 == other.ip.isIPv4
            && (ip.isUnspecified || other.ip.isUnspecified)
    }
}
