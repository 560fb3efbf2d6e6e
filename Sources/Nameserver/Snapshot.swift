import DNS

/// All that a configuration says about answering, immutable. A reload makes a new one off the
/// workers' queues; queries in flight end on the one that they began with.
package final class Snapshot: Sendable {
    package let views: [View]
    let server: ServerDescription
    private let clients: PrefixTable

    /// Prefixes must differ between views. `seed` is the process's secret for its hash tables.
    package init(
        _ views: [ViewDescription], server: ServerDescription = ServerDescription(),
        upstreams: UpstreamRegistry, seed: UInt64
    ) {
        self.server = server
        let specialUse = SpecialUseZones.make(seed: seed)
        let guarded = BypassGuardZones.make(seed: seed)
        self.views = views.map {
            View(
                $0, specialUse: specialUse + ($0.hasBypassGuard ? guarded : []),
                upstreams: upstreams, seed: seed)
        }
        clients = PrefixTable(
            views.enumerated().flatMap { index, view in view.clients.map { ($0, index) } })
        upstreams.keep(only: Set(views.flatMap { $0.forward.flatMap(\.upstreams) }))
    }

    /// The view of a client: that with the longest prefix that contains its address.
    func view(for client: IPAddress) -> View? {
        clients.value(for: client).map { views[$0] }
    }
}
