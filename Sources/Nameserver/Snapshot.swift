package import DNS

/// All that a configuration says about answering, immutable. A reload makes a new one off the
/// workers' queues; queries in flight end on the one that they began with.
package final class Snapshot: Sendable {
    package let views: [View]
    /// Which prefixes choose which view.
    package let clients: ViewClients
    let server: ServerDescription
    /// What each upstream server is asked for.
    let uses: [UpstreamAddress: Set<UpstreamUse>]
    private let prefixes: PrefixTable

    /// The fixed prefixes of clients must differ between views; `networks` are what the host's
    /// interfaces have now. `seed` is the process's secret for its hash tables.
    package init(
        _ views: [ViewDescription], server: ServerDescription = ServerDescription(),
        networks: [InterfaceNetworks] = [], upstreams: UpstreamRegistry, seed: UInt64
    ) {
        self.server = server
        let specialUse = SpecialUseZones.make(seed: seed)
        let guarded = BypassGuardZones.make(seed: seed)
        self.views = views.map {
            View(
                $0, specialUse: specialUse + ($0.hasBypassGuard ? guarded : []),
                upstreams: upstreams, seed: seed)
        }
        clients = ViewClients(views, networks: networks)
        prefixes = clients.table
        var uses: [UpstreamAddress: Set<UpstreamUse>] = [:]
        for rule in views.flatMap(\.forward) {
            let use = UpstreamUse(domain: rule.domain, clientSubnet: rule.clientSubnet)
            for upstream in rule.upstreams { uses[upstream, default: []].insert(use) }
        }
        self.uses = uses
    }

    /// What `snapshot` would serve if no policy took anything from upstream's answers; of the public
    /// side alone, without the zones that are here, unless `hasZones`. For explanations.
    package init(unfiltered snapshot: Snapshot, hasZones: Bool) {
        views = snapshot.views.map { View(unfiltered: $0, hasZones: hasZones) }
        server = snapshot.server
        uses = snapshot.uses
        clients = snapshot.clients
        prefixes = snapshot.prefixes
    }

    /// The same views for other clients.
    package init(_ other: Snapshot, clients: ViewClients) {
        views = other.views
        server = other.server
        uses = other.uses
        self.clients = clients
        prefixes = clients.table
    }

    /// The number of a client's view among `views`.
    func viewIndex(for client: IPAddress) -> Int? { prefixes.value(for: client) }

    /// The name of a client's view; nil for a client in none.
    package func viewName(for client: IPAddress) -> String? { view(for: client)?.kept.name }

    /// The view of a client: that with the longest prefix that contains its address.
    func view(for client: IPAddress) -> Borrowed<View>? {
        prefixes.value(for: client).map { Borrowed(views[$0]) }
    }
}
