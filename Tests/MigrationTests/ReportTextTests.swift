import DNS
import Testing

@testable import Migration

@Suite("The report is safe to show")
struct ReportTextTests {
    @Test("Nothing of a file reaches the terminal as a control character")
    func escapes() throws {
        let evil = "\u{1b}]0;evil\u{7}"
        let corefile = """
            . {
                hosts /nope\(evil) {
                    10.0.0.1\(evil) a
                }
                forward . tls://1\u{1b}[31m1
                import /nope\(evil)
                view v\(evil) {
                    expr false()\(evil)
                }
            }
            """
        let unbound =
            "server:\n local-zone: \"a.example\(evil)\" x\(evil)\n include: /nope\(evil)\n"
        let lines =
            try ImportedSite(["Corefile": corefile]).report.lines
            + ImportedSite(["unbound.conf": unbound]).report.lines
        #expect(lines.contains { $0.contains("\\u{1b}]0;evil\\u{7}") })
        for line in lines { #expect(line == line.escapingUnprintable) }
    }

    @Test(
        "Users, passwords and queries of URLs are hidden",
        arguments: [
            (
                "https://user:SECRETPW@dns.example/dns-query",
                "https://…@dns.example/dns-query"
            ),
            ("https://dns.example/q?token=SECRETPW&a=b", "https://dns.example/q?…"),
            (
                "[/a.example/]tls://u:SECRETPW@one.example tls://two.example?k=SECRETPW",
                "[/a.example/]tls://…@one.example tls://two.example?…"
            ),
            ("tls://one.example#one", "tls://one.example#one"), ("1.1.1.1@eth0", "1.1.1.1@eth0"),
        ])
    func secrets(_ text: String, _ shown: String) throws {
        #expect(text.hidingSecrets == shown)
        #expect(shown.hidingSecrets == shown)
        let file = "schema_version: 28\ndns:\n  upstream_dns:\n    - '\(text)'\n"
        let site = try ImportedSite(["AdGuardHome.yaml": file])
        let lines = site.report.lines + site.written
        #expect(lines.contains { $0.contains(shown) })
        #expect(!lines.contains { $0.contains("SECRETPW") })
    }

    @Test("A server's name is found behind a user's")
    func host() throws {
        let file = """
            dns:
              upstream_dns:
                - tls://user:SECRETPW@dns.example:853/x
                - udp://user:SECRETPW@dns.example
            """
        let lines = try ImportedSite(["AdGuardHome.yaml": file]).report.lines
        #expect(lines.contains { $0.contains("tls://ADDRESS#dns.example ") })
        #expect(lines.contains { $0.contains("\"udp://…@dns.example\" is no address") })
        #expect(!lines.contains { $0.contains("SECRETPW") })
    }
}
