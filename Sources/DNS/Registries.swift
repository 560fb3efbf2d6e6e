// The registries of IANA's "Domain Name System (DNS) Parameters" that this server looks at. Values
// outside them are carried as numbers.

/// A resource record's type. Unknown types pass as opaque octets (RFC 3597).
package struct RRType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let a = RRType(rawValue: 1)
    package static let ns = RRType(rawValue: 2)
    package static let md = RRType(rawValue: 3)
    package static let mf = RRType(rawValue: 4)
    package static let cname = RRType(rawValue: 5)
    package static let soa = RRType(rawValue: 6)
    package static let mb = RRType(rawValue: 7)
    package static let mg = RRType(rawValue: 8)
    package static let mr = RRType(rawValue: 9)
    package static let null = RRType(rawValue: 10)
    package static let ptr = RRType(rawValue: 12)
    package static let hinfo = RRType(rawValue: 13)
    package static let minfo = RRType(rawValue: 14)
    package static let mx = RRType(rawValue: 15)
    package static let txt = RRType(rawValue: 16)
    package static let rp = RRType(rawValue: 17)
    package static let afsdb = RRType(rawValue: 18)
    package static let rt = RRType(rawValue: 21)
    package static let sig = RRType(rawValue: 24)
    package static let key = RRType(rawValue: 25)
    package static let px = RRType(rawValue: 26)
    package static let aaaa = RRType(rawValue: 28)
    package static let loc = RRType(rawValue: 29)
    package static let nxt = RRType(rawValue: 30)
    package static let srv = RRType(rawValue: 33)
    package static let naptr = RRType(rawValue: 35)
    package static let kx = RRType(rawValue: 36)
    package static let dname = RRType(rawValue: 39)
    package static let opt = RRType(rawValue: 41)
    package static let ds = RRType(rawValue: 43)
    package static let sshfp = RRType(rawValue: 44)
    package static let rrsig = RRType(rawValue: 46)
    package static let nsec = RRType(rawValue: 47)
    package static let dnskey = RRType(rawValue: 48)
    package static let nsec3 = RRType(rawValue: 50)
    package static let tlsa = RRType(rawValue: 52)
    package static let openpgpkey = RRType(rawValue: 61)
    package static let svcb = RRType(rawValue: 64)
    package static let https = RRType(rawValue: 65)
    package static let spf = RRType(rawValue: 99)
    package static let tkey = RRType(rawValue: 249)
    package static let tsig = RRType(rawValue: 250)
    package static let ixfr = RRType(rawValue: 251)
    package static let axfr = RRType(rawValue: 252)
    package static let any = RRType(rawValue: 255)
    package static let uri = RRType(rawValue: 256)
    package static let caa = RRType(rawValue: 257)
    /// Not on the wire: an owner whose addresses are those of another name, octoDNS's and
    /// PowerDNS's ALIAS. The number is from the range for private use (RFC 6895 §3.1).
    package static let alias = RRType(rawValue: 65401)

    /// Whether the number names data, not a question or a message's own matter (RFC 6895 §3.1:
    /// OPT and 128 to 255 are meta types; 0 is reserved).
    package var isData: Bool {
        rawValue != 0 && self != .opt && !(128...255).contains(rawValue)
    }

    /// The mnemonics used in zone files, answers of `check` and logs.
    package static let mnemonics: [(RRType, String)] = [
        (.a, "A"), (.ns, "NS"), (.md, "MD"), (.mf, "MF"), (.cname, "CNAME"), (.soa, "SOA"),
        (.mb, "MB"), (.mg, "MG"), (.mr, "MR"), (.null, "NULL"), (.ptr, "PTR"), (.hinfo, "HINFO"),
        (.minfo, "MINFO"), (.mx, "MX"), (.txt, "TXT"), (.rp, "RP"), (.afsdb, "AFSDB"),
        (.rt, "RT"), (.sig, "SIG"), (.key, "KEY"), (.px, "PX"), (.aaaa, "AAAA"), (.loc, "LOC"),
        (.nxt, "NXT"), (.srv, "SRV"), (.naptr, "NAPTR"), (.kx, "KX"), (.dname, "DNAME"),
        (.opt, "OPT"), (.ds, "DS"), (.sshfp, "SSHFP"), (.rrsig, "RRSIG"), (.nsec, "NSEC"),
        (.dnskey, "DNSKEY"), (.nsec3, "NSEC3"), (.tlsa, "TLSA"), (.openpgpkey, "OPENPGPKEY"),
        (.svcb, "SVCB"), (.https, "HTTPS"), (.spf, "SPF"), (.tkey, "TKEY"), (.tsig, "TSIG"),
        (.ixfr, "IXFR"), (.axfr, "AXFR"), (.any, "ANY"), (.uri, "URI"), (.caa, "CAA"),
        (.alias, "ALIAS"),
    ]

    private static let typesByMnemonic = Dictionary(
        uniqueKeysWithValues: mnemonics.map { ($0.1, $0.0) })
    private static let mnemonicsByType = Dictionary(uniqueKeysWithValues: mnemonics)

    /// The type of a mnemonic or of `TYPEnnn` (RFC 3597 §5), in any case.
    package init?(mnemonic: some StringProtocol) {
        let upper = mnemonic.uppercased()
        if let type = Self.typesByMnemonic[upper] {
            self = type
        } else if upper.hasPrefix("TYPE"), let number = UInt16(decimal: upper.dropFirst(4)) {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }
}

extension RRType: CustomStringConvertible {
    package var description: String { Self.mnemonicsByType[self] ?? "TYPE\(rawValue)" }
}

/// A class (RFC 1035 §3.2.4).
package enum RRClass {
    package static let internet: UInt16 = 1
    package static let chaos: UInt16 = 3
    package static let none: UInt16 = 254
    package static let any: UInt16 = 255
}

/// What a message asks for (RFC 6895 §2.2).
package enum Opcode {
    package static let query: UInt8 = 0
    package static let notify: UInt8 = 4
    package static let update: UInt8 = 5
}

/// A response code (RFC 6895 §2.3); those over 15 need an OPT record.
package struct RCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let noError = RCode(rawValue: 0)
    package static let formatError = RCode(rawValue: 1)
    package static let serverFailure = RCode(rawValue: 2)
    package static let nameError = RCode(rawValue: 3)
    package static let notImplemented = RCode(rawValue: 4)
    package static let refused = RCode(rawValue: 5)
    /// YXDOMAIN.
    package static let nameExists = RCode(rawValue: 6)
    /// NOTAUTH: not authoritative for the zone, or not authorized (RFC 2136 §2.2, RFC 8945 §5.2).
    package static let notAuthoritative = RCode(rawValue: 9)
    package static let badVersion = RCode(rawValue: 16)
    package static let badCookie = RCode(rawValue: 23)

    private static let mnemonics: [UInt16: String] = [
        0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
        6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS",
        23: "BADCOOKIE",
    ]
}

extension RCode: CustomStringConvertible {
    package var description: String { Self.mnemonics[rawValue] ?? "RCODE\(rawValue)" }
}

/// An EDNS option's code (RFC 6891 §6.1.2).
package enum EDNSOption {
    package static let nsid: UInt16 = 3
    package static let clientSubnet: UInt16 = 8
    package static let cookie: UInt16 = 10
    package static let tcpKeepalive: UInt16 = 11
    package static let padding: UInt16 = 12
    package static let extendedError: UInt16 = 15
}

/// An extended error's INFO-CODE (RFC 8914 §4).
package enum ExtendedError {
    package static let other: UInt16 = 0
    package static let staleAnswer: UInt16 = 3
    package static let forgedAnswer: UInt16 = 4
    package static let notReady: UInt16 = 14
    package static let filtered: UInt16 = 17
    package static let prohibited: UInt16 = 18
    package static let staleNameError: UInt16 = 19
    package static let notAuthoritative: UInt16 = 20
    package static let notSupported: UInt16 = 21
    package static let noReachableAuthority: UInt16 = 22
    package static let networkError: UInt16 = 23
}
