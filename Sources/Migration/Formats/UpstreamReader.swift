import Configuration
import DNS

/// Upstreams as most servers write them: `ADDRESS`, `ADDRESS:PORT`, or a URL with a scheme.
enum UpstreamReader {
    /// Adds a rule for each domain; what cannot be asked is refused, with what can.
    static func add(
        _ text: String, _ domains: [DomainName], _ site: inout ForeignSite, _ id: StatementID,
        view: ViewID? = nil, tlsName: Substring? = nil
    ) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts.count > 1 ? parts[0].lowercased() : ""
        let rest = parts[parts.count - 1]
        let upstream: String?
        switch scheme {
        case "", "dns", "udp", "tcp":
            upstream = plain(rest, of: text, &site, id)
        case "tls": upstream = secure(rest, tlsName, &site, id)
        default:
            let name = ["https": "HTTPS", "h3": "HTTPS", "quic": "QUIC", "sdns": "DNSCrypt"][scheme]
            site.refuse(
                id,
                "DNS over \(name ?? scheme) is not spoken: \(text.hidingSecrets); ask the same server as "
                    + "tls://ADDRESS#NAME, or another one")
            return
        }
        guard let upstream else { return }
        for domain in domains {
            site.rules.append(
                ForeignRule(domain: domain, upstream: upstream, origin: id, view: view))
        }
    }

    private static func plain(
        _ text: Substring, of whole: String, _ site: inout ForeignSite, _ id: StatementID
    ) -> String? {
        if text.hasPrefix("/") { return String(text) }
        guard let (address, port) = EndpointText.parse(text, sign: ":") else {
            site.refuse(
                id, "\(whole.hidingSecrets.quoted) is no address: write the server's address")
            return nil
        }
        if let reason = address.reasonAgainstServer {
            site.refuse(id, "\(address) \(reason)")
            return nil
        }
        return EndpointText.plain(address, port: port)
    }

    private static func secure(
        _ text: Substring, _ name: Substring?, _ site: inout ForeignSite, _ id: StatementID
    ) -> String? {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard let endpoint = EndpointText.parse(parts[0], sign: ":", defaultPort: 853) else {
            // Behind a user name and a password, which no such URL should have.
            let authority = parts[0].prefix { $0 != "/" && $0 != "?" }
            let host = (authority.split(separator: "@").last ?? "").prefix { $0 != ":" }
            site.refuse(
                id, "a name has to be looked up first: write tls://ADDRESS#\(host) with its address"
            )
            return nil
        }
        let upstream = EndpointText.secure(
            endpoint.address, port: endpoint.port, name: parts.count > 1 ? parts[1] : name)
        if upstream == nil { site.refuse(id, "behind # the name of a certificate is wanted") }
        return upstream
    }
}
