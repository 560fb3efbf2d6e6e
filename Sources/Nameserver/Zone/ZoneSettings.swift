package import DNS

/// What the configuration says about a zone as a whole.
package struct ZoneSettings: Equatable, Sendable {
    package enum Mode: String, CaseIterable, Sendable {
        /// Names with addresses here are answered here, all else by the public zone.
        case overlay
        /// The whole zone is here.
        case authoritative
    }

    /// The types that an overlay's owned names answer here, whether they have such records or not.
    package static let endpointTypes: Set<RRType> = [.a, .aaaa, .https, .svcb]

    package var apex: DomainName
    package var mode: Mode
    package var ownedTypes: Set<RRType>
    /// TTL and MINIMUM in seconds of the SOA record that is synthesised when the file has none.
    package var negativeTTL: UInt32
    /// Whether the zone's addresses answer PTR.
    package var reverse: Bool
    /// The policy for this zone's names that the public zone answers.
    package var httpsRecords: HTTPSRecordRules
    /// The way around this server for which this zone's names, the apex included, do not exist.
    var bypass: KnownBypass?
    /// Whether the server has the zone by itself, and not from the configuration.
    var isBuiltIn = false
    /// Whether the public DNS has the zone cut, and so the proof that there is no DS record.
    var hasPublicCut = false

    package init(
        apex: DomainName, mode: Mode = .overlay, ownedTypes: Set<RRType> = Self.endpointTypes,
        negativeTTL: UInt32 = 60, reverse: Bool = false,
        httpsRecords: HTTPSRecordRules = HTTPSRecordRules()
    ) {
        self.apex = apex
        self.mode = mode
        self.ownedTypes = ownedTypes
        self.negativeTTL = negativeTTL
        self.reverse = reverse
        self.httpsRecords = httpsRecords
    }
}

/// Why a record cannot stand in a zone.
package enum ZoneError: Error, Equatable, Sendable {
    case outsideZone(DomainName)
    /// CNAME beside other data, or two different CNAMEs (RFC 2181 §10.1).
    case cnameAndOtherData(DomainName)
    /// Two DNAME records, or DNAME beside CNAME (RFC 6672 §2.4).
    case severalDNAMEs(DomainName)
    /// `public` beside records of one name.
    case publicAndRecords(DomainName)
    /// `public` in a zone that is not an overlay.
    case publicOutsideOverlay(DomainName)
    case severalSOAs
    case soaNotAtApex(DomainName)
    /// More than 4 GiB of records, or an RRset of more than 64 KiB.
    case tooLarge(DomainName)
}
