import DNS
import Nameserver

/// What the fuzzed server serves: an overlay and an authoritative zone with one of everything, and
/// forward rules for the rest.
enum FuzzZones {
    static let seed: UInt64 = 0x5eed
    /// In the view that sees both zones, in the one that sees the second only, and in none.
    static let clients: [IPAddress] = [
        .v4(0xc0a8_0a07), .v4(0x0a00_0001), .v4(0xcb00_7101), .v6(0xfd00 << 48, 1),
    ]

    static let snapshot: Snapshot = {
        do {
            let overlay = try overlay()
            let authoritative = try authoritative()
            return Snapshot(
                [
                    view("lan", ["192.168.10.0/24", "fd00::/16"], [overlay, authoritative]),
                    view("guests", ["10.0.0.0/8"], [authoritative], policy: .rewriteH3AndECH),
                ], server: server,
                upstreams: UpstreamRegistry(cookieKey: SipHash.Key(low: 1, high: 2)), seed: seed)
        } catch {
            preconditionFailure("the zones of the fuzz targets: \(error)")
        }
    }()

    private static func overlay() throws -> Zone {
        try zone(
            "home.example", .overlay, reverse: true, public: ["mail", "*.open"],
            [
                ("@", .a, "192.168.10.50"), ("*", .a, "192.168.10.50"), ("*", .aaaa, "fd00::50"),
                ("app", .a, "192.168.10.61"), ("app", .https, "1 . alpn=h2 port=8443"),
                ("app", .https, "2 www.example.net. alpn=h2,h3 ech=AQID"),
                ("inside", .cname, "app"), ("host", .cname, "www.corp.example."),
                ("outside", .cname, "www.example.net."), ("loop", .cname, "loop2"),
                ("loop2", .cname, "loop"), ("flat", .alias, "www.example.net."),
                ("flat2", .alias, "inside"), ("deep.open2", .a, "192.168.10.62"),
            ])
    }

    private static func authoritative() throws -> Zone {
        let texts = (0..<20).map { ("long", RRType.txt, "\"\($0) \(filler(100))\"") }
        return try zone(
            "corp.example", .authoritative,
            [
                ("@", .ns, "ns"), ("ns", .a, "192.0.2.53"), ("www", .a, "192.0.2.80"),
                ("www", .aaaa, "2001:db8::80"), ("@", .mx, "10 www"), ("@", .mx, "20 mail.sub"),
                ("sub", .ns, "ns.sub"), ("sub", .ns, "ns.example.net."),
                ("ns.sub", .a, "192.0.2.54"), ("ns.sub", .aaaa, "2001:db8::54"),
                ("old", .dname, "home.example."), ("back", .dname, "corp.example."),
                ("*.w", .txt, "wild"), ("*.w", .a, "192.0.2.81"), ("a.ent", .a, "192.0.2.82"),
                ("away", .cname, "www.example.net."), ("_sip._udp", .srv, "0 5 5060 www"),
                ("n", .naptr, "1 2 U sip \"!a!b!\" www"), ("s", .svcb, "1 www alpn=dot"),
                ("alias", .alias, "www"), ("away2", .alias, "www.example.net."),
            ] + texts)
    }

    static func filler(_ count: Int) -> String { String(repeating: "x", count: count) }

    private static func zone(
        _ apex: String, _ mode: ZoneSettings.Mode, reverse: Bool = false,
        public publicNames: [String] = [], _ records: [(String, RRType, String)]
    ) throws -> Zone {
        let apex = try DomainName(apex + ".")
        var builder = ZoneBuilder(
            ZoneSettings(apex: apex, mode: mode, reverse: reverse), seed: seed)
        func owner(_ text: String) throws -> DomainName {
            text == "@" ? apex : try DomainName(text, relativeTo: apex)
        }
        for (name, type, text) in records {
            try builder.add(
                owner: try owner(name), type: type, ttl: 60,
                rdata: try RData.parse(text, type: type, origin: apex))
        }
        for name in publicNames { try builder.addPublic(owner: try owner(name)) }
        return try builder.build()
    }

    private static var server: ServerDescription {
        var server = ServerDescription()
        server.version = "horizond"
        server.id = "node-1"
        server.nsid = [UInt8](repeating: 0x6e, count: ServerDescription.maximumNSIDLength)
        server.cookies = .daily(root: SipHash.Key(low: 1, high: 2))
        return server
    }

    private static func view(
        _ name: String, _ clients: [String], _ zones: [Zone], policy: HTTPSRecordPolicy? = nil
    ) -> ViewDescription {
        let upstreams = [UpstreamAddress(.v4(0x0101_0101)), UpstreamAddress(.v4(0x0909_0909))]
        let pass = HTTPSRecordRules(defaultPolicy: .pass)
        return ViewDescription(
            name: name, clients: clients.compactMap(prefix), zones: zones,
            forward: [
                ForwardRule(domain: .root, upstreams: upstreams),
                ForwardRule(
                    domain: wire("kept.example"), upstreams: upstreams,
                    cache: CacheLifetimes(maximum: 0), httpsRecords: pass),
            ],
            serverHTTPSRecords: HTTPSRecordRules(defaultPolicy: policy),
            rebindProtection: name == "guests" ? RebindProtection(isOn: true) : .off)
    }

    private static func prefix(_ text: String) -> AddressPrefix? {
        let parts = text.split(separator: "/")
        guard let address = IPAddress(parts[0]), let length = Int(parts[1]) else { return nil }
        return try? AddressPrefix(address, length: length)
    }

    /// A name that is known to be one.
    static func wire(_ text: String) -> DomainName {
        guard let name = try? DomainName(text) else { preconditionFailure("a name: \(text)") }
        return name
    }
}
