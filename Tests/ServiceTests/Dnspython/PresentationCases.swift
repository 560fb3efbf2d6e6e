import DNS

/// RDATA as people write it, with what two readers might take differently.
enum PresentationCases {
    static let all: [(type: RRType, text: String)] = simple + texts + names + locations + bindings

    private static let simple: [(RRType, String)] = [
        (.a, "192.0.2.1"), (.a, "0.0.0.0"), (.a, "255.255.255.255"),
        (.aaaa, "::"), (.aaaa, "::1"), (.aaaa, "1::"), (.aaaa, "2001:DB8::0:1"),
        (.aaaa, "2001:db8:0:0:1:0:0:1"), (.aaaa, "::ffff:192.0.2.1"), (.aaaa, "::192.0.2.1"),
        (.aaaa, "1:2:3:4:5:6:192.0.2.33"), (.aaaa, "1:2:3:4:5:6:7::"), (.aaaa, "::2:3:4:5:6:7:8"),
        (.aaaa, "64:ff9b::192.0.2.33"), (.aaaa, "0:0:0:1::"),
        (.soa, "ns.example. host\\.master.example. 4294967295 0 1 2 3"),
        (.mx, "0 ."), (.mx, "65535 mail.example."), (.srv, "0 0 0 ."),
        (.ds, "60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118"),
        (.ds, "60485 ECDSAP256SHA256 1 2bb183af5f22588179a53b0a98631fad1a292118"),
        (.dnskey, "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="),
        (.dnskey, "256 3 RSASHA256 AQID BAUG"), (.sshfp, "4 9 0123456789abcdef"),
        (.tlsa, "3 1 1 0d6fce13 243aa7 ff"), (.openpgpkey, "AQID BAUG BwgJ"),
        (.openpgpkey, "mQ=="), (.rp, "mail\\.box.example. ."), (.afsdb, "1 afs.example."),
        (RRType(rawValue: 65280), "\\# 3 abcdef"), (RRType(rawValue: 65280), "\\# 4 ab cd ef 01"),
        (RRType(rawValue: 65280), "\\# 0"), (.a, "\\# 4 c0000201"), (.mx, "\\# 5 000a 0161 00"),
    ]

    private static let texts: [(RRType, String)] = [
        (.txt, "word"), (.txt, "one two three"), (.txt, "\"\""), (.txt, "\"a b\" c \"d\""),
        (.txt, "\"a \\\"quoted\\\" word\""), (.txt, "\"back\\\\slash\""),
        (.txt, "\"\\000\\127\\255\""),
        (.txt, "\"semi;colon\""), (.txt, "semi\\;colon"), (.txt, "\"(paren)\""),
        (.txt, "\"\\065\\066\\;\\@\""), (.txt, "a\\ b"), (.txt, "( a b )"), (.txt, "=a=b="),
        (.txt, "\"\(String(repeating: "y", count: 255))\" \"z\""), (.spf, "\"v=spf1 -all\""),
        (.hinfo, "\"PC-Intel\" Linux"), (.hinfo, "\"\" \"a\\\"b\""),
        (.naptr, "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" ."),
        (.naptr, "65535 0 \"\" \"\" \"\" replacement.example."),
        (.naptr, "1 2 S SIP+D2U \"!^(\\\\+441632960083)$!sip:\\\\1@example.com!\" ."),
        (.caa, "0 issue \"letsencrypt.org\""), (.caa, "128 issuewild \";\""),
        (.caa, "0 issue \"ca.example; account=\\\"1\\\"\""), (.caa, "0 iodef mailto:a@example.com"),
        (.caa, "255 X9 \"\""), (.caa, "0 issue \"\\127\\000\""),
        (.uri, "10 1 \"ftp://ftp1.example.com/public\""), (.uri, "0 0 \"a?b=c;d(e)\""),
    ]

    private static let names: [(RRType, String)] = [
        (.ptr, "."), (.ptr, "a\\.b.example."), (.ptr, "\\000\\255.example."),
        (.ptr, "\\@\\$\\;\\(\\)\\\"."), (.ptr, "sp\\032ace."), (.ptr, "\\097bc."),
        (.ptr, "UPPER.lower."), (.cname, "\\\\."), (.ns, "*.example."), (.dname, "_a._b."),
        (.ptr, String(repeating: "a", count: 63) + ".b."),
        (.ptr, (0..<127).map { "\($0 % 10)." }.joined()),
    ]

    /// RFC 1876 §4, and the ends of each range.
    private static let locations: [(RRType, String)] = [
        "42 21 54 N 71 06 18 W -24m 30m", "42 21 43.952 N 71 5 6.344 W -24m 1m 200m",
        "52 14 05 N 00 08 50 E 10m", "32 7 19 S 116 2 25 E 10m", "42 N 71 W 0",
        "42 21 N 71 5 W 0m 0m", "0 0 0 S 0 0 0 W 0.00m", "90 N 180 W -100000.00m",
        "90 S 180 E 42849672.95m 90000000m 90000000m 90000000m",
        "89 59 59.999 N 179 59 59.999 E 1.5m 0.01m 0.09m 0.10m", "1 2 3.4 N 5 6 7.89 E 8.9m 10m",
        "1 2 3.004 S 5 6 7.08 E -0.05m 1m 10m 100m", "1 0 0.001 N 1 0 0.001 W 0.01m 9m",
    ].map { (.loc, $0) }

    private static let bindings: [(RRType, String)] = [
        "0 .", "0 alias.example.", "1 .", "1 . alpn=h2", "1 . alpn=\"h2,h3\"", "1 . alpn=h2,h3-29",
        "16 svc.example. port=53", "1 . no-default-alpn alpn=h2", "1 . ipv4hint=192.0.2.1",
        "1 . ipv4hint=\"192.0.2.1,192.0.2.2\"", "1 . ipv6hint=::1,2001:db8::ffff:192.0.2.1",
        "1 . ipv6hint=::ffff:192.0.2.1", "1 . ech=AEX+DQBBhwAgACBQ", "1 . ech=\"AAT+DQAA\"",
        "1 . mandatory=port,alpn alpn=h2 port=1", "1 . port=65535",
        "1 . key667=hello", "1 . key667=\"hello\\210qoo\"", "1 . key667", "1 . key667=\"\"",
        "1 . key65534=\"a b;c\"", "1 . key9=\"\\\"quoted\\\"\"", "1 . key65280=a=b",
        "1 . key7=/dns-query{?dns}", "1 . dohpath=\"/dns-query{?dns}\" ohttp",
        "1 . alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", "1 . alpn=f\\\\\\092oo\\092,bar,h2",
        "1 . key4=\\192\\000\\002\\001", "1 . key1=\\002h2", "1 . (alpn=h2 port=1)",
    ].flatMap { [(RRType.svcb, $0), (.https, $0)] }
}
