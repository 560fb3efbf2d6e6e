/// Where the domain names lie in a type's RDATA: some fixed octets, then character strings, then
/// names, then octets. Types that are not listed have no names that anyone may compress
/// (RFC 3597 §4), and pass as opaque octets.
public struct RDataLayout: Sendable {
    public let fixedOctets: Int
    public let characterStrings: Int
    public let names: Int
    /// Whether the names may be compressed when sent: the types of RFC 1035 only (RFC 3597 §4).
    public let compressible: Bool

    private init(_ fixed: Int, _ strings: Int, _ names: Int, compressible: Bool) {
        fixedOctets = fixed
        characterStrings = strings
        self.names = names
        self.compressible = compressible
    }

    /// The layout of `type`; nil when its RDATA holds no name that may come compressed.
    public static func of(_ type: RRType) -> RDataLayout? {
        switch type {
        case .ns, .md, .mf, .cname, .mb, .mg, .mr, .ptr:
            RDataLayout(0, 0, 1, compressible: true)
        case .soa, .minfo: RDataLayout(0, 0, 2, compressible: true)
        case .mx: RDataLayout(2, 0, 1, compressible: true)
        case .sig: RDataLayout(18, 0, 1, compressible: false)
        case .nxt: RDataLayout(0, 0, 1, compressible: false)
        case .rp: RDataLayout(0, 0, 2, compressible: false)
        case .dname: RDataLayout(0, 0, 1, compressible: false)
        case .afsdb, .rt, .kx: RDataLayout(2, 0, 1, compressible: false)
        case .px: RDataLayout(2, 0, 2, compressible: false)
        case .srv: RDataLayout(6, 0, 1, compressible: false)
        case .naptr: RDataLayout(4, 3, 1, compressible: false)
        default: nil
        }
    }
}

extension MessageReader {
    /// Passes over what stands before the names in RDATA of this layout.
    @_lifetime(self: copy self)
    public mutating func skipToNames(of layout: RDataLayout) throws(MessageError) {
        try skip(layout.fixedOctets)
        for _ in 0..<layout.characterStrings { try skip(Int(try readUInt8())) }
    }
}
