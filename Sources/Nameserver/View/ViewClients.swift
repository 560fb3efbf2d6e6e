import DNS

/// Which prefixes choose which view: those that the configuration names and those that the host's
/// interfaces have just now.
///
/// No prefix is in two views. One that the configuration names is that view's, then one of an
/// interface that a view names, then one that is merely on-link; of equals the first view's.
package struct ViewClients: Equatable, Sendable {
    /// One prefix of a view's clients.
    package struct Entry: Equatable, Sendable {
        package let prefix: AddressPrefix
        /// The interface whose network it is; nil when the configuration names it.
        package let interface: String?
    }

    /// A network that a view names by its interface, and that is another view's.
    package struct Contest: Hashable, Sendable {
        package let prefix: AddressPrefix
        package let interface: String
        /// The indices of the view that would have it, and of the one that does.
        package let loser: Int
        package let winner: Int
    }

    /// For each view its entries: the fixed ones, then those of interfaces.
    package private(set) var entries: [[Entry]]
    package private(set) var contests: [Contest] = []
    private var owners: [AddressPrefix: Int] = [:]

    package init(_ views: [ViewDescription], networks: [InterfaceNetworks]) {
        entries = views.map { $0.clients.map { Entry(prefix: $0, interface: nil) } }
        for (index, view) in views.enumerated() {
            for prefix in view.clients { owners[prefix] = index }
        }
        for (index, view) in views.enumerated() {
            let names = view.followed.compactMap { clients in
                if case .interface(let name) = clients { name } else { nil }
            }
            for network in networks where names.contains(network.name) {
                add(network, to: index, isNamed: true)
            }
        }
        for (index, view) in views.enumerated() where view.followed.contains(.onLink) {
            for network in networks { add(network, to: index, isNamed: false) }
        }
    }

    /// For look-ups of a client's view by its index.
    var table: PrefixTable {
        PrefixTable(entries.enumerated().flatMap { index, list in list.map { ($0.prefix, index) } })
    }

    private mutating func add(_ network: InterfaceNetworks, to view: Int, isNamed: Bool) {
        for prefix in network.prefixes where Self.tellsClients(prefix) {
            guard let owner = owners[prefix] else {
                owners[prefix] = view
                entries[view].append(Entry(prefix: prefix, interface: network.name))
                continue
            }
            // That others are in front of what is merely on-link is what the word says.
            if owner != view, isNamed {
                contests.append(
                    Contest(
                        prefix: prefix, interface: network.name, loser: view, winner: owner))
            }
        }
    }

    /// The shortest prefixes that an interface brings. No link has more clients than that; shorter ones
    /// are a mistake or a lie, such as a router's advertisement that 2000::/3 is on its link.
    private static let shortestIPv4 = 8
    private static let shortestIPv6 = 48

    /// Whether an interface's network tells who its clients are. Link-local prefixes are the same on
    /// every link, so that an address does not tell on which one the client is (RFC 3927 §1.2, RFC 4007
    /// §5).
    private static func tellsClients(_ prefix: AddressPrefix) -> Bool {
        switch prefix.address {
        case .v4(let bits): prefix.length >= shortestIPv4 && bits >> 16 != 0xa9fe
        case .v6(let high, _): prefix.length >= shortestIPv6 && high >> 54 != 0x3fa
        }
    }
}

extension ViewClients {
    /// As many prefixes as a line lists.
    private static let maximumListed = 32

    /// The prefixes of a view for a line: `10.0.0.0/8; 192.168.10.0/24, 2001:db8:1::/64 (lan0)`.
    package func description(ofView view: Int) -> String {
        let listed = entries[view].prefix(Self.maximumListed)
        var groups: [(interface: String?, prefixes: [String])] = []
        for entry in listed {
            if let last = groups.indices.last, groups[last].interface == entry.interface {
                groups[last].prefixes.append("\(entry.prefix)")
            } else {
                groups.append((entry.interface, ["\(entry.prefix)"]))
            }
        }
        let texts = groups.map { group in
            group.prefixes.joined(separator: ", ") + (group.interface.map { " (\($0))" } ?? "")
        }
        let more = entries[view].count - listed.count
        return texts.isEmpty
            ? "none" : texts.joined(separator: "; ") + (more > 0 ? " and \(more) more" : "")
    }
}
