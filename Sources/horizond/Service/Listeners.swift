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
    /// The sockets of socket units, which are used wherever `listen` names their address.
    private let fromUnits: [BoundSocket]

    /// What the service manager has passed is served by `start`.
    init(workers: Int, fromUnits: [BoundSocket] = []) {
        self.workers = workers
        self.fromUnits = fromUnits
    }

    /// What a change has opened.
    struct Change: Sendable {
        /// Each worker's new sockets.
        fileprivate(set) var opened: [[ListeningSocketPair]]
        /// Those that were not passed, by address: the service manager is to keep them.
        fileprivate(set) var toStore: [(address: SocketAddress, descriptors: [Int32])] = []
        /// IPv6 addresses, on a host that has none: the default names one, so it is no error.
        fileprivate(set) var withoutIPv6: [SocketAddress] = []
        /// Addresses that no interface has yet.
        fileprivate(set) var absent: [SocketAddress] = []
        /// Sockets of socket units that are for no address of `listen`.
        fileprivate(set) var unused: [BoundSocket] = []
    }

    /// Opens what `configuration` names at the start, where an address that no interface has is opened
    /// all the same: at boot it may come later. Sockets that are `stored` are used again.
    mutating func start(
        _ configuration: Configuration, stored: [BoundSocket]
    ) throws(TransportError) -> Change {
        try change(to: configuration, bound: fromUnits + stored, isStart: true)
    }

    /// Opens what `configuration` names and is not open yet. On an error nothing has changed.
    mutating func change(to configuration: Configuration) throws(TransportError) -> Change {
        try change(to: configuration, bound: fromUnits, isStart: false)
    }

    private mutating func change(
        to configuration: Configuration, bound: [BoundSocket], isStart: Bool
    ) throws(TransportError) -> Change {
        let addresses = configuration.listen.map { SocketAddress(ip: $0.address, port: $0.port) }
        var change = Change(opened: Array(repeating: [], count: workers))
        do throws(TransportError) {
            for address in addresses where !open.contains(address) {
                guard let pairs = try openPairs(address, bound, isStart: isStart, &change) else {
                    continue
                }
                for (index, pair) in pairs.enumerated() {
                    change.opened[index % workers].append(pair)
                }
                change.toStore.append((address, Self.opened(pairs, address, bound)))
            }
        } catch {
            for pair in change.opened.joined() { pair.close() }
            if case .permissionDenied(let address, let transport) = error, !fromUnits.isEmpty {
                throw .notPassed(address, transport)
            }
            throw error
        }
        change.unused = fromUnits.filter { socket in !addresses.contains(where: socket.serves) }
        wanted = Set(addresses).subtracting(change.withoutIPv6)
        open.formUnion(wanted)
        return change
    }

    /// The descriptors of an address that are not further ones of passed sockets.
    private static func opened(
        _ pairs: [ListeningSocketPair], _ address: SocketAddress, _ bound: [BoundSocket]
    ) -> [Int32] {
        let passed = bound.filter { $0.serves(address) }.map(\.transport)
        return (passed.contains(.udp) ? [] : pairs.map(\.udp))
            + (passed.contains(.tcp) ? [] : pairs.map(\.tcp))
    }

    /// nil when the host has no IPv6, where one file may be for many hosts.
    private func openPairs(
        _ address: SocketAddress, _ bound: [BoundSocket], isStart: Bool, _ change: inout Change
    ) throws(TransportError) -> [ListeningSocketPair]? {
        let besideOwn = isOverlapped(address, by: change)
        do throws(TransportError) {
            return try ListeningSockets.open(
                address, workers: workers, besideOwn: besideOwn, bound: bound)
        } catch .addressNotAvailable where isStart {
            change.absent.append(address)
            return try ListeningSockets.open(
                address, workers: workers, besideOwn: besideOwn, mayBeAbsent: true, bound: bound)
        } catch .familyNotSupported {
            change.withoutIPv6.append(address)
            return nil
        }
    }

    /// Whether this server has the address's port already, at an address that takes in the other one.
    private func isOverlapped(_ address: SocketAddress, by change: Change) -> Bool {
        open.contains { $0.overlaps(address) }
            || change.opened.joined().contains { $0.address.overlaps(address) }
    }

    /// Whether what is sent to an address is answered, once an interface has it.
    func isListening(at address: ListenAddress) -> Bool {
        wanted.contains(SocketAddress(ip: address.address, port: address.port))
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
