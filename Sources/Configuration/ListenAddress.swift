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
            guard let (address, port) = listenEndpoint(node) else { continue }
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

    private static let listenForms =
        "an address of this host such as 192.168.10.2, 0.0.0.0:53 or \"[::]:53\""

    private func listenEndpoint(_ node: YAMLNode) -> (IPAddress, UInt16)? {
        let expected = Self.listenForms
        guard let scalar = endpointScalar(node, expected: expected) else { return nil }
        if let meant = Self.listenForm(meantBy: scalar.text) {
            error(
                scalar.mark, "bad address \(scalar.text.quoted)", expected: expected,
                suggestion: meant.quoted)
            return nil
        }
        guard
            let (address, port) = addressAndPort(
                scalar.text[...], in: scalar, defaultPort: ListenAddress.defaultPort,
                expected: expected)
        else { return nil }
        guard !address.isLinkLocal else {
            error(
                scalar.mark, "\(address) \(IPAddress.reasonAgainstLinkLocal)",
                expected: IPAddress.expectedForLinkLocal
                    + ", or \"[::]:\(port)\", which takes it in")
            return nil
        }
        return (address, port)
    }

    /// `0.0.0.0:53` for a port alone, `127.0.0.1` for localhost, `ADDRESS:PORT` for what has a scheme before
    /// it, or the port behind a `#` or `@`; nil for any other text.
    private static func listenForm(meantBy text: String) -> String? {
        if let port = UInt16(decimal: text.drop { $0 == ":" || $0 == "*" }), port > 0 {
            return "0.0.0.0:\(port)"
        }
        let (host, port) = hostAndPort(text[...])
        if host == "localhost" { return "127.0.0.1" + (port.map { ":\($0)" } ?? "") }
        let parts = text.split(separator: "://", omittingEmptySubsequences: false)
        if parts.count == 2, let host = hostAndPort(parts[1]).host, IPAddress(host) != nil {
            return String(parts[1])
        }
        let ends = text.split(whereSeparator: { "#@".contains($0) })
        guard ends.count == 2, let address = IPAddress(ends[0]), let port = UInt16(decimal: ends[1])
        else { return nil }
        return "\(ListenAddress(address, port: port))"
    }
}
