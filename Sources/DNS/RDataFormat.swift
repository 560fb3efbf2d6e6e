/// One field of RDATA: what its RFC calls it, and its form on the wire and as text.
struct RDataField: Sendable {
    enum Kind: Sendable {
        case uint8, uint16, uint32
        /// A DNSSEC algorithm: a number or a mnemonic (RFC 4034 §A.1).
        case algorithm
        case ipv4Address, ipv6Address
        case domainName
        /// A domain name that stands for a mail address (RFC 1035 §8).
        case mailbox
        /// A length octet and as many octets (RFC 1035 §3.3).
        case characterString
        /// One or more character strings up to the end.
        case characterStrings
        /// As `characterString`, letters and digits only (RFC 8659 §4.1).
        case tag
        /// One text up to the end, without a length.
        case text
        /// As `text`, but not empty.
        case nonEmptyText
        /// At least one octet up to the end, as hexadecimal digits that blanks may divide.
        case hexadecimal
        /// At least one octet up to the end, in base 64 that blanks may divide.
        case base64
    }

    let name: String
    let kind: Kind

    init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// The fields of the types whose RDATA is a plain sequence of fields.
enum RDataFormat {
    /// The fields of `type`; nil for types that have a form of their own (LOC, SVCB, HTTPS) and for
    /// types that are opaque octets here (RFC 3597).
    static func of(_ type: RRType) -> [RDataField]? { formats[type] }

    private static let formats: [RRType: [RDataField]] = [
        .a: [RDataField("address", .ipv4Address)],
        .aaaa: [RDataField("address", .ipv6Address)],
        .ns: [RDataField("name server", .domainName)],
        .cname: [RDataField("target", .domainName)],
        .alias: [RDataField("target", .domainName)],
        .ptr: [RDataField("target", .domainName)],
        .dname: [RDataField("target", .domainName)],
        .soa: [
            RDataField("mname", .domainName), RDataField("rname", .mailbox),
            RDataField("serial", .uint32), RDataField("refresh", .uint32),
            RDataField("retry", .uint32), RDataField("expire", .uint32),
            RDataField("minimum", .uint32),
        ],
        .mx: [RDataField("preference", .uint16), RDataField("exchange", .domainName)],
        .txt: [RDataField("text", .characterStrings)],
        .spf: [RDataField("text", .characterStrings)],
        .rp: [RDataField("mailbox", .mailbox), RDataField("text name", .domainName)],
        .afsdb: [RDataField("subtype", .uint16), RDataField("host name", .domainName)],
        .hinfo: [RDataField("cpu", .characterString), RDataField("os", .characterString)],
        .srv: [
            RDataField("priority", .uint16), RDataField("weight", .uint16),
            RDataField("port", .uint16), RDataField("target", .domainName),
        ],
        .naptr: [
            RDataField("order", .uint16), RDataField("preference", .uint16),
            RDataField("flags", .characterString), RDataField("services", .characterString),
            RDataField("regexp", .characterString), RDataField("replacement", .domainName),
        ],
        .caa: [
            RDataField("flags", .uint8), RDataField("tag", .tag), RDataField("value", .text),
        ],
        .sshfp: [
            RDataField("algorithm", .uint8), RDataField("fingerprint type", .uint8),
            RDataField("fingerprint", .hexadecimal),
        ],
        .tlsa: [
            RDataField("certificate usage", .uint8), RDataField("selector", .uint8),
            RDataField("matching type", .uint8),
            RDataField("certificate association data", .hexadecimal),
        ],
        .ds: [
            RDataField("key tag", .uint16), RDataField("algorithm", .algorithm),
            RDataField("digest type", .uint8), RDataField("digest", .hexadecimal),
        ],
        .dnskey: [
            RDataField("flags", .uint16), RDataField("protocol", .uint8),
            RDataField("algorithm", .algorithm), RDataField("public key", .base64),
        ],
        .uri: [
            RDataField("priority", .uint16), RDataField("weight", .uint16),
            RDataField("target", .nonEmptyText),
        ],
        .openpgpkey: [RDataField("public key", .base64)],
    ]

    /// The mnemonics of IANA's "DNS Security Algorithm Numbers".
    static let algorithms: [String: UInt8] = [
        "RSAMD5": 1, "DSA": 3, "RSASHA1": 5, "DSA-NSEC3-SHA1": 6, "RSASHA1-NSEC3-SHA1": 7,
        "RSASHA256": 8, "RSASHA512": 10, "ECC-GOST": 12, "ECDSAP256SHA256": 13,
        "ECDSAP384SHA384": 14, "ED25519": 15, "ED448": 16,
    ]
}
