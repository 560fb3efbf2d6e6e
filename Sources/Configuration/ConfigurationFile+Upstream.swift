import DNS
import Nameserver

// One server of a forward rule: `ADDRESS`, `ADDRESS:PORT` or `tls://ADDRESS:PORT#NAME`.
extension ConfigurationFile {
    /// The port of DNS over TLS (RFC 7858 §3.1).
    private static let tlsPort: UInt16 = 853
    /// What people write before the address of a server that is asked by UDP and TCP.
    private static let plainSchemes = ["dns", "udp", "tcp"]

    /// nil after a report.
    func upstream(_ node: YAMLNode) -> UpstreamAddress? {
        let expected = Self.addressForms + ", or tls://ADDRESS#NAME"
        guard let scalar = endpointScalar(node, expected: expected),
            let upstream = upstream(scalar)
        else { return nil }
        if let reason = upstream.address.reasonAgainstServer {
            error(
                scalar.mark, "\(upstream.address) \(reason)",
                expected: upstream.address.isLinkLocal
                    ? IPAddress.expectedForLinkLocal : "an address such as 1.1.1.1")
            return nil
        }
        return upstream
    }

    private func upstream(_ scalar: YAMLScalar) -> UpstreamAddress? {
        let parts = scalar.text.split(
            separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return plainUpstream(scalar) }
        let scheme = parts[0].lowercased()
        guard scheme == "tls" else {
            error(
                scalar.mark, "unsupported scheme \(scheme.quoted) in \(scalar.text.quoted)",
                expected: "tls://ADDRESS#NAME for DNS over TLS, or ADDRESS alone for UDP and TCP",
                suggestion: Self.plainSchemes.contains(scheme) ? String(parts[1]).quoted : nil)
            return nil
        }
        return secureUpstream(parts[1], scalar)
    }

    private func plainUpstream(_ scalar: YAMLScalar) -> UpstreamAddress? {
        let text = scalar.text[...]
        if let sign = text.first(where: { "#@".contains($0) }) {
            error(
                scalar.mark, "a \(String(sign).quoted) in \(scalar.text.quoted)",
                expected: "ADDRESS:PORT, or tls://ADDRESS#NAME for DNS over TLS",
                suggestion: Self.upstream(inForeignForm: text)?.quoted)
            return nil
        }
        if let name = name(insteadOfAddress: text) {
            error(
                scalar.mark, "\(name.quoted) is a name",
                expected: "its address, since a name has to be looked up first")
            return nil
        }
        return addressAndPort(text, in: scalar, defaultPort: ListenAddress.defaultPort)
            .map { UpstreamAddress($0, port: $1) }
    }

    /// What `ADDRESS#PORT` (dnsmasq), `ADDRESS#NAME`, `ADDRESS@PORT` or `ADDRESS@PORT#NAME` (Unbound)
    /// are here. None asks for TLS by itself; a name or TLS's own port tell that it is meant.
    private static func upstream(inForeignForm text: Substring) -> String? {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let endpoint = parts[0].split(
            separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(endpoint[0]) else { return nil }
        var rest = endpoint.dropFirst() + parts.dropFirst()
        var port: UInt16?
        if let number = rest.first.flatMap({ UInt16(decimal: $0) }) {
            guard number > 0 else { return nil }
            port = number
            rest.removeFirst()
        }
        guard rest.count <= 1, rest.allSatisfy({ hostName($0) != nil }) else { return nil }
        let isSecure = port == tlsPort || !rest.isEmpty
        if port == tlsPort { port = nil }
        let host = address.isIPv4 ? "\(address)" : "[\(address)]"
        return (isSecure ? "tls://" : "") + host + (port.map { ":\($0)" } ?? "")
            + (rest.first.map { "#\($0)" } ?? "")
    }

    /// Whether a text is not that of several upstreams, which belong in a list.
    func isOneUpstream(_ scalar: YAMLScalar) -> Bool {
        guard let list = Self.list(in: scalar.text, where: Self.isUpstream) else { return true }
        error(
            scalar.mark, "several upstreams in \(scalar.text.quoted)", expected: "a list of them",
            suggestion: list)
        return false
    }

    /// Whether `text` has the form of an upstream's address, with a port or not.
    private static func isUpstream(_ text: Substring) -> Bool {
        var text = text
        if text.hasPrefix("tls://") {
            text = text.dropFirst("tls://".count).prefix { $0 != "#" }
        }
        if IPAddress(text) != nil { return true }
        let (host, port) = hostAndPort(text)
        return host.flatMap { IPAddress($0) } != nil
            && port.map { UInt16(decimal: $0) ?? 0 } != 0
    }

    /// `text` is what follows `tls://`.
    private func secureUpstream(_ text: Substring, _ scalar: YAMLScalar) -> UpstreamAddress? {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        if let name = name(insteadOfAddress: parts[0]) {
            error(
                scalar.mark, "\(name.quoted) is a name",
                expected: "its address, since a name has to be looked up first, and the name "
                    + "behind it: tls://ADDRESS#\(name)")
            return nil
        }
        guard
            let (address, port) = addressAndPort(
                parts[0], in: scalar, defaultPort: Self.tlsPort,
                expected: "tls://ADDRESS#NAME such as tls://1.1.1.1#one.one.one.one or "
                    + "\"tls://[2606:4700::1111]:853#one.one.one.one\"")
        else { return nil }
        guard parts.count == 2 else {
            return UpstreamAddress(address, port: port, authentication: .address)
        }
        guard let name = certificateName(parts[1], "tls://\(parts[0])", scalar) else { return nil }
        return UpstreamAddress(address, port: port, authentication: .domainName(name))
    }

    /// The name that a server's certificate must be for; `endpoint` is what stands before it.
    private func certificateName(
        _ text: Substring, _ endpoint: String, _ scalar: YAMLScalar
    ) -> String? {
        guard IPAddress(text) == nil else {
            error(
                scalar.mark, "an address behind the \"#\" of \(scalar.text.quoted)",
                expected: "a name, or nothing: then the certificate must be for the address itself",
                suggestion: endpoint.quoted)
            return nil
        }
        guard let name = Self.hostName(text) else {
            error(
                scalar.mark, "bad name \(String(text).quoted) behind the \"#\"",
                expected:
                    "the host name that the server's certificate is for, such as dns.quad9.net")
            return nil
        }
        return name
    }

    /// The host name that was written where an address belongs, without its port.
    private func name(insteadOfAddress text: Substring) -> String? {
        guard let host = Self.hostAndPort(text).host, IPAddress(host) == nil else { return nil }
        return Self.hostName(host)
    }

    /// A host's domain name as certificates have it, of letters, digits and hyphens (RFC 1123 §2.1,
    /// RFC 6125 §2.2): in lower case, without a dot at the end. nil when it is none.
    private static func hostName(_ text: Substring) -> String? {
        guard let name = try? DomainName(text), !name.isRoot else { return nil }
        for label in name.labels {
            guard label.first != 0x2d, label.last != 0x2d, label.allSatisfy(isOfHostName)
            else { return nil }
        }
        // No top-level domain begins with a digit, so that no address is a name (RFC 3696 §2).
        guard let first = name.labels.last?.first, !(0x30...0x39).contains(first) else {
            return nil
        }
        return name.description.dropLast().lowercased()
    }

    private static func isOfHostName(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x2d, 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: false
        }
    }
}
