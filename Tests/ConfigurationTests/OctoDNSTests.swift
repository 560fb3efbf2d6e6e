import DNS
import Testing

@testable import Configuration

@Suite("octoDNS's zone files load unchanged")
struct OctoDNSTests {
    private static let zones = ["types.example", "home.example", "2.0.192.in-addr.arpa"]

    @Test("Every record has the owner, TTL and data that octoDNS gives it", arguments: Self.zones)
    func records(zone: String) throws {
        let expected = try fixture("octodns/\(zone).txt").split(separator: "\n").map(String.init)
        var found = try records(of: zone)
        #expect(found.count == expected.count)
        for line in expected {
            #expect(found.remove(line) != nil, "missing \(line)")
        }
        #expect(found == [], "more than octoDNS has")
    }

    @Test("They load as zones, and say what DNS cannot")
    func load() throws {
        let site = try Site(
            "zones: zones\nforward: {}",
            files: Dictionary(
                uniqueKeysWithValues: try Self.zones.map {
                    ("zones/\($0).yaml", try fixture("octodns/\($0).yaml"))
                }))
        #expect(try site.load().zoneCount == 3)
        #expect(
            try site.warnings() == [
                "zones/home.example.yaml:12:9: DNS has no \"URLFWD\" records: this one is left out",
                "zones/home.example.yaml:20:3: DNS has no \"geo\": the plain values are served",
                "zones/home.example.yaml:33:3: DNS has no \"dynamic\": the plain values are served",
            ])
    }

    /// The records of a fixture in the form of its list.
    private func records(of zone: String) throws -> Set<String> {
        let apex = try name(zone)
        let diagnostics = Diagnostics(isForService: true)
        let path = fixturePath("octodns/\(zone).yaml")
        let decoder = RecordDecoder(ConfigurationFile(path, diagnostics), apex: apex, ttl: 3600)
        let reader = try YAMLReader(path: path)
        try reader.enterMapping(expected: "records")
        var lines: Set<String> = []
        while let entry = try reader.nextEntry() {
            let key = entry.key.text
            let owner = key.isEmpty ? apex : try DomainName(key, relativeTo: apex)
            for record in decoder.contents(entry.value).records {
                let data = record.rdata.map {
                    String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
                }
                lines.insert("\(owner) \(record.ttl) \(record.type) \(data.joined())")
            }
        }
        #expect(!diagnostics.hasErrors, "\(diagnostics.collected)")
        return lines
    }
}
