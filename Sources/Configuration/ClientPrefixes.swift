import DNS
import Nameserver

/// Reads the client prefixes of the views, of which no two may be equal: neither would be the
/// longer one.
struct ClientPrefixes {
    /// The clients of the one view when there is no `views`: loopback, RFC 1918, RFC 4193,
    /// link-local (RFC 3927, RFC 4291 §2.5.6) and shared address space (RFC 6598).
    static let local: [AddressPrefix] = [
        ("127.0.0.0", 8), ("::1", 128), ("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16),
        ("fc00::", 7), ("169.254.0.0", 16), ("fe80::", 10), ("100.64.0.0", 10),
    ].compactMap { text, length in
        IPAddress(text).flatMap { try? AddressPrefix($0, length: length) }
    }

    private let file: ConfigurationFile
    /// Each prefix so far, and where it stands.
    private var owners: [AddressPrefix: (view: String, mark: YAMLMark)] = [:]

    init(_ file: ConfigurationFile) {
        self.file = file
    }

    /// The prefixes of one view.
    mutating func decode(_ node: YAMLNode, view: String) -> [AddressPrefix] {
        let expected = "a list of client prefixes such as [192.168.10.0/24, \"fd00::/8\"]"
        guard let items = file.items(node, expected: expected) else { return [] }
        var prefixes: [AddressPrefix] = []
        for item in items {
            guard let prefix = prefix(item) else { continue }
            if let owner = owners[prefix] {
                file.error(
                    item.mark,
                    "\(prefix) is a client prefix of view \(owner.view.quoted) already, on line "
                        + "\(owner.mark.line), column \(owner.mark.column)",
                    expected: "a prefix in one view only")
                continue
            }
            owners[prefix] = (view, item.mark)
            prefixes.append(prefix)
        }
        return prefixes
    }

    /// `ADDRESS/LENGTH`, or an address alone.
    private func prefix(_ node: YAMLNode) -> AddressPrefix? {
        let expected = "a client prefix such as 192.168.10.0/24, \"fd00::/8\" or one address"
        guard let scalar = file.scalar(node, expected: expected) else { return nil }
        return file.prefix(scalar, expected: expected)
    }
}
