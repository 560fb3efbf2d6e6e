package import DNS

/// What happens to the HTTPS and SVCB records of an answer that comes from upstream.
package enum HTTPSRecordPolicy: String, CaseIterable, Sendable {
    /// A record whose ALPN set advertises HTTP/3 is removed; the rest stay.
    case removeH3 = "remove-h3"
    /// Only the QUIC protocol ids leave the ALPN list.
    case rewriteH3 = "rewrite-h3"
    /// As `rewriteH3`, and the ECH configuration leaves too.
    case rewriteH3AndECH = "rewrite-h3-ech"
    /// Every HTTPS and SVCB record is removed.
    case remove
    /// Nothing is touched.
    case pass
}

/// The `https-records:` setting of one place in the configuration: a default and exceptions for
/// domains, of which the longest that a name is at or below decides.
package struct HTTPSRecordRules: Sendable {
    /// The setting for names that no domain matches; nil leaves them to the enclosing place.
    package var defaultPolicy: HTTPSRecordPolicy?
    package var domains: [DomainName: HTTPSRecordPolicy]
    /// Where the default and each domain stand, for messages.
    package var defaultPlace: ConfigurationPlace?
    package var places: [DomainName: ConfigurationPlace] = [:]

    package init(
        defaultPolicy: HTTPSRecordPolicy? = nil, domains: [DomainName: HTTPSRecordPolicy] = [:]
    ) {
        self.defaultPolicy = defaultPolicy
        self.domains = domains
    }
}

extension HTTPSRecordRules: Equatable {
    /// Rules are equal when they say the same, wherever they stand.
    package static func == (left: HTTPSRecordRules, right: HTTPSRecordRules) -> Bool {
        left.defaultPolicy == right.defaultPolicy && left.domains == right.domains
    }
}
