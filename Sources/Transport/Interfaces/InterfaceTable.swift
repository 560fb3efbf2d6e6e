internal import DNS

/// The host's interfaces as the kernel's answers tell them.
struct InterfaceTable {
    /// More than any host for this has; what comes then is left out.
    private static let maximumNetworks = 65_536

    private var names: [UInt32: String] = [:]
    private var networks: [UInt32: Set<NetworkInterface.Network>] = [:]
    private var count = 0

    mutating func addLink(_ index: UInt32, name: String) { names[index] = name }

    mutating func add(_ network: NetworkInterface.Network, on index: UInt32) {
        guard count < Self.maximumNetworks else { return }
        if networks[index, default: []].insert(network).inserted { count += 1 }
    }

    /// Adds what another table has, but for names that this one knows.
    mutating func formUnion(_ other: InterfaceTable) {
        names.merge(other.names) { own, _ in own }
        for (index, networks) in other.networks {
            for network in networks { add(network, on: index) }
        }
    }

    /// The interfaces in the order of their indices, those without a network too.
    var interfaces: [NetworkInterface] {
        names.sorted { $0.key < $1.key }.map { index, name in
            let networks = networks[index, default: []].sorted { $0.precedes($1) }
            return NetworkInterface(name: name, networks: networks)
        }
    }
}

extension NetworkInterface.Network {
    /// IPv4 before IPv6, each by address.
    fileprivate func precedes(_ other: Self) -> Bool {
        let (left, right) = (address.octets, other.address.octets)
        guard left.count == right.count else { return left.count < right.count }
        return left == right ? length < other.length : left.lexicographicallyPrecedes(right)
    }
}
