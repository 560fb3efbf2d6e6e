package import DNS

/// Where an upstream server listens, and how it is spoken to.
package struct UpstreamAddress: Hashable, Sendable {
    /// By what a server's certificate is known (RFC 8310 §6).
    package enum Authentication: Hashable, Sendable {
        /// Its domain name, without a dot at the end.
        case domainName(String)
        /// Its address.
        case address
    }

    package let address: IPAddress
    package let port: UInt16
    /// nil for plain DNS; else DNS over TLS (RFC 7858), with a server that proves who it is.
    package let authentication: Authentication?

    package init(
        _ address: IPAddress, port: UInt16 = 53, authentication: Authentication? = nil
    ) {
        self.address = address
        self.port = port
        self.authentication = authentication
    }

    /// Whether queries to it are encrypted.
    package var isSecure: Bool { authentication != nil }
}

extension UpstreamAddress: CustomStringConvertible {
    package var description: String {
        let endpoint = address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        return switch authentication {
        case .domainName(let name): "tls://\(endpoint)#\(name)"
        case .address: "tls://\(endpoint)"
        case nil: endpoint
        }
    }
}

/// In which order a rule's upstreams are asked.
package enum UpstreamPolicy: Hashable, Sendable {
    /// In the order of the configuration; back to the first as soon as it recovers.
    case sequential
    /// Any order, another one for every question.
    case random
    /// The one with the shortest smoothed response time first; the others are measured now and then.
    case fastest
    /// So many at the same time, and the first good answer wins.
    case parallel(Int)
}

/// How long answers of a forward rule are kept, in seconds.
package struct CacheLifetimes: Hashable, Sendable {
    /// The cap on every TTL; 0 turns the cache off and leaves TTLs as they came.
    package var maximum: UInt32
    /// What a lower TTL is lifted to.
    package var minimum: UInt32
    /// The cap on negative answers (RFC 2308 §5).
    package var negativeMaximum: UInt32
    /// How long a SERVFAIL or NOTIMP that the upstream sent is kept (RFC 9520 §3.2); 0 for not at all.
    package var failures: UInt32
    /// How long past its lifetime an answer may be served while no upstream has a better one
    /// (RFC 8767 §4); 0 for never.
    package var stale: UInt32
    /// Whether a name that is asked again is refreshed in the last tenth of its answer's lifetime.
    package var prefetches: Bool

    /// CoreDNS's `cache 30`, with stale answers for up to a day and prefetching.
    package static let standard = CacheLifetimes()
    package static let off = CacheLifetimes(
        maximum: 0, minimum: 0, negativeMaximum: 0, failures: 0, stale: 0, prefetches: false)

    package init(
        maximum: UInt32 = 30, minimum: UInt32 = 5, negativeMaximum: UInt32 = 30,
        failures: UInt32 = 5, stale: UInt32 = 86_400, prefetches: Bool = true
    ) {
        self.maximum = maximum
        self.minimum = minimum
        self.negativeMaximum = negativeMaximum
        self.failures = failures
        self.stale = stale
        self.prefetches = prefetches
    }
}

/// A file in the form of resolv.conf that upstreams come from. It may change while they are in use.
package struct NameserverFile: Hashable, Sendable {
    package let path: String
    /// The servers that it named when it last named any.
    package var servers: [UpstreamAddress]
    /// Whether it named none, or could not be read, when it was last looked at.
    package var isSilent: Bool

    package init(path: String, servers: [UpstreamAddress], isSilent: Bool = false) {
        self.path = path
        self.servers = servers
        self.isSilent = isSilent
    }
}

/// Where upstreams come from.
package enum UpstreamSource: Hashable, Sendable {
    case server(UpstreamAddress)
    case file(NameserverFile)
}

extension UpstreamSource: CustomStringConvertible {
    package var description: String {
        switch self {
        case .server(let server): "\(server)"
        case .file(let file): file.path
        }
    }
}

/// Names at or below `domain` are asked of the upstreams.
package struct ForwardRule: Equatable, Sendable {
    /// More upstreams than a query could try in the time that it has.
    package static let maximumUpstreams = 15

    package var domain: DomainName
    /// Where it stands; nil for the rule of a configuration without any.
    package var place: ConfigurationPlace?
    package var sources: [UpstreamSource]
    package var policy: UpstreamPolicy
    package var cache: CacheLifetimes
    /// The subnet that these upstreams are told the clients to be in (RFC 7871 §7.1.2); nil tells
    /// none.
    package var clientSubnet: AddressPrefix?
    package var httpsRecords: HTTPSRecordRules

    package init(
        domain: DomainName, place: ConfigurationPlace? = nil, upstreams: [UpstreamAddress],
        policy: UpstreamPolicy = .sequential,
        cache: CacheLifetimes = .standard, clientSubnet: AddressPrefix? = nil,
        httpsRecords: HTTPSRecordRules = HTTPSRecordRules()
    ) {
        self.domain = domain
        self.place = place
        sources = upstreams.map { .server($0) }
        self.policy = policy
        self.cache = cache
        self.clientSubnet = clientSubnet
        self.httpsRecords = httpsRecords
    }

    /// The servers of all sources in their order, each once and not more than can be tried. None
    /// while a file names none: then what the rule is for fails (`WaitingRule`).
    package var upstreams: [UpstreamAddress] {
        var upstreams: [UpstreamAddress] = []
        for source in sources {
            let servers =
                switch source {
                case .server(let server): [server]
                case .file(let file): file.servers
                }
            for server in servers where !upstreams.contains(server) { upstreams.append(server) }
        }
        return Array(upstreams.prefix(Self.maximumUpstreams))
    }
}
