/// A view as the configuration describes it: which clients see which zones and upstreams.
package struct ViewDescription: Sendable {
    package var name: String
    /// Where it stands; nil for the view of a configuration without any.
    package var place: ConfigurationPlace?
    /// The prefixes of its clients that the configuration itself names.
    package var clients: [AddressPrefix]
    /// Whose networks are prefixes of its clients, too, whatever they are just now.
    package var followed: [FollowedClients] = []
    /// The zones that these clients see, at most one of a name.
    package var zones: [Zone]
    /// The forward rules, at most one of a domain. A name that no rule matches is REFUSED.
    package var forward: [ForwardRule]
    /// The view's own `https-records:`, on top of `serverHTTPSRecords`.
    package var httpsRecords: HTTPSRecordRules
    /// The `https-records:` for everything.
    package var serverHTTPSRecords: HTTPSRecordRules
    /// What happens to private addresses from upstream.
    package var rebindProtection: RebindProtection
    /// Whether the names by which clients find a way around this server do not exist.
    package var hasBypassGuard = true
    /// How many queries a client may send; nil for any number.
    package var rateLimit: ClientLimit?
    /// How many answers of one kind a client gets that may not be the one who asked; nil for any number.
    package var responseRateLimit: ClientLimit?

    /// Whether strangers are clients: those of a prefix that no network of one owner has.
    package var servesAnybody: Bool { clients.contains(where: \.isOfAnybody) }

    package init(
        name: String, place: ConfigurationPlace? = nil, clients: [AddressPrefix],
        zones: [Zone] = [], forward: [ForwardRule] = [],
        httpsRecords: HTTPSRecordRules = HTTPSRecordRules(),
        serverHTTPSRecords: HTTPSRecordRules = HTTPSRecordRules(),
        rebindProtection: RebindProtection = .off
    ) {
        self.name = name
        self.place = place
        self.clients = clients
        self.zones = zones
        self.forward = forward
        self.httpsRecords = httpsRecords
        self.serverHTTPSRecords = serverHTTPSRecords
        self.rebindProtection = rebindProtection
    }
}
