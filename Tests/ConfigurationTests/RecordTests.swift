import DNS
import Nameserver
import Testing

@testable import Configuration

@Suite("Records in every form")
struct RecordTests {
    @Test(
        "Bare addresses",
        arguments: [
            ("192.168.10.50", ["60 A 192.168.10.50"]),
            ("fd00::1", ["60 AAAA fd00::1"]),
            (
                "[192.168.10.50, 'fd00::1', 192.168.10.51]",
                ["60 A 192.168.10.50", "60 AAAA fd00::1", "60 A 192.168.10.51"]
            ),
            ("'::ffff:192.0.2.1'", ["60 AAAA ::ffff:192.0.2.1"]),
        ])
    func bareAddresses(text: String, expected: [String]) throws {
        #expect(try records(text) == expected)
    }

    @Test("One record, or a list of records and addresses")
    func lists() throws {
        #expect(
            try records("{type: A, ttl: 5m, value: 192.0.2.1}") == ["300 A 192.0.2.1"])
        #expect(
            try records("{type: A, values: [192.0.2.1, 192.0.2.2]}")
                == ["60 A 192.0.2.1", "60 A 192.0.2.2"])
        #expect(
            try records("{type: A, value: [192.0.2.1]}") == ["60 A 192.0.2.1"])
        #expect(
            try records("[192.0.2.1, {type: txt, ttl: 0, value: text}]")
                == ["60 A 192.0.2.1", "0 TXT \"text\""])
    }

    @Test("The word public", arguments: ["public", "'public'", "[public]"])
    func publicWord(text: String) throws {
        let contents = try contents(text)
        #expect(contents.publicMark != nil)
        #expect(contents.records.isEmpty)
    }

    @Test(
        "Texts",
        arguments: [
            (#"v=spf1 -all"#, [#"60 TXT "v=spf1 -all""#]),
            (#"'v=DKIM1\; k=rsa'"#, [#"60 TXT "v=DKIM1; k=rsa""#]),
            (#"'"one" "two"'"#, [#"60 TXT "one" "two""#]),
            (#"'"one;two"'"#, [#"60 TXT "one;two""#]),
            (#"'say "hi" \ twice'"#, [#"60 TXT "say \"hi\" \\ twice""#]),
            (#"''"#, [#"60 TXT """#]),
            ("12", [#"60 TXT "12""#]),
        ])
    func texts(text: String, expected: [String]) throws {
        #expect(try records("{type: TXT, value: \(text)}") == expected)
    }

    @Test("A text over 255 octets becomes several strings")
    func longText() throws {
        let text = String(repeating: "x", count: 300)
        let record = try #require(try contents("{type: TXT, value: \(text)}").records.first)
        #expect(record.rdata.count == 302)
        #expect(record.rdata[0] == 255)
        #expect(record.rdata[256] == 45)
    }

    @Test(
        "Types whose data is a mapping",
        arguments: [
            (
                "SOA",
                "{mname: ns1.x., rname: root.x., serial: 7, refresh: 1h, retry: 600, expire: 1d, "
                    + "minimum: 1m}",
                "ns1.x. root.x. 7 3600 600 86400 60"
            ),
            ("MX", "{priority: 10, value: mail.x.}", "10 mail.x."),
            ("MX", "{preference: 0, exchange: .}", "0 ."),
            ("CAA", "{tag: issue, value: 'ca.x\\; account=1'}", #"0 issue "ca.x; account=1""#),
            ("DS", "{flags: 1, protocol: 13, algorithm: 2, public_key: AB}", "1 13 2 AB"),
            (
                "NAPTR",
                "{order: 1, preference: 2, flags: '', service: E2U+sip, regexp: '!^(.*)$!\\1@x!', "
                    + "replacement: .}",
                #"1 2 "" "E2U+sip" "!^(.*)$!\\1@x!" ."#
            ),
            (
                "HTTPS", "{svcpriority: 1, targetname: ., svcparams: {alpn: [h2, 'a,b']}}",
                #"1 . alpn="h2,a\\,b""#
            ),
            ("HTTPS", "{svcpriority: 1, targetname: .}", "1 ."),
            ("HTTPS", "{svcpriority: 1, targetname: ., svcparams: }", "1 ."),
            (
                "SVCB",
                "{svcpriority: 1, targetname: a.x., svcparams: {port: 53, alpn: [dot], "
                    + "no-default-alpn: , ipv4hint: 192.0.2.1}}",
                #"1 a.x. alpn="dot" no-default-alpn port=53 ipv4hint=192.0.2.1"#
            ),
            ("SVCB", "'\\# 3 000100'", "1 ."),
        ])
    func mappings(type: String, value: String, expected: String) throws {
        #expect(try records("{type: \(type), value: \(value)}") == ["60 \(type) \(expected)"])
    }

    @Test(
        "Types whose data is a text",
        arguments: [
            ("TYPE65280", "'\\# 4 0A000001'", "TYPE65280 \\# 4 0A000001"),
            ("TYPE1", "'\\# 4 0A000001'", "A 10.0.0.1"),
            ("A", "'\\# 4 0A000001'", "A 10.0.0.1"),
            ("HINFO", "'\"PDP-11\" UNIX'", "HINFO \"PDP-11\" \"UNIX\""),
            ("RP", "'root txt'", "RP root.example.com. txt.example.com."),
            ("ALIAS", "www.x.y.", "ALIAS www.x.y."),
            ("PTR", "bücher.x.", "PTR xn--bcher-kva.x."),
        ])
    func texts(type: String, value: String, expected: String) throws {
        #expect(try records("{type: \(type), value: \(value)}") == ["60 \(expected)"])
    }

    @Test("Owner names stay texts, whatever YAML makes of them elsewhere")
    func ownerNames() throws {
        let view = try onlyView(
            """
            zones:
              example.com:
                records: {10: 192.0.2.1, 010: 192.0.2.2, yes: 192.0.2.3, null: 192.0.2.4,
                          1.5: 192.0.2.5, ~: 192.0.2.6, bücher: 192.0.2.7, '': 192.0.2.8,
                          'a\\.b': 192.0.2.9, www.example.com.: 192.0.2.10}
            forward: {}
            """)
        // 1.5 makes 5 an empty non-terminal; the apex is one of the names.
        #expect(view.zones[0].nameCount == 11)
    }

    @Test("Doubts are warnings: targets without a final dot, names that repeat the zone")
    func doubts() throws {
        let site = try Site(
            """
            zones: {example.com: {records: {
              a: {type: CNAME, value: www.example.org}, b.Example.com: 192.0.2.1,
              example.com: 192.0.2.2, xexample.com: 192.0.2.3}}}
            forward: {}
            """)
        #expect(
            try site.warnings() == [
                "horizond.yaml:2:27: CNAME target \"www.example.org\" is taken as absolute; "
                    + "expected a final dot",
                "horizond.yaml:2:45: \"b.Example.com\" is relative to the zone: it stands for "
                    + "b.Example.com.example.com.; "
                    + "expected a final dot, or the name without example.com.",
                "horizond.yaml:3:3: \"example.com\" is relative to the zone: it stands for "
                    + "example.com.example.com.; "
                    + "expected a final dot, or the name without example.com.",
            ])
    }

    /// What a name of example.com has, decoded from the value of its key.
    private func contents(_ value: String) throws -> NameContents {
        let site = try Site("name: \(value)")
        let diagnostics = Diagnostics(isForService: true)
        let file = ConfigurationFile(site.path("horizond.yaml"), diagnostics)
        let reader = try YAMLReader(path: file.path)
        try reader.enterMapping(expected: "a name")
        let entry = try #require(try reader.nextEntry())
        let contents = RecordDecoder(file, apex: try name("example.com"), ttl: 60)
            .contents(entry.value)
        #expect(!diagnostics.hasErrors, "\(diagnostics.collected)")
        return contents
    }

    /// The records, `TTL TYPE DATA` each.
    private func records(_ value: String) throws -> [String] {
        try contents(value).records.map {
            "\($0.ttl) \($0.type) \(RData.describe($0.rdata.span, type: $0.type))"
        }
    }
}
