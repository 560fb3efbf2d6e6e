// The registries of IANA's "Domain Name System (DNS) Parameters" that this server looks at. Values
// outside them are carried as numbers.

/// A resource record's type. Unknown types pass as opaque octets (RFC 3597).
public struct RRType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static var a: RRType { RRType(rawValue: 1) }
    public static var ns: RRType { RRType(rawValue: 2) }
    public static var md: RRType { RRType(rawValue: 3) }
    public static var mf: RRType { RRType(rawValue: 4) }
    public static var cname: RRType { RRType(rawValue: 5) }
    public static var soa: RRType { RRType(rawValue: 6) }
    public static var mb: RRType { RRType(rawValue: 7) }
    public static var mg: RRType { RRType(rawValue: 8) }
    public static var mr: RRType { RRType(rawValue: 9) }
    public static var null: RRType { RRType(rawValue: 10) }
    public static var ptr: RRType { RRType(rawValue: 12) }
    public static var hinfo: RRType { RRType(rawValue: 13) }
    public static var minfo: RRType { RRType(rawValue: 14) }
    public static var mx: RRType { RRType(rawValue: 15) }
    public static var txt: RRType { RRType(rawValue: 16) }
    public static var rp: RRType { RRType(rawValue: 17) }
    public static var afsdb: RRType { RRType(rawValue: 18) }
    public static var rt: RRType { RRType(rawValue: 21) }
    public static var sig: RRType { RRType(rawValue: 24) }
    public static var key: RRType { RRType(rawValue: 25) }
    public static var px: RRType { RRType(rawValue: 26) }
    public static var aaaa: RRType { RRType(rawValue: 28) }
    public static var loc: RRType { RRType(rawValue: 29) }
    public static var nxt: RRType { RRType(rawValue: 30) }
    public static var srv: RRType { RRType(rawValue: 33) }
    public static var naptr: RRType { RRType(rawValue: 35) }
    public static var kx: RRType { RRType(rawValue: 36) }
    public static var dname: RRType { RRType(rawValue: 39) }
    public static var opt: RRType { RRType(rawValue: 41) }
    public static var ds: RRType { RRType(rawValue: 43) }
    public static var sshfp: RRType { RRType(rawValue: 44) }
    public static var rrsig: RRType { RRType(rawValue: 46) }
    public static var nsec: RRType { RRType(rawValue: 47) }
    public static var dnskey: RRType { RRType(rawValue: 48) }
    public static var nsec3: RRType { RRType(rawValue: 50) }
    public static var tlsa: RRType { RRType(rawValue: 52) }
    public static var openpgpkey: RRType { RRType(rawValue: 61) }
    public static var svcb: RRType { RRType(rawValue: 64) }
    public static var https: RRType { RRType(rawValue: 65) }
    public static var spf: RRType { RRType(rawValue: 99) }
    public static var tkey: RRType { RRType(rawValue: 249) }
    public static var tsig: RRType { RRType(rawValue: 250) }
    public static var ixfr: RRType { RRType(rawValue: 251) }
    public static var axfr: RRType { RRType(rawValue: 252) }
    public static var any: RRType { RRType(rawValue: 255) }
    public static var uri: RRType { RRType(rawValue: 256) }
    public static var caa: RRType { RRType(rawValue: 257) }
    /// Not on the wire: an owner whose addresses are those of another name, octoDNS's and
    /// PowerDNS's ALIAS. The number is from the range for private use (RFC 6895 §3.1).
    public static var alias: RRType { RRType(rawValue: 65401) }

    /// Whether the number names data, not a question or a message's own matter (RFC 6895 §3.1:
    /// OPT and 128 to 255 are meta types; 0 is reserved).
    public var isData: Bool {
        rawValue != 0 && self != .opt && !(128...255).contains(rawValue)
    }

    /// The mnemonics used in zone files, answers of `check` and logs.
    public static let mnemonics: [(RRType, String)] = [
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
    public init?(mnemonic: some StringProtocol) {
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
    public var description: String { Self.mnemonicsByType[self] ?? "TYPE\(rawValue)" }
}

/// A class (RFC 1035 §3.2.4).
public enum RRClass {
    public static var internet: UInt16 { 1 }
    public static var chaos: UInt16 { 3 }
    public static var none: UInt16 { 254 }
    public static var any: UInt16 { 255 }
}

/// What a message asks for (RFC 6895 §2.2).
public enum Opcode {
    public static var query: UInt8 { 0 }
    public static var notify: UInt8 { 4 }
    public static var update: UInt8 { 5 }
}

/// A response code (RFC 6895 §2.3); those over 15 need an OPT record.
public struct RCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static var noError: RCode { RCode(rawValue: 0) }
    public static var formatError: RCode { RCode(rawValue: 1) }
    public static var serverFailure: RCode { RCode(rawValue: 2) }
    public static var nameError: RCode { RCode(rawValue: 3) }
    public static var notImplemented: RCode { RCode(rawValue: 4) }
    public static var refused: RCode { RCode(rawValue: 5) }
    /// YXDOMAIN.
    public static var nameExists: RCode { RCode(rawValue: 6) }
    /// NOTAUTH: not authoritative for the zone, or not authorized (RFC 2136 §2.2, RFC 8945 §5.2).
    public static var notAuthoritative: RCode { RCode(rawValue: 9) }
    public static var badVersion: RCode { RCode(rawValue: 16) }
    public static var badCookie: RCode { RCode(rawValue: 23) }

    private static let mnemonics: [UInt16: String] = [
        0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
        6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS",
        23: "BADCOOKIE",
    ]
}

extension RCode: CustomStringConvertible {
    public var description: String { Self.mnemonics[rawValue] ?? "RCODE\(rawValue)" }
}

/// An EDNS option's code (RFC 6891 §6.1.2).
public enum EDNSOption {
    public static var nsid: UInt16 { 3 }
    public static var clientSubnet: UInt16 { 8 }
    public static var cookie: UInt16 { 10 }
    public static var tcpKeepalive: UInt16 { 11 }
    public static var padding: UInt16 { 12 }
    public static var extendedError: UInt16 { 15 }
}

/// An extended error's INFO-CODE (RFC 8914 §4).
public enum ExtendedError {
    public static var other: UInt16 { 0 }
    public static var staleAnswer: UInt16 { 3 }
    public static var forgedAnswer: UInt16 { 4 }
    public static var notReady: UInt16 { 14 }
    public static var filtered: UInt16 { 17 }
    public static var prohibited: UInt16 { 18 }
    public static var staleNameError: UInt16 { 19 }
    public static var notAuthoritative: UInt16 { 20 }
    public static var notSupported: UInt16 { 21 }
    public static var noReachableAuthority: UInt16 { 22 }
    public static var networkError: UInt16 { 23 }

    /// What the registry calls a code; nil for one that it does not have.
    public static func name(of code: UInt16) -> String? {
        Int(code) < names.count ? names[Int(code)] : nil
    }

    private static let names = [
        "Other Error", "Unsupported DNSKEY Algorithm", "Unsupported DS Digest Type",
        "Stale Answer", "Forged Answer", "DNSSEC Indeterminate", "DNSSEC Bogus",
        "Signature Expired", "Signature Not Yet Valid", "DNSKEY Missing", "RRSIGs Missing",
        "No Zone Key Bit Set", "NSEC Missing", "Cached Error", "Not Ready", "Blocked", "Censored",
        "Filtered", "Prohibited", "Stale NXDOMAIN Answer", "Not Authoritative", "Not Supported",
        "No Reachable Authority", "Network Error", "Invalid Data",
    ]
}
