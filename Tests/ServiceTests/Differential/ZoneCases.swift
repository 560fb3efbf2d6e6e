/// The corner cases of a zone: what RFC 1034 §4.3.2, 4592 and 6672 tell apart.
enum ZoneCases {
    typealias Case = (owner: String, type: String, words: [String])

    static let digest = "2BB183AF5F22588179A53B0A98631FAD1A292118000102030405060708090A0B"
    /// The longest label and, with the apex, the longest name: 255 octets on the wire.
    static let longLabel = String(repeating: "l", count: 63)
    static let longName =
        [longLabel, longLabel, longLabel, String(repeating: "m", count: 40)]
        .joined(separator: ".")

    static var all: [Case] {
        apex + hosts + types + wildcards + aliases + tails + cuts + spellings
    }

    private static func inside(_ name: String) -> String { "\(name).\(GeneratedZone.apex)" }

    private static var apex: [Case] {
        [
            (
                "", "SOA",
                [inside("ns1"), inside("host\\.master"), "7", "7200", "600", "86400", "900"]
            ),
            ("", "NS", [inside("ns1")]), ("", "NS", ["ns.outside.net."]),
            ("", "MX", ["10", inside("mail")]), ("", "TXT", ["v=spf1 mx -all"]),
            ("", "CAA", ["0", "issue", "letsencrypt.org"]), ("", "A", ["192.0.2.1"]),
            ("", "HTTPS", ["1", ".", "alpn=h2", "ipv4hint=192.0.2.1"]),
            ("ns1", "A", ["192.0.2.53"]), ("ns1", "AAAA", ["2001:db8::53"]),
        ]
    }

    private static var hosts: [Case] {
        var cases: [Case] = [
            ("www", "AAAA", ["2001:db8::1"]), ("mail", "A", ["192.0.2.25"]),
            ("deep.in.ent", "A", ["192.0.2.2"]), ("one.two.three.four.five", "TXT", ["deep"]),
            ("both", "A", ["192.0.2.3"]), ("below.both", "A", ["192.0.2.4"]),
        ]
        cases += (1...3).map { ("www", "A", ["203.0.113.\($0)"]) }
        // More than 512 octets, and more than 1,232.
        cases += (1...60).map { ("many", "A", ["203.0.113.\($0)"]) }
        cases += (1...20).map {
            ("huge", "TXT", ["\($0) " + String(repeating: "x", count: 200)])
        }
        return cases
    }

    /// Every type that a zone file may have, each at a name of its own and all at one.
    private static var types: [Case] {
        let data: [(String, [String])] = [
            ("A", ["192.0.2.9"]), ("AAAA", ["::ffff:192.0.2.9"]), ("AAAA", ["2001:db8::9"]),
            ("CAA", ["128", "issuewild", ";"]), ("CAA", ["0", "issue", "a.net; x=\"\\y\""]),
            ("DS", ["60485", "5", "1", digest]),
            ("HTTPS", ["0", "alias.outside.net."]),
            (
                "LOC",
                ["31", "58", "52.1", "S", "115", "49", "11.7", "E", "20m", "10m", "10m", "2m"]
            ),
            ("MX", ["0", "."]), ("MX", ["65535", inside("mail")]),
            ("NAPTR", ["100", "10", "U", "E2U+sip", "!^.*$!sip:a@b.net!", "."]),
            ("NAPTR", ["1", "2", "", "", "", inside("www")]),
            ("OPENPGPKEY", ["AQIDBAUGBwgJ"]), ("PTR", [inside("www")]),
            ("PTR", ["a\\.b.outside.net."]), ("SPF", ["v=spf1 -all"]),
            ("SRV", ["0", "5", "5060", inside("www")]), ("SRV", ["0", "0", "0", "."]),
            ("SSHFP", ["2", "1", "123456789ABCDEF67890123456789ABCDEF67890"]),
            (
                "SVCB",
                [
                    "16", inside("www"), "mandatory=alpn,ipv4hint", "alpn=h2,h3",
                    "no-default-alpn", "port=8443", "ipv4hint=192.0.2.1,192.0.2.2", "ech=AQIDBA==",
                    "ipv6hint=2001:db8::1", "key667=hello",
                ]
            ),
            ("TLSA", ["3", "1", "1", digest]), ("TXT", ["one", "two \"2\"; \\ ü"]), ("TXT", [""]),
            ("TXT", [String(repeating: "t", count: 255)]),
            ("URI", ["10", "1", "https://www.outside.net/?a=b;c"]),
            ("TYPE65280", ["\\#", "3", "ABCDEF"]), ("TYPE731", ["\\#", "0"]),
        ]
        return data.map { ("t-\($0.0)", $0.0, $0.1) }
            + data.map { ("all", $0.0, $0.1) }
            .filter { $0.1 != "DS" }
    }

    private static var wildcards: [Case] {
        [
            ("*.w", "A", ["192.0.2.10"]), ("*.w", "TXT", ["wild"]),
            ("*.b.w", "A", ["192.0.2.11"]), ("exact.w", "TXT", ["exact"]),
            ("x.between.w", "A", ["192.0.2.12"]), ("under.exact.w", "AAAA", ["2001:db8::12"]),
            ("*.deep.er.w", "TXT", ["deeper"]), ("cut.w", "NS", ["ns.outside.net."]),
            ("*.wc", "CNAME", [inside("www")]), ("*.wo", "CNAME", ["www.outside.net."]),
            ("*.wn", "CNAME", [inside("none")]), ("*.wl", "CNAME", [inside("loop.wl")]),
            ("*.ww", "CNAME", [inside("x.w")]), ("*.wm", "MX", ["5", inside("mail")]),
            ("*.wt", "TXT", ["only text"]), ("x.*.mid", "A", ["192.0.2.13"]),
            ("*.full", "A", ["192.0.2.14"]), ("x.*.full", "A", ["192.0.2.15"]),
            ("*.*.two", "TXT", ["two asterisks"]), ("*x.odd", "A", ["192.0.2.16"]),
            ("**.odd", "A", ["192.0.2.17"]), ("\\042.esc", "A", ["192.0.2.18"]),
        ]
    }

    private static var aliases: [Case] {
        var cases: [Case] = [
            ("c1", "CNAME", [inside("www")]), ("cout", "CNAME", ["www.outside.net."]),
            ("cmiss", "CNAME", [inside("none")]), ("cwild", "CNAME", [inside("any.thing.w")]),
            ("cbelow", "CNAME", [inside("host.sub")]), ("ccut", "CNAME", [inside("sub")]),
            ("cself", "CNAME", [inside("cself")]), ("cla", "CNAME", [inside("clb")]),
            ("clb", "CNAME", [inside("cla")]), ("cent", "CNAME", [inside("ent")]),
            ("capex", "CNAME", [GeneratedZone.apex]), ("ccase", "CNAME", [inside("WwW")]),
            ("ctail", "CNAME", [inside("dn")]), ("cthrough", "CNAME", [inside("a.dn")]),
            ("cback", "CNAME", [inside("x.dnback")]), ("croot", "CNAME", ["."]),
            ("cwl", "CNAME", [inside("q.wl")]), ("cparent", "CNAME", ["example."]),
        ]
        cases += (2...9).map { ("c\($0)", "CNAME", [inside("c\($0 - 1)")]) }
        return cases
    }

    private static var tails: [Case] {
        [
            ("dn", "DNAME", [inside("w")]), ("dn", "A", ["192.0.2.20"]), ("dn", "TXT", ["at it"]),
            ("dnout", "DNAME", ["tail.outside.net."]), ("dnent", "DNAME", [inside("ent")]),
            ("dncut", "DNAME", [inside("sub")]), ("dnback", "DNAME", [inside("back")]),
            ("x.back", "CNAME", [inside("x.dnback")]), ("dnmiss", "DNAME", [inside("none")]),
            ("dnlong", "DNAME", [inside("\(longLabel).\(longLabel)")]),
            ("dntwo", "DNAME", [inside("dn")]), ("dnroot", "DNAME", ["."]),
            ("dnapex", "DNAME", [GeneratedZone.apex]), ("dn.sub", "DNAME", [inside("w")]),
            ("deep.dn.two", "DNAME", [inside("both")]),
            // Each step makes the name longer.
            ("dnloop", "DNAME", [inside("longer.dnloop")]),
        ]
    }

    private static var cuts: [Case] {
        var cases: [Case] = [
            ("sub", "NS", [inside("ns.sub")]), ("sub", "NS", ["ns.outside.net."]),
            ("ns.sub", "A", ["198.51.100.1"]), ("ns.sub", "AAAA", ["2001:db8:1::1"]),
            ("sub", "DS", ["60485", "13", "2", digest]),
            ("sub", "DS", ["60485", "13", "4", digest]),
            ("sub", "TXT", ["the child's to tell"]), ("other.sub", "TXT", ["below the cut"]),
            ("inner.sub", "NS", ["ns.inner.outside.net."]), ("a.b.sub", "A", ["198.51.100.2"]),
            ("*.sub", "A", ["198.51.100.3"]), ("sub2", "NS", [inside("ns.sub")]),
            ("sub3", "NS", [inside("ns.none")]), ("sub4", "NS", [inside("ns1")]),
            ("sub5.deep.cuts", "NS", [inside("sub5.deep.cuts")]),
            ("sub5.deep.cuts", "A", ["198.51.100.5"]),
            ("sub6", "NS", [inside("ns.w")]), ("sub7", "NS", [inside("c1")]),
            ("*.above", "A", ["192.0.2.30"]), ("*.above", "MX", ["1", inside("mail")]),
            ("cut.above", "NS", ["ns.outside.net."]), ("sub8", "NS", [inside("ns.missing.sub8")]),
        ]
        // A referral of more than 512 octets.
        for number in 1...8 {
            cases.append(("large", "NS", [inside("server-\(number).large")]))
            cases.append(("server-\(number).large", "A", ["198.51.100.\(number)"]))
            cases.append(("server-\(number).large", "AAAA", ["2001:db8:2::\(number)"]))
        }
        return cases
    }

    private static var spellings: [Case] {
        [
            ("a\\.b", "A", ["192.0.2.40"]), ("\\000\\001\\255", "A", ["192.0.2.41"]),
            ("sp\\032ace", "A", ["192.0.2.42"]), ("q\\\"uote\\;d", "A", ["192.0.2.43"]),
            ("\\@", "A", ["192.0.2.44"]), ("UPPER.Case", "A", ["192.0.2.45"]),
            ("back\\\\slash", "TXT", ["back\\slash"]), ("\\195\\164", "A", ["192.0.2.46"]),
            (longLabel, "A", ["192.0.2.47"]), (longName, "A", ["192.0.2.48"]),
            ("_sip._tcp", "SRV", ["0", "5", "5060", inside("WWW")]),
            ("\\(paren\\)", "CNAME", [inside("a\\.b")]), ("\\$ORIGIN", "TXT", ["dollar"]),
            ("tab\\009", "PTR", [inside("\\000\\001\\255")]),
        ]
    }
}
