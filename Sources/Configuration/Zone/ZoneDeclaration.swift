import DNS
import Nameserver

/// A zone as the configuration names it, before its records are read.
struct ZoneDeclaration {
    var settings: ZoneSettings
    /// Where the zone is named.
    let place: ConfigurationPlace
    /// The TTL of records that have none of their own; nil for that of the mode.
    var ttl: UInt32?
    /// Where the records are; nil when that could not be told, which is reported.
    var source: Source?

    enum Source {
        /// A file, and the place that names it.
        case file(path: String, YAMLMark)
        /// The entries of `records`, and where they begin.
        case records([YAMLEntry], YAMLMark)
    }

    /// An overlay's records are short-lived, so that a phone that leaves the house recovers soon.
    static let overlayTTL: UInt32 = 60
    /// octoDNS's default.
    static let authoritativeTTL: UInt32 = 3600

    var recordTTL: UInt32 {
        ttl ?? (settings.mode == .overlay ? Self.overlayTTL : Self.authoritativeTTL)
    }
}

extension ConfigurationFile {
    private static let zoneKeys = [
        "file", "records", "mode", "own", "reverse", "https-records", "negative-ttl", "ttl",
    ]

    /// A zone's file, or its settings. What `base`, the zone of that name that all views share,
    /// says is kept unless it is said anew.
    func zoneDeclaration(
        _ apex: DomainName, _ entry: YAMLEntry, base: ZoneDeclaration? = nil
    ) -> ZoneDeclaration {
        let node = entry.value
        var zone = ZoneDeclaration(
            settings: base?.settings ?? ZoneSettings(apex: apex), place: place(of: entry.key.mark),
            ttl: base?.ttl, source: base?.source)
        let expected = "the path of a zone file, or a mapping with file or records"
        if let path = node.scalar {
            guard IPAddress(path.text) == nil else {
                error(
                    path.mark, "found \(path.text.quoted)", expected: expected,
                    suggestion: "{records: {'*': \(path.text)}}")
                zone.source = nil
                return zone
            }
            zone.source = .file(path: resolve(path.text), path.mark)
            return zone
        }
        guard
            let keyed = KeyedNode(
                node, keys: Self.zoneKeys, expected: expected, isSection: true, in: self)
        else {
            zone.source = nil
            return zone
        }
        decodeSource(keyed, into: &zone)
        decodeSettings(keyed, into: &zone)
        return zone
    }

    private func decodeSource(_ keyed: KeyedNode, into zone: inout ZoneDeclaration) {
        switch (keyed["file"], keyed["records"]) {
        case (let node?, nil):
            zone.source = scalar(node, expected: "the path of a zone file").map {
                .file(path: resolve($0.text), $0.mark)
            }
        case (nil, .mapping(let entries, let mark)?):
            zone.source = .records(entries, mark)
        case (nil, let node?):
            zone.source = nil
            wrongKind(node, expected: "a mapping of names to records")
        case (_?, _?):
            zone.source = nil
            error(
                keyed.mark(of: "records"),
                "\"records\" in a zone that has \"file\" on line \(keyed.mark(of: "file").line)",
                expected: "one of them")
        case (nil, nil):
            // A view may change a setting and keep the records.
            guard zone.source == nil, !keyed.hasUnknownKeys else { return }
            error(keyed.mark, "a zone without records", expected: "\"file\" or \"records\"")
        }
    }

    private func decodeSettings(_ keyed: KeyedNode, into zone: inout ZoneDeclaration) {
        if let node = keyed["mode"],
            let mode = choice(node, what: "mode", of: ZoneSettings.Mode.self)
        {
            zone.settings.mode = mode
        }
        if let node = keyed["own"], let types = types(node) { zone.settings.ownedTypes = types }
        if let node = keyed["reverse"], let reverse = boolean(node) {
            zone.settings.reverse = reverse
        }
        if let node = keyed["https-records"], let rules = httpsRecordRules(node) {
            zone.settings.httpsRecords = rules
        }
        if let node = keyed["negative-ttl"], let ttl = duration(node) {
            zone.settings.negativeTTL = ttl
        }
        if let node = keyed["ttl"], let ttl = duration(node) { zone.ttl = ttl }
    }

    private func types(_ node: YAMLNode) -> Set<RRType>? {
        let expected = "a list of record types such as [A, AAAA]"
        guard let items = items(node, expected: expected) else { return nil }
        return Set(
            items.compactMap { item in
                scalar(item, expected: "a record type").flatMap { recordType($0) }
            })
    }

    /// A record type's mnemonic, or `TYPEnnn` (RFC 3597 §5).
    func recordType(_ scalar: YAMLScalar) -> RRType? {
        guard let type = RRType(mnemonic: scalar.text) else {
            let known = RRType.mnemonics.filter(\.0.isData).map(\.1)
            error(
                scalar.mark, "unknown record type \(scalar.text.quoted)",
                expected: "a type such as A, AAAA, CNAME, MX, TXT, SRV, HTTPS or TYPE65280",
                suggestion: Spelling.suggestion(for: scalar.text, among: known))
            return nil
        }
        guard type.isData else {
            error(scalar.mark, "\(type) is no type of data", expected: "a type such as A or TXT")
            return nil
        }
        return type
    }
}
