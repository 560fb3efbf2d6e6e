/// What the server says about itself and how it meets clients, whatever their view.
package struct ServerDescription: Equatable, Sendable {
    /// The answer to `version.bind` and `version.server` in class CH; nil for none.
    package var version: String?
    /// The answer to `id.server` and `hostname.bind` in class CH (RFC 4892 §3); nil for none.
    package var id: String?
    /// The answer to `digest.server` in class CH, by which servers that are to say the same are compared;
    /// nil for none.
    package var digest: String?
    /// What the NSID option holds (RFC 5001 §2.3); empty for none.
    package var nsid: [UInt8] = []
    /// The secrets of server cookies; nil when COOKIE options are not answered.
    package var cookies: CookieSecrets?
    /// How long an idle TCP connection is kept, in units of 100 milliseconds (RFC 7828 §3.1).
    package var tcpKeepalive: UInt16 = 100

    /// The longest text that fits a TXT record's string, in octets.
    package static let maximumTextLength = 255
    /// The longest NSID, in octets: it must fit beside any question in 512 octets.
    package static let maximumNSIDLength = 128

    package init() {}
}
