package import DNS

extension IPAddress {
    /// 127.0.0.0/8 (RFC 1122 §3.2.1.3) or `::1`.
    package var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// fe80::/10 (RFC 4291 §2.5.6): on each of a host's links there may be one.
    var isLinkLocal: Bool {
        if case .v6(let high, _) = self { high >> 54 == 0x3fa } else { false }
    }

    /// What is said of a link-local address, with its interface or without.
    static let reasonAgainstLinkLocal =
        "is a link-local address: it needs an interface, which is not supported"
    static let expectedForLinkLocal = "a global or unique local (fd…) address"

    /// Why no server can be asked at this address; nil when one may be.
    package var reasonAgainstServer: String? {
        if isUnspecified { return "is the address of no server" }
        switch self {
        case .v4(.max): return "is the broadcast address"
        // RFC 5771 §3, RFC 4291 §2.7.
        case .v4(let bits) where bits >> 28 == 0xe: return "is a multicast address"
        case .v6(let high, _) where high >> 56 == 0xff: return "is a multicast address"
        case .v6 where isLinkLocal: return Self.reasonAgainstLinkLocal
        default: return nil
        }
    }
}
