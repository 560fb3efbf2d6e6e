import Testing

@testable import Migration

@Suite("What a file is, and is not")
struct RecognitionTests {
    private static let prose = """
        # horizond

        A server for names, with an SOA record of its own.

        Its zones are files; see below.

        www.vanillax.me. 60 IN A 192.168.10.50
        """

    @Test(
        "A file of another kind is refused by its name, whatever says what it is",
        arguments: [nil, .bind, .dnsmasq, .hosts, .unbound, .coredns] as [ForeignFormat?])
    func prose(_ format: ForeignFormat?) throws {
        let title = format?.title ?? "a zone file"
        do {
            let site = try ImportedSite(["README.md": Self.prose], format: format)
            Issue.record("\(site.report.lines)")
        } catch let error as ImportError {
            #expect(
                error.description.contains("README.md\" does not look like \(title): "), "\(error)")
        }
    }

    @Test("Keys of another program are no configuration of AdGuard Home, nor of Pi-hole")
    func otherKeys() {
        for format in [ForeignFormat.adguard, .pihole] {
            #expect(throws: ImportError.self) {
                try ImportedSite(["x.toml": "[server]\nname = 'x'\n"], format: format)
            }
        }
    }

    @Test("A file that is understood may have nothing to carry over, and an empty one, too")
    func nothing() throws {
        #expect(try ImportedSite(["dhcp.conf": "dhcp-range=192.168.10.9\n"]).written.contains("{}"))
        #expect(try ImportedSite(["custom.list": "# none\n"]).written.contains("{}"))
    }

    private static let corefile = """
        example.org:53 {
            forward . 192.0.2.1
            kubernetes cluster.local
        }
        """

    @Test("The Corefile in a ConfigMap is read, with the lines of the ConfigMap's file")
    func configMap() throws {
        let indented = Self.corefile.split(separator: "\n").map { "    \($0)\n" }.joined()
        let site = try ImportedSite([
            "coredns.yaml": "apiVersion: v1\ndata:\n  Corefile: |\n\(indented)kind: ConfigMap\n"
        ])
        #expect(site.written.contains("  example.org:"))
        #expect(
            site.report.lines.contains { $0.contains("coredns.yaml:5 forward . 192.0.2.1 →") },
            "\(site.report.lines)")
        #expect(site.report.lines.contains { $0.contains("coredns.yaml:6 kubernetes") })
    }

    @Test("The same in a list as JSON")
    func configMapJSON() throws {
        let text = Self.corefile.split(separator: "\n").joined(separator: "\\n")
        let site = try ImportedSite([
            "all.json":
                "{\"items\": [{\"data\": {\"Corefile\": \"\(text)\"},\n\"kind\": \"ConfigMap\"}],\n"
                + "\"kind\": \"List\"}\n"
        ])
        #expect(site.written.contains("  example.org:"))
        #expect(site.report.lines.contains { $0.contains("all.json:1 forward") })
    }
}
