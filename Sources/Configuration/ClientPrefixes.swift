import DNS
import Nameserver

/// Reads the clients of the views: prefixes, of which no two may be equal since neither would be the
/// longer one, and whose networks are prefixes, too.
struct ClientPrefixes {
    /// The clients of the one view when there is no `views`: loopback, RFC 1918, RFC 4193,
    /// link-local (RFC 3927, RFC 4291 §2.5.6) and shared address space (RFC 6598).
    static let local: [AddressPrefix] = [
        ("127.0.0.0", 8), ("::1", 128), ("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16),
        ("fc00::", 7), ("169.254.0.0", 16), ("fe80::", 10), ("100.64.0.0", 10),
    ].compactMap { text, length in
        IPAddress(text).flatMap { try? AddressPrefix($0, length: length) }
    }

    /// The addresses of a tailnet's members, wherever their packets come in. Tailscale itself drops
    /// those that others forge. Its interface tells none of this: it has one address, of this host.
    private static let tailnet: [AddressPrefix] = [
        ("100.64.0.0", 10), ("fd7a:115c:a1e0::", 48),
    ].compactMap { text, length in
        IPAddress(text).flatMap { try? AddressPrefix($0, length: length) }
    }

    /// Every address there is.
    private static let any: [AddressPrefix] = [IPAddress.v4(0), .v6(0, 0)].compactMap {
        AddressPrefix(containing: $0, length: 0)
    }

    private static let words = ["on-link", "tailscale", "any"]
    private static let expected =
        "a client prefix such as 192.168.10.0/24 or \"fd00::/8\", an address, interface: NAME, "
        + "on-link, tailscale or any"
    /// The kernel's IFNAMSIZ without the zero behind the name.
    private static let maximumInterfaceName = 15

    /// What may be in one view only.
    private enum Source: Hashable {
        case prefix(AddressPrefix)
        case followed(FollowedClients)
    }

    private let file: ConfigurationFile
    /// The interfaces that there are; nil where nobody knows.
    private let interfaces: [InterfaceNetworks]?
    /// Each source so far, and where it stands.
    private var owners: [Source: (view: String, mark: YAMLMark)] = [:]

    init(_ file: ConfigurationFile, interfaces: [InterfaceNetworks]?) {
        self.file = file
        self.interfaces = interfaces
    }

    /// Reads the clients of one view into it.
    mutating func decode(_ node: YAMLNode, into view: inout ViewDescription) {
        let expected = "a list of client prefixes such as [192.168.10.0/24, \"fd00::/8\"]"
        // Beside every address nothing else is worth a list.
        if node.scalar?.text == "any" {
            for prefix in Self.any where isNew(.prefix(prefix), node.mark, in: view) {
                view.clients.append(prefix)
            }
            return
        }
        guard let items = file.items(node, expected: expected) else { return }
        for item in items {
            for source in sources(item) where isNew(source, item.mark, in: view) {
                switch source {
                case .prefix(let prefix): view.clients.append(prefix)
                case .followed(let clients): view.followed.append(clients)
                }
            }
        }
    }

    /// What an item of the list stands for: nothing after a report.
    private func sources(_ node: YAMLNode) -> [Source] {
        if case .mapping = node { return interface(node).map { [.followed($0)] } ?? [] }
        guard let scalar = file.scalar(node, expected: Self.expected) else { return [] }
        switch scalar.text {
        case "on-link": return [.followed(.onLink)]
        case "tailscale": return Self.tailnet.map { .prefix($0) }
        case "any": return Self.any.map { .prefix($0) }
        case let text where Self.isWord(text):
            file.error(
                scalar.mark, "unknown clients \(text.quoted)", expected: Self.expected,
                suggestion: suggestion(for: text))
            return []
        default: return file.prefix(scalar, expected: Self.expected).map { [.prefix($0)] } ?? []
        }
    }

    /// Whether a text is no attempt at an address.
    private static func isWord(_ text: String) -> Bool {
        text.first?.isLetter == true && !text.contains { ".:/".contains($0) }
            || text.hasPrefix(interfaceWithoutBlank)
    }

    /// YAML takes this for a text, not for a key.
    private static let interfaceWithoutBlank = "interface:"

    private func suggestion(for word: String) -> String? {
        if word.hasPrefix(Self.interfaceWithoutBlank) {
            return "interface: \(word.dropFirst(Self.interfaceWithoutBlank.count))"
        }
        if interfaces?.contains(where: { $0.name == word }) == true { return "interface: \(word)" }
        switch word {
        case "localhost": return "\"127.0.0.0/8\" and \"::1\""
        // BIND's name for the host's own networks.
        case "localnets": return "on-link".quoted
        case "all", "everyone", "anyone", "anybody", "world": return "any".quoted
        default: return Spelling.suggestion(for: word, among: Self.words)
        }
    }

    /// `interface: NAME`.
    private func interface(_ node: YAMLNode) -> FollowedClients? {
        let expected =
            "an interface's name of up to \(Self.maximumInterfaceName) octets such as lan0"
        guard
            let keyed = KeyedNode(node, keys: ["interface"], expected: Self.expected, in: file)
        else { return nil }
        guard let value = keyed["interface"] else {
            if !keyed.hasUnknownKeys { file.wrongKind(node, expected: Self.expected) }
            return nil
        }
        guard let scalar = file.scalar(value, expected: expected) else { return nil }
        // What the kernel takes for a name (dev_valid_name).
        let name = scalar.text
        guard (1...Self.maximumInterfaceName).contains(name.utf8.count), name != ".", name != "..",
            !name.contains(where: { $0 == "/" || $0 == ":" || $0.isWhitespace })
        else {
            file.error(scalar.mark, "bad interface name \(name.quoted)", expected: expected)
            return nil
        }
        if let interfaces, !interfaces.contains(where: { $0.name == name }) {
            let names = interfaces.map(\.name)
            file.warning(
                scalar.mark,
                "there is no interface \(name.quoted): it has no clients until it comes",
                expected: "one of: \(Spelling.list(names))",
                suggestion: Spelling.suggestion(for: name, among: names))
        }
        return .interface(name)
    }

    /// Whether no view has this source yet; reports it otherwise.
    private mutating func isNew(
        _ source: Source, _ mark: YAMLMark, in view: ViewDescription
    ) -> Bool {
        guard let owner = owners[source] else {
            owners[source] = (view.name, mark)
            return true
        }
        let place =
            "view \(owner.view.quoted) already, on line \(owner.mark.line), "
            + "column \(owner.mark.column)"
        switch source {
        case .prefix(let prefix):
            file.error(
                mark, "\(prefix) is a client prefix of \(place)",
                expected: "a prefix in one view only")
        case .followed(.interface(let name)):
            file.error(
                mark, "the networks of \(name) are clients of \(place)",
                expected: "an interface in one view only")
        case .followed(.onLink):
            file.error(
                mark, "on-link is in \(place)", expected: "on-link in one view only")
        }
        return false
    }
}
