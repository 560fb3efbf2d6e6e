/// Where an upstream listens, and whether and with whom it is spoken to over TLS.
package struct UpstreamEndpoint: Hashable, Sendable {
    /// Whom a server's certificate must be for (RFC 8310 §8.1).
    package enum Identity: Hashable, Sendable {
        /// A domain name, without a dot at the end.
        case domainName(String)
        /// The address that is connected to.
        case address
    }

    package let address: SocketAddress
    /// nil for plain DNS; else DNS over TLS (RFC 7858), with nobody but the one named here.
    package let security: Identity?

    package init(_ address: SocketAddress, security: Identity? = nil) {
        self.address = address
        self.security = security
    }
}
