import Configuration
import DNS
import Foundation
import Testing

@testable import Migration

@Suite("What is imported loads")
struct LoadableTests {
    private static let label = String(repeating: "a", count: 62)
    private static let longZone = [label, label, label, label].joined(separator: ".")

    @Test(
        "Values of Unbound's are brought within what a configuration takes",
        arguments: [
            "access-control: 10.0.0.0/8 allow\naccess-control-view: 10.0.0.0/8 v\nview:\nname: v\n"
                + "local-data: \"a.x.test. A 10.0.0.1\"",
            "private-address: 10.0.0.0/8\nprivate-domain: plex.direct\n"
                + "private-domain: plex.direct.\nprivate-domain: .\nprivate-domain: 1.2.3.4\nprivate-domain: /certs",
            "local-data: \"a.x.test. 4294967295 A 10.0.0.1\"",
            "local-data: \"\(longZone). A 10.0.0.1\"\nlocal-data: \"\(longZone). A 10.0.0.2\"",
        ])
    func unbound(_ text: String) throws {
        let site = try ImportedSite(["unbound.conf": "server:\n\(text)\n"])
        let directory = try SampleDirectory()
        _ = try site.load(in: directory)
    }

    @Test(
        "CoreDNS's cache is read and written anew",
        arguments: [
            ("serve_stale 1h30m", "stale: 90m"), ("serve_stale 200h", "stale: 168h"),
            ("serve_stale 500ms", "stale: 1"), ("serve_stale immediate", "max: 1h"),
            ("serve_stale \"1h, failures: 5m\"", "max: 1h"), ("servfail 1m30s", "failures: 90"),
            ("servfail 6m", "failures: 5m"), ("success 9984 5 30", "max: 5, min: 5"),
            ("success 9984 99999999999", "max: 1h"), ("denial 9984 x", "negative-max: 30m"),
        ])
    func cache(_ option: String, _ written: String) throws {
        let corefile = ". {\n cache {\n  \(option)\n }\n forward . 192.0.2.1\n}\n"
        let site = try ImportedSite(["Corefile": corefile])
        #expect(site.written.contains { $0.contains(written) }, "\(site.written)")
        #expect(!site.written.contains { $0.contains("failures: 5m, ") })
        let directory = try SampleDirectory()
        _ = try site.load(in: directory)
    }

    @Test("More addresses than a message holds are left out")
    func manyAddresses() throws {
        let lines = (0..<4_200).map { "10.0.\($0 / 256).\($0 % 256) a.x.test\n" }.joined()
        let site = try ImportedSite(["hosts": lines], format: .hosts)
        #expect(site.report.lines.contains { $0.contains("than a message holds") })
        let directory = try SampleDirectory()
        _ = try site.load(in: directory)
    }

    @Test("Refused networks are left out of those that may ask")
    func refused() throws {
        let text = """
            server:
              access-control: 0.0.0.0/0 refuse
              access-control: 10.0.0.0/30 allow
              access-control: 10.0.0.2/32 deny
              access-control: 192.168.1.0/24 refuse
              access-control-view: 192.168.0.0/22 v
              access-control: 192.168.0.0/16 allow
            view:
              name: v
              local-data: "a.x.test. A 10.0.0.1"
            """
        let site = try ImportedSite(["unbound.conf": text])
        let directory = try SampleDirectory()
        _ = try site.load(in: directory)
        let lines = site.file("horizond.yaml")
        let own = lines.drop { $0 != "  v:" }.filter { $0.hasPrefix("      - 192.") }
        #expect(own == ["      - 192.168.0.0/24", "      - 192.168.2.0/23"])
        for part in ["10.0.0.0/31", "10.0.0.3/32", "192.168.128.0/17"] {
            #expect(lines.contains("      - \(part)"))
        }
        for whole in ["10.0.0.0/30", "10.0.0.2/32", "192.168.0.0/16", "192.168.1.0/24"] {
            #expect(!lines.contains("      - \(whole)"))
        }
    }

    @Test("Clients that AdGuard Home does not serve are left out, all of them too")
    func disallowed() throws {
        for (network, expected) in [("10.0.0.0/9", "10.128.0.0/9"), ("0.0.0.0/0", "127.0.0.0/8")] {
            let site = try ImportedSite([
                "AdGuardHome.yaml": "dns:\n  disallowed_clients: ['\(network)']\n"
            ])
            let directory = try SampleDirectory()
            _ = try site.load(in: directory)
            #expect(site.file("horizond.yaml").contains("      - \(expected)"))
            #expect(!site.file("horizond.yaml").contains("      - 10.0.0.0/8"))
        }
    }

    @Test("Snippets that import each other twice end soon")
    func exponential() throws {
        let snippets = (0..<15).map { "(s\($0)) {\n import s\($0 + 1)\n import s\($0 + 1)\n}\n" }
            .joined()
        let files = [
            "Corefile": snippets + "(s15) {\n errors\n errors\n}\n. {\n"
                + String(repeating: " import s0\n", count: 8) + "}\n"
        ]
        let site = try ImportedSite(files)
        #expect(site.report.lines.contains { $0.contains("100000 lines by imports") })
    }

    @Test("A file whose size the kernel does not know is read within the limit")
    func sizeless() throws {
        #expect(try SourceFiles().text("/proc/self/status").contains("Pid:"))
        #expect(throws: ImportError.self) { try SourceFiles().text("/dev/zero") }
    }
}
