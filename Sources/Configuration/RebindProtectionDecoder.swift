import DNS
import Nameserver

extension ConfigurationFile {
    /// Far more than a site has; they are compared one by one when an answer is stored.
    static var maximumAllowed: Int { 256 }

    /// The setting `rebind-protection`: whether it is on, or what may pass although it is.
    func rebindProtection(_ node: YAMLNode) -> RebindProtection? {
        guard case .mapping = node else {
            let expected = "true, false or a mapping with allow"
            guard let scalar = scalar(node, expected: expected) else { return nil }
            guard scalar.isPlain, scalar.text == "true" || scalar.text == "false" else {
                wrongKind(node, expected: expected)
                return nil
            }
            return scalar.text == "true" ? RebindProtection() : .off
        }
        guard
            let keyed = KeyedNode(
                node, keys: ["allow"], expected: "a mapping with allow", in: self)
        else { return nil }
        guard let allow = keyed["allow"] else {
            if !keyed.hasUnknownKeys {
                error(
                    keyed.mark, "a rebind protection without \"allow\"",
                    expected: "\"allow\", or true in the mapping's place")
            }
            return nil
        }
        return allowed(allow)
    }

    private func allowed(_ node: YAMLNode) -> RebindProtection? {
        let expected = "domains and prefixes such as [plex.direct, 192.168.7.0/24]"
        guard let items = items(node, expected: expected) else { return nil }
        guard items.count <= Self.maximumAllowed else {
            error(
                node.mark, "\(items.count) domains and prefixes",
                expected: "at most \(Self.maximumAllowed)")
            return nil
        }
        var protection = RebindProtection()
        for item in items {
            guard let scalar = scalar(item, expected: expected) else { continue }
            if Self.isMeantAsAddress(scalar.text) {
                let expected = "a prefix such as 192.168.7.0/24, \"fd00::/8\" or one address"
                guard let prefix = prefix(scalar, expected: expected) else { continue }
                if prefix.length == 0 {
                    error(
                        scalar.mark, "every address is in \(prefix)",
                        expected: "false, which turns the protection off")
                }
                if !prefix.address.isPrivate, prefix.length > 8 {
                    warning(
                        scalar.mark, "\(prefix) is not private, so it passes anyway",
                        expected: expected)
                }
                if protection.allowedPrefixes.contains(prefix) {
                    error(scalar.mark, "duplicate prefix \(prefix)")
                }
                protection.allowedPrefixes.append(prefix)
            } else if let domain = domain(scalar, what: "domain") {
                if domain.isRoot {
                    error(
                        scalar.mark, "every name is below \".\"",
                        expected: "false, which turns the protection off")
                }
                if protection.allowedDomains.contains(domain) {
                    error(scalar.mark, "duplicate domain \(scalar.text.quoted)")
                }
                protection.allowedDomains.append(domain)
            }
        }
        return protection
    }

    /// No domain of the public DNS ends with a label of digits alone (RFC 3696 §2).
    private static func isMeantAsAddress(_ text: String) -> Bool {
        let last = text.split(separator: ".").last ?? ""
        return text.contains("/") || text.contains(":")
            || !last.isEmpty && last.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
