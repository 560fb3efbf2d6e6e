import DNS
import Foundation
import Nameserver
import Testing

@testable import Configuration

@Suite("The sample configuration")
struct SampleTests {
    private static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("config").path

    @Test("It serves vanillax.me to local clients at 127.0.0.1:1053")
    func loads() throws {
        let resolvConf = try Site("", files: ["resolv.conf": "nameserver 192.0.2.53\n"])
        let configuration = try Configuration.load(
            path: Self.directory + "/horizond.yaml", seed: Site.seed,
            resolvConf: resolvConf.path("resolv.conf"))
        #expect(configuration.warnings == [])
        #expect(configuration.listen.map(\.description) == ["127.0.0.1:1053"])
        #expect(configuration.zoneCount == 1)
        let view = try #require(configuration.views.first)
        #expect(view.clients.contains(try AddressPrefix(.v4(0x7f00_0000), length: 8)))
        #expect(Set(view.clients).isSubset(of: ClientPrefixes.local))
        #expect(view.zones.map(\.settings) == [ZoneSettings(apex: try name("vanillax.me"))])
        #expect(view.forward.map(\.domain) == [.root])
        #expect(view.forward[0].upstreams.map(\.description) == ["192.0.2.53:53"])
    }

    @Test("What stands in its comments as an example is good, too")
    func examples() throws {
        // The directory of the cache is there where the service runs.
        let main = try uncommented("horizond.yaml")
            .replacingOccurrences(of: "/var/cache/horizond/cache", with: "cache")
        let zone = try uncommented("zones/vanillax.me.yaml")
        let authority = "-----BEGIN CERTIFICATE-----\n"
        let site = try Site(
            main, files: ["zones/vanillax.me.yaml": zone, "home-ca.pem": authority])
        let configuration = try site.load()
        #expect(configuration.warnings == [])
        #expect(configuration.authorities?.pem == Array(authority.utf8))
        #expect(configuration.views.map(\.name) == ["lan", "guest", "tailnet"])
        #expect(configuration.views[0].forward.count == 2)
        #expect(configuration.views[0].serverHTTPSRecords.domains.count == 1)
        #expect(configuration.zoneCount == 3)
        #expect(configuration.tcp == TCPSettings())
        #expect(configuration.views[0].zones[0].nameCount == 11)
    }

    @Test("It names every key and every policy")
    func completeness() throws {
        let text = try String(contentsOfFile: Self.directory + "/horizond.yaml", encoding: .utf8)
        let words =
            ConfigurationDecoder.keys + ConfigurationFile.tcpKeys
            + HTTPSRecordPolicy.allCases.map(\.rawValue)
            + ["file", "records", "mode", "own", "reverse", "ttl", "negative-ttl", "clients", "to"]
            + ["interface:", "on-link", "tailscale"]
            + ["cache", "max", "min", "negative-max", "failures", "errors", "queries"]
            + ["which", "sample", "rotate", "keep", "journal", "dnstap:", "prefix", "hidden"]
        for word in words { #expect(text.contains(word), "\(word)") }
    }

    /// A sample file with the comment signs off its examples: such a block begins with a sign that
    /// no blank follows, and ends with the comment.
    private func uncommented(_ file: String) throws -> String {
        let text = try String(contentsOfFile: "\(Self.directory)/\(file)", encoding: .utf8)
        var isExample = false
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let indent = line.prefix { $0 == " " }
            let rest = line.dropFirst(indent.count)
            isExample = rest.hasPrefix("#") && (isExample || !rest.dropFirst().hasPrefix(" "))
            lines.append(isExample ? String(indent + rest.dropFirst()) : String(line))
        }
        return lines.joined(separator: "\n")
    }
}
