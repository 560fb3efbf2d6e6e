/// Whether a host in an address is an IP address, which no name can be made to look like.
enum IPLiteral {
    /// `192.168.10.2` or `[2001:db8::1]`, with a zone or without.
    static func isOne(_ host: String) -> Bool {
        if host.hasPrefix("[") {
            // Brackets are for nothing else, and browsers check what is in them.
            return host.hasSuffix("]") && host.contains(":")
        }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.count <= 3 && !part.isEmpty
                    && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && (Int(part) ?? 256) <= 255
            }
    }
}
