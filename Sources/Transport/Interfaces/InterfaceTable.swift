internal import DNS

/// The host's interfaces as netlink messages tell them.
struct InterfaceTable {
    /// More than any host for this has; what comes then is left out.
    private static let maximumSources = 65_536

    private var names: [UInt32: String] = [:]
    private var sources: Set<NetworkSource> = []

    /// Takes over what a message says. Returns whether anything is new.
    mutating func apply(_ message: InterfaceMessage) -> Bool {
        switch message {
        case .link(let index, let name):
            return names.updateValue(name, forKey: index) != name
        case .linkIsGone(let index):
            sources = sources.filter { $0.index != index }
            return names.removeValue(forKey: index) != nil
        case .source(let source):
            guard sources.count < Self.maximumSources else { return false }
            return sources.insert(source).inserted
        case .sourceIsGone(let source):
            return sources.remove(source) != nil
        case .end, .refused, .lost:
            return false
        }
    }

    /// The interfaces in the order of their indices, those without a network too.
    var interfaces: [NetworkInterface] {
        let sources = Dictionary(grouping: sources, by: \.index)
        return names.sorted { $0.key < $1.key }.map { index, name in
            let networks = Set(sources[index, default: []].flatMap(\.networks))
            return NetworkInterface(name: name, networks: networks.sorted { $0.precedes($1) })
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
