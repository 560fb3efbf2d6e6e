package import DNS
import Nameserver

/// An address and port that the server listens on, by UDP and TCP.
package struct ListenAddress: Hashable, Sendable {
    package static let defaultPort: UInt16 = 53
    /// All addresses of the host.
    package static let standard = [
        ListenAddress(.v4(0), port: defaultPort), ListenAddress(.v6(0, 0), port: defaultPort),
    ]

    package let address: IPAddress
    package let port: UInt16

    package init(_ address: IPAddress, port: UInt16 = Self.defaultPort) {
        self.address = address
        self.port = port
    }

    /// Whether what is sent to `upstream` arrives here: a forwarding loop. Of the host's own
    /// addresses only the loopback ones are known here.
    func receives(_ upstream: UpstreamAddress) -> Bool {
        guard port == upstream.port else { return false }
        return address == upstream.address
            || address.isUnspecified && upstream.address.isLoopback
                && address.isIPv4 == upstream.address.isIPv4
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}

extension IPAddress {
    /// 127.0.0.0/8 (RFC 1122 §3.2.1.3) or `::1`.
    var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }
}

extension ConfigurationFile {
    /// Sockets are made for each worker, so these are kept few.
    static let maximumListenAddresses = 64

    /// The setting `listen`: one address or a list.
    func listenAddresses(_ node: YAMLNode) -> [ListenAddress]? {
        let expected = "a list of addresses such as 0.0.0.0:53 and \"[::]:53\""
        var nodes = [node]
        if node.scalar == nil {
            guard let items = items(node, expected: expected) else { return nil }
            nodes = items
        }
        guard nodes.count <= Self.maximumListenAddresses else {
            error(
                node.mark, "\(nodes.count) addresses",
                expected: "at most \(Self.maximumListenAddresses)")
            return nil
        }
        var addresses: [ListenAddress] = []
        var marks: [YAMLMark] = []
        for node in nodes {
            guard let (address, port) = addressAndPort(node) else { continue }
            let listen = ListenAddress(address, port: port)
            if let first = addresses.firstIndex(of: listen) {
                error(
                    node.mark,
                    "duplicate listen address \(listen); the first is on line \(marks[first].line)")
                continue
            }
            addresses.append(listen)
            marks.append(node.mark)
        }
        return addresses
    }

    /// An address, with a port behind a colon or not: `1.1.1.1`, `1.1.1.1:5300`, `2606:4700::1111`,
    /// `[2606:4700::1111]:53`.
    func addressAndPort(_ node: YAMLNode) -> (IPAddress, UInt16)? {
        let expected = "an address such as 1.1.1.1, 1.1.1.1:5300 or \"[2606:4700::1111]:53\""
        guard let scalar = node.scalar else {
            let quoted = if case .sequence = node { ", in quotes when it has brackets" } else { "" }
            wrongKind(node, expected: expected + quoted)
            return nil
        }
        return addressAndPort(scalar, expected: expected)
    }

    private func addressAndPort(
        _ scalar: YAMLScalar, expected: String
    ) -> (IPAddress, UInt16)? {
        let text = scalar.text
        if let address = IPAddress(text) {
            // `::1:53` is an address, and hardly ever meant as one.
            guard address.isIPv4 || !text.hasSuffix(":53") else {
                error(
                    scalar.mark, "\(text.quoted) may be an address or one with a port",
                    expected: "\"[\(text.dropLast(3))]:53\" or \"[\(text)]:53\"")
                return nil
            }
            return (address, ListenAddress.defaultPort)
        }
        var host = Substring(text)
        var port: Substring?
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if rest.hasPrefix(":") { port = rest.dropFirst() }
            // Brackets are for IPv6 addresses, and only a port may follow them.
            if !host.contains(":") || port == nil && !rest.isEmpty { host = "" }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            // "::1:" and the like are not an IPv6 address with a port.
            if host.contains(":") { host = "" }
        }
        guard let address = IPAddress(host) else {
            error(scalar.mark, "bad address \(text.quoted)", expected: expected)
            return nil
        }
        guard let port else { return (address, ListenAddress.defaultPort) }
        guard let number = UInt16(decimal: port), number > 0 else {
            error(
                scalar.mark, "bad port \(String(port).quoted) in \(text.quoted)",
                expected: "a port from 1 to 65535")
            return nil
        }
        return (address, number)
    }
}
