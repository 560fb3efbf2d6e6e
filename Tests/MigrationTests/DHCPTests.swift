import Testing

@testable import Migration

@Suite("What a site keeps its old server for")
struct DHCPTests {
    private static let note =
        "\"zones: {home: {records: {…}}}\" and \"forward: {home: '127.0.0.1:5353'}\""

    @Test("dnsmasq stays for DHCP, and is asked for the names of leases")
    func dnsmasq() throws {
        let site = try ImportedSite([
            "dnsmasq.conf": "domain=home\ndhcp-range=192.168.10.100,192.168.10.200\n"
        ])
        #expect(
            site.report.lines.contains {
                $0.contains("keep dnsmasq or Pi-hole for it, on another port")
            })
        #expect(site.report.lines.last?.hasSuffix(Self.note) == false)
        #expect(site.report.lines.contains { $0.hasSuffix(Self.note) }, "\(site.report.lines)")
    }

    @Test("So does Pi-hole, whose reserved names are carried over")
    func piHole() throws {
        let site = try ImportedSite([
            "pihole.toml": """
            [dns]
              domain = "home"
            [dhcp]
              active = true
              hosts = [ "00:20:e0:3b:13:af,192.168.10.90,tv" ]
            """
        ])
        #expect(site.report.lines.contains { $0.hasSuffix(Self.note) }, "\(site.report.lines)")
        #expect(site.written.contains("  home: {records: {tv: 192.168.10.90}}"))
    }

    @Test("Without DHCP there is no such note")
    func none() throws {
        let site = try ImportedSite(["dnsmasq.conf": "domain=home\nport=5300\n"])
        #expect(!site.report.lines.contains { $0.contains("lease") })
    }

    @Test(
        "Names of one label go to the upstreams, and the report says so",
        arguments: [
            ("dnsmasq.conf", "domain-needed\n"), ("dnsmasq.conf", "local=//\n"),
            ("pihole.toml", "[dns]\ndomainNeeded = true\n"),
        ])
    func plainNames(_ file: String, _ text: String) throws {
        let lines = try ImportedSite([file: text]).report.lines
        #expect(lines.first == "not carried over:")
        #expect(lines.contains { $0.hasSuffix(DnsmasqReader.plainNames) })
    }

    @Test("Pi-hole's query log, which is on by default, does not fill the journal")
    func queryLogging() throws {
        let site = try ImportedSite(["pihole.toml": "[dns]\nqueryLogging = true\n"])
        #expect(!site.written.contains { $0.hasPrefix("log:") })
        #expect(site.report.lines.contains { $0.contains("horizond log --follow") })
    }
}
