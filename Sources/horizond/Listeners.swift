import Configuration
import Transport

/// The addresses that are listened at, and the sockets for them. Owned by the control queue.
struct Listeners {
    private var addresses: Set<SocketAddress> = []
    private let workers: Int

    init(workers: Int) { self.workers = workers }

    /// What is to change: sockets for new addresses (by worker), and addresses to close.
    struct Change: Sendable {
        fileprivate(set) var opened: [[ListeningSocketPair]]
        fileprivate(set) var closed: [SocketAddress] = []
    }

    /// Opens what `configuration` names and is not open yet. On an error nothing has changed.
    mutating func change(to configuration: Configuration) throws(TransportError) -> Change {
        let wanted = configuration.listen.map { SocketAddress(ip: $0.address, port: $0.port) }
        var change = Change(opened: Array(repeating: [], count: workers))
        do throws(TransportError) {
            for address in wanted where !addresses.contains(address) {
                let pairs = try ListeningSockets.open(address, workers: workers)
                for (worker, pair) in pairs.enumerated() { change.opened[worker].append(pair) }
            }
        } catch {
            for pair in change.opened.joined() { pair.close() }
            throw error
        }
        change.closed = addresses.subtracting(wanted).sorted { "\($0)" < "\($1)" }
        addresses = Set(wanted)
        return change
    }
}
