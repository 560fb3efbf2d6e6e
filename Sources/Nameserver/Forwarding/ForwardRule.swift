package import DNS

/// Where an upstream server listens.
package struct UpstreamAddress: Hashable, Sendable {
    package let address: IPAddress
    package let port: UInt16

    package init(_ address: IPAddress, port: UInt16 = 53) {
        self.address = address
        self.port = port
    }
}

extension UpstreamAddress: CustomStringConvertible {
    package var description: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
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

    /// CoreDNS's `cache 30`.
    package static let standard = CacheLifetimes()

    package init(
        maximum: UInt32 = 30, minimum: UInt32 = 5, negativeMaximum: UInt32 = 30,
        failures: UInt32 = 5
    ) {
        self.maximum = maximum
        self.minimum = minimum
        self.negativeMaximum = negativeMaximum
        self.failures = failures
    }
}

/// Names at or below `domain` are asked of these upstreams, in this order.
package struct ForwardRule: Equatable, Sendable {
    package var domain: DomainName
    package var upstreams: [UpstreamAddress]
    package var cache: CacheLifetimes
    package var httpsRecords: HTTPSRecordRules

    package init(
        domain: DomainName, upstreams: [UpstreamAddress], cache: CacheLifetimes = .standard,
        httpsRecords: HTTPSRecordRules = HTTPSRecordRules()
    ) {
        self.domain = domain
        self.upstreams = upstreams
        self.cache = cache
        self.httpsRecords = httpsRecords
    }
}
