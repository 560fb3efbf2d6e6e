import Configuration
import DNS
import Testing

@testable import Migration

@Suite("What becomes a zone, and what is written")
struct GroupingTests {
    @Test(
        "The zone that a name most likely belongs to",
        arguments: [
            ("plex.vanillax.me", "vanillax.me."), ("a.b.c.vanillax.me", "vanillax.me."),
            ("vanillax.me", "vanillax.me."), ("shop.example.co.uk", "example.co.uk."),
            ("nas.lan", "lan."), ("a.b.lab", "lab."), ("nas.home.arpa", "home.arpa."),
            ("nas", "nas."), ("60.10.168.192.in-addr.arpa", "168.192.in-addr.arpa."),
            ("1.0.16.172.in-addr.arpa", "16.172.in-addr.arpa."),
            ("9.2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa."),
        ])
    func likelyZone(_ name: String, _ zone: String) throws {
        #expect(try DomainName(name).likelyZone.description == zone)
    }

    @Test("The domains of networks whose ends are within an octet")
    func reverseDomains() {
        func names(_ text: String) -> [String]? { ReverseDomains.of(text)?.map(\.text) }
        #expect(names("192.168.10.0/24") == ["10.168.192.in-addr.arpa"])
        #expect(names("10.20.0.0/15") == ["20.10.in-addr.arpa", "21.10.in-addr.arpa"])
        #expect(names("172.16.0.0/12")?.count == 16)
        #expect(names("192.0.2.7") == ["7.2.0.192.in-addr.arpa"])
        #expect(names("fd00:1::/32") == ["1.0.0.0.0.0.d.f.ip6.arpa"])
        #expect(names("fd00::/8") == ["d.f.ip6.arpa"])
        #expect(names("x/8") == nil && names("10.0.0.0/33") == nil && names("10.0.0.0/0") == nil)
    }

    @Test("Unbound's * is a name like others, and becomes no wildcard")
    func literalAsterisk() throws {
        let site = try ImportedSite([
            "unbound.conf": """
            server:
              local-zone: "lab.example." static
              local-data: "www.lab.example. A 192.0.2.1"
              local-data: "*.lab.example. A 192.0.2.2"
            """
        ])
        #expect(!site.files.contains { $0.text.contains("192.0.2.2") })
        #expect(
            site.report.lines.contains {
                $0.hasSuffix(
                    "a * answers for itself alone in Unbound, and here for all below lab.example: "
                        + "write the names, or a zone of type redirect")
            })
    }

    @Test("A forward rule below an overlaid domain takes its names out of the wildcard")
    func handedOn() throws {
        let site = try ImportedSite([
            "dnsmasq.conf": """
            address=/vanillax.me/192.168.10.50
            server=/corp.vanillax.me/10.0.0.1
            server=/cdn.vanillax.me/#
            """
        ])
        let zone = site.file("zones/vanillax.me.yaml")
        for name in ["corp", "'*.corp'", "cdn", "'*.cdn'"] {
            #expect(zone.contains("\(name): public"), "\(zone)")
        }
        #expect(site.file("horizond.yaml").contains("  corp.vanillax.me: 10.0.0.1"))
    }

    @Test(
        "A forward rule below a domain that is all here is delegated, with names of its own beside it"
    )
    func delegated() throws {
        let site = try ImportedSite([
            "dnsmasq.conf": """
            local=/lan/
            server=/guest.lan/10.0.0.1
            host-record=nas.lan,192.168.10.60
            host-record=tv.office.lan,192.168.10.61
            server=/office.lan/10.0.0.2
            """
        ])
        #expect(site.file("zones/lan.yaml").contains("guest: {type: NS, value: ns.guest.lan.}"))
        let main = site.file("horizond.yaml")
        #expect(main.contains("  office.lan: {records: {tv: 192.168.10.61}}"), "\(main)")
    }

    @Test("Records that contradict each other: the first stays, and the other is reported")
    func contradiction() throws {
        let site = try ImportedSite([
            "dnsmasq.conf": """
            host-record=nas.vanillax.me,192.168.10.60
            cname=nas.vanillax.me,other.vanillax.me
            """
        ])
        #expect(site.written.contains("  vanillax.me: {records: {nas: 192.168.10.60}}"))
        #expect(
            site.report.lines.contains {
                $0.contains("CNAME at nas.vanillax.me beside the A record of")
                    && $0.contains("dnsmasq.conf:1")
            })
    }

    @Test("An upstream that is this server itself is not carried over")
    func ownUpstream() throws {
        let site = try ImportedSite(["dnsmasq.conf": "no-resolv\nserver=127.0.0.53\n"])
        #expect(site.written.contains("forward: {}"))
        #expect(site.report.lines.contains { $0.contains("this server itself") })
        let other = try ImportedSite(["dnsmasq.conf": "no-resolv\nserver=127.0.0.1#5335\n"])
        #expect(other.written.contains("  .: '127.0.0.1:5335'"))
    }

    @Test("A file whose kind cannot be told is refused, with the words for --from")
    func unknownKind() {
        #expect(throws: ImportError.self) { try ImportedSite(["notes.txt": "call mum\n"]) }
    }

    @Test(
        "The kind of a file is told by its content",
        arguments: [
            ("address=/a.example/192.0.2.1\nserver=1.1.1.1\n", .dnsmasq),
            ("192.0.2.1 a.example\n# c\nfd00::1 b\n", .hosts),
            ("server:\n  interface: ::1\n", .unbound), (". {\n  forward . 1.1.1.1\n}\n", .coredns),
            ("$ORIGIN a.example.\n@ SOA a b 1 2 3 4 5\n", .bind), ("[dns]\n hosts = []\n", .pihole),
            ("dns:\n  upstream_dns:\n  - 1.1.1.1\n", .adguard),
            ("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n", .gateway),
            ("apiVersion: v1\nitems:\n- apiVersion: gateway.networking.k8s.io/v1\n", .gateway),
            ("kind: Gateway\napiVersion: \"gateway.networking.k8s.io/v1beta1\"\n", .gateway),
            (
                "{\n  \"apiVersion\": \"v1\",\n  \"items\": [\n    {\n"
                    + "      \"apiVersion\": \"gateway.networking.k8s.io/v1\",\n", .gateway
            ),
            ("{\"items\":[{\"apiVersion\":\"gateway.networking.k8s.io/v1\"}]}\n", .gateway),
            ("apiVersion: v1\nkind: Service\n", nil), ("?\n", nil),
        ] as [(String, ForeignFormat?)])
    func recognised(_ text: String, _ format: ForeignFormat?) {
        #expect(ForeignFormat.recognise(path: "file", text: text) == format)
    }

    @Test("Texts as YAML scalars")
    func scalars() {
        let cases = [
            ("nas", "nas"), ("", "''"), ("*", "'*'"), ("no", "'no'"), ("a b", "'a b'"),
            ("it's", "'it''s'"), ("a: b", "'a: b'"), ("-1", "'-1'"),
            ("tab\t", "\"tab\\U00000009\""),
            ("fd00::1", "'fd00::1'"),
        ]
        for (text, scalar) in cases { #expect(YAMLText.scalar(text) == scalar) }
    }

    /// Data of every type whose form in YAML differs from that in a zone file.
    private static let records = [
        "a AAAA ::ffff:192.0.2.1", "b TXT \"\"", "c TXT \"one\" \"two\"",
        "d TXT \"say \\\"hi\\\"\"",
        "e TXT \"\\\"quoted\\\"\"", "f TXT \"a;b\" \"it's\"",
        "g CAA 128 issue \"ca.example; x=\\\"y\\\"\"",
        "h NAPTR 1 2 \"\" \"\" \"!a\\\\\\\\b;!\" .", "i URI 1 2 \"https://a.example/;x\"",
        "j SVCB 0 target.example.",
        "k HTTPS 1 . mandatory=alpn alpn=h2 no-default-alpn ech=AEX+DQ==",
        "l HTTPS 1 . key65000=\"a\\\\b\"", "m TYPE731 \\# 3 abcdef",
        "n LOC 1 2 3.004 S 0 0 0 W 12m",
        "o DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "p MX 10 .", "q TXT \"\u{e9}t\u{e9}\"", "r OPENPGPKEY AQID",
    ]

    @Test("Records of every form are written, and load without a warning")
    func everyForm() throws {
        let text =
            "$ORIGIN example.org.\n$TTL 60\n@ SOA a b 1 2 3 4 5\n"
            + Self.records.joined(separator: "\n") + "\n"
        let site = try ImportedSite(["db.example.org": text])
        let refused = site.report.lines.drop { $0 != "not carried over:" }
        #expect(refused.isEmpty, "\(refused)")
        let directory = try SampleDirectory()
        let configuration = try site.load(in: directory)
        #expect(configuration.warnings.filter { !$0.file.hasSuffix("/dev/null") } == [])
        for (line, record) in zip(site.file("zones/example.org.yaml").dropFirst(2), Self.records) {
            #expect(line.first { $0 != "'" } == record.first)
        }
    }
}
