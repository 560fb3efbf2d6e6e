import DNS

/// An upstream or listener in this configuration's form.
enum EndpointText {
    /// `ADDRESS`, or `ADDRESS:PORT` for another port than 53.
    static func plain(_ address: IPAddress, port: UInt16 = 53) -> String {
        guard port != 53 else { return "\(address)" }
        return address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    /// `tls://ADDRESS#NAME`, with a port unless it is 853; nil when the name is not a host's.
    static func secure(_ address: IPAddress, port: UInt16 = 853, name: Substring?) -> String? {
        guard name.map(isHostName) ?? true else { return nil }
        let host = address.isIPv4 ? "\(address)" : "[\(address)]"
        let port = port == 853 ? "" : ":\(port)"
        return "tls://\(host)\(port)" + (name.map { "#\($0)" } ?? "")
    }

    /// Whether a certificate may be for the name (RFC 1123 §2.1).
    private static func isHostName(_ text: Substring) -> Bool {
        guard let name = try? DomainName(text), let last = name.labels.last,
            let first = last.first, first &- 0x30 > 9
        else { return false }
        return name.labels.allSatisfy { label in
            label.first != 0x2d && label.last != 0x2d
                && label.allSatisfy {
                    $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 || $0 == 0x2d
                }
        }
    }

    /// The address and port of `ADDRESS`, `ADDRESS#PORT`, `ADDRESS@PORT`, `ADDRESS:PORT` or
    /// `[ADDRESS]:PORT`, with the given sign before the port; nil when it is none.
    static func parse(
        _ text: some StringProtocol, sign: Character, defaultPort: UInt16 = 53
    ) -> (address: IPAddress, port: UInt16)? {
        if let address = IPAddress(text) { return (address, defaultPort) }
        let text = String(text)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            guard let address = IPAddress(text[text.index(after: text.startIndex)..<end])
            else { return nil }
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (address, defaultPort) }
            guard rest.first == sign || rest.first == ":",
                let port = UInt16(decimal: rest.dropFirst()), port > 0
            else { return nil }
            return (address, port)
        }
        guard let separator = text.lastIndex(of: sign),
            let address = IPAddress(text[..<separator]),
            let port = UInt16(decimal: text[text.index(after: separator)...]), port > 0
        else { return nil }
        return (address, port)
    }
}
