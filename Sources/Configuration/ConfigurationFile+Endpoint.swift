import DNS

// An address with or without a port, as listeners and upstreams have it.
extension ConfigurationFile {
    static let addressForms =
        "an address such as 1.1.1.1, 1.1.1.1:5300 or \"[2606:4700::1111]:53\""

    /// The text of an endpoint. In YAML's lists and mappings of one line brackets begin a list, so that
    /// a list is most likely an endpoint without its quotes.
    func endpointScalar(_ node: YAMLNode, expected: String) -> YAMLScalar? {
        guard let scalar = node.scalar else {
            let quoted = if case .sequence = node { ", in quotes when it has brackets" } else { "" }
            wrongKind(node, expected: expected + quoted)
            return nil
        }
        return scalar
    }

    /// An address, with a port behind a colon or not: `1.1.1.1`, `1.1.1.1:5300`, `2606:4700::1111`,
    /// `[2606:4700::1111]:53`. `text` is all of `scalar` or a part of it; nil after a report.
    func addressAndPort(
        _ text: Substring, in scalar: YAMLScalar, defaultPort: UInt16,
        expected: String = Self.addressForms
    ) -> (IPAddress, UInt16)? {
        if let address = IPAddress(text) {
            // `::1:53` is an address, and hardly ever meant as one.
            let port = ":\(defaultPort)"
            guard address.isIPv4 || !text.hasSuffix(port) else {
                let before = scalar.text[..<text.startIndex]
                let after = scalar.text[text.endIndex...]
                error(
                    scalar.mark,
                    "\(scalar.text.quoted) may be an address or one with a port",
                    expected: "\"\(before)[\(text.dropLast(port.count))]\(port)\(after)\" or "
                        + "\"\(before)[\(text)]\(port)\(after)\"")
                return nil
            }
            return (address, defaultPort)
        }
        guard !Self.isLinkLocalWithInterface(text) else {
            error(
                scalar.mark, "\(scalar.text.quoted) \(IPAddress.reasonAgainstLinkLocal)",
                expected: IPAddress.expectedForLinkLocal)
            return nil
        }
        let (host, port) = Self.hostAndPort(text)
        guard let host, let address = IPAddress(host) else {
            error(scalar.mark, "bad address \(scalar.text.quoted)", expected: expected)
            return nil
        }
        guard let port else { return (address, defaultPort) }
        guard let number = UInt16(decimal: port), number > 0 else {
            error(
                scalar.mark, "bad port \(String(port).quoted) in \(scalar.text.quoted)",
                expected: "a port from 1 to 65535")
            return nil
        }
        return (address, number)
    }

    /// Whether `text` is `fe80::1%eth0` (RFC 4007 §11), with brackets and a port or not.
    private static func isLinkLocalWithInterface(_ text: Substring) -> Bool {
        guard let percent = text.firstIndex(of: "%") else { return false }
        return IPAddress(text[..<percent].drop { $0 == "[" })?.isLinkLocal ?? false
    }

    /// What stands before and behind the colon of a port; the host is nil when it cannot be one.
    static func hostAndPort(_ text: Substring) -> (host: Substring?, port: Substring?) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            // Brackets are for IPv6 addresses, and only a port may follow them.
            guard host.contains(":"), rest.isEmpty || rest.hasPrefix(":") else { return (nil, nil) }
            return (host, rest.isEmpty ? nil : rest.dropFirst())
        }
        guard let colon = text.lastIndex(of: ":") else { return (text, nil) }
        // "::1:" and the like are not an IPv6 address with a port.
        guard !text[..<colon].contains(":") else { return (nil, nil) }
        return (text[..<colon], text[text.index(after: colon)...])
    }
}
