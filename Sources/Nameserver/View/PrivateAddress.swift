package import DNS

extension IPAddress {
    /// Whether the address means a host of the site itself, which a public name has no reason to
    /// name: what dnsmasq's `stop-dns-rebind` and Unbound's usual `private-address` list cover, and
    /// IPv6 forms of such IPv4 addresses. Documentation prefixes are not private. Neither is
    /// multicast: no connection leads there, and mcast.net lists the groups in the public DNS.
    package var isPrivate: Bool {
        switch self {
        case .v4(let bits): Self.isPrivate(bits)
        case .v6(let high, _):
            // fc00::/7, unique local (RFC 4193 §3.1); fe80::/10, link-local (RFC 4291 §2.5.6), and
            // fec0::/10, site-local (RFC 3879 §4), are fe80::/9 together. :: and ::1 are 0.0.0.0
            // and 0.0.0.1 in IPv4-compatible form. 64:ff9b:1::/48 is NAT64 of the site (RFC 8215).
            high >> 57 == 0x7e || high >> 55 == 0x1fd || high >> 16 == 0x0064_ff9b_0001
                || embeddedIPv4.contains { Self.isPrivate($0) }
        }
    }

    /// The IPv4 addresses that a packet to this IPv6 address may end at: one address may have several
    /// forms at once. IPv4-mapped ones (::ffff:0:0/96, RFC 4291 §2.5.5.2) are IPv4 addresses already.
    var embeddedIPv4: [UInt32] {
        guard case .v6(let high, let low) = self else { return [] }
        let last = UInt32(truncatingIfNeeded: low)
        var found: [UInt32] = []
        switch (high, low >> 32) {
        // ::/96, IPv4-compatible (RFC 4291 §2.5.5.1); 64:ff9b::/96, NAT64 (RFC 6052 §2.1);
        // ::ffff:0:0:0/96, IPv4-translated (RFC 2765 §2.1); ISATAP's interface identifiers, in any
        // prefix (RFC 5214 §6.1).
        case (0, 0), (0x0064_ff9b_0000_0000, 0), (0, 0xffff_0000), (_, 0x0000_5efe),
            (_, 0x0200_5efe):
            found.append(last)
        default: break
        }
        // 2002::/16, 6to4 (RFC 3056 §2).
        if high >> 48 == 0x2002 { found.append(UInt32(truncatingIfNeeded: high >> 16)) }
        // 2001::/32, Teredo: the client's address, its bits inverted (RFC 4380 §4).
        if high >> 32 == 0x2001_0000 { found.append(~last) }
        return found
    }

    private static func isPrivate(_ bits: UInt32) -> Bool {
        switch bits {
        // 0.0.0.0/8, "this network" (RFC 1122 §3.2.1.3): Linux takes 0.0.0.0 for the host itself.
        case 0x0000_0000...0x00ff_ffff: true
        // 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918 §3).
        case 0x0a00_0000...0x0aff_ffff, 0xac10_0000...0xac1f_ffff, 0xc0a8_0000...0xc0a8_ffff: true
        // 100.64.0.0/10, shared address space (RFC 6598 §7).
        case 0x6440_0000...0x647f_ffff: true
        // 127.0.0.0/8, loopback (RFC 1122 §3.2.1.3).
        case 0x7f00_0000...0x7fff_ffff: true
        // 169.254.0.0/16, link-local (RFC 3927 §2.1).
        case 0xa9fe_0000...0xa9fe_ffff: true
        // 240.0.0.0/4, reserved (RFC 1112 §4) and so never public, but in use inside some networks;
        // 255.255.255.255, limited broadcast (RFC 919 §7), is its last address.
        case 0xf000_0000...0xffff_ffff: true
        default: false
        }
    }
}
