import DNS
import Nameserver
import Testing

@testable import Configuration

@Suite("Zones and where they come from")
struct ZonesTests {
    @Test("Every setting of a zone")
    func settings() throws {
        let view = try onlyView(
            """
            zones:
              a.example:
                records: {www: 192.0.2.1}
                mode: authoritative
                own: [A, AAAA, TYPE65280]
                reverse: true
                https-records: pass
                negative-ttl: 5m
                ttl: 1h
            forward: {}
            """)
        let expected = ZoneSettings(
            apex: try name("a.example"), mode: .authoritative,
            ownedTypes: [.a, .aaaa, RRType(rawValue: 65280)], negativeTTL: 300, reverse: true,
            httpsRecords: HTTPSRecordRules(defaultPolicy: .pass))
        #expect(view.zones[0].settings == expected)
    }

    @Test("A directory of zone files")
    func directory() throws {
        let site = try Site(
            "zones: zones\nforward: {}",
            files: [
                "zones/b.example.yaml": "www: 192.0.2.1", "zones/a.example.yaml": "www: 192.0.2.2",
                "zones/10.in-addr.arpa.yaml": "'1': {type: PTR, value: a.example.}",
                "zones/.hidden.yaml": "not read", "zones/notes.txt": "not read",
            ])
        let configuration = try site.load()
        #expect(
            configuration.views[0].zones.map(\.settings.apex.description)
                == ["10.in-addr.arpa.", "a.example.", "b.example."])
        #expect(configuration.zoneCount == 3)
        #expect(configuration.files.contains(site.path("zones")))
        #expect(configuration.files.contains(site.path("zones/a.example.yaml")))
        #expect(configuration.warnings == [])
    }

    @Test("A zone that several views see is built once")
    func shared() throws {
        let configuration = try Site(
            """
            zones: {a.example: a.yaml, b.example: {records: {}}}
            views:
              lan: {clients: [10.0.0.0/8], zones: [a.example, b.example]}
              guest: {clients: [172.16.0.0/12], zones: [a.example]}
              tailnet: {clients: [100.64.0.0/10], zones: [{a.example: other.yaml}]}
              office: {clients: [192.168.0.0/16], zones: [{a.example: other.yaml}]}
            forward: {}
            """, files: ["a.yaml": "www: 192.0.2.1", "other.yaml": "www: 192.0.2.2"]
        ).load()
        let views = configuration.views
        #expect(views[0].zones[0] === views[1].zones[0])
        #expect(views[2].zones[0] === views[3].zones[0])
        #expect(views[0].zones[0] !== views[2].zones[0])
        #expect(configuration.zoneCount == 3)
    }

    @Test("A view gives a zone other records and keeps the zone's settings that it does not name")
    func overrides() throws {
        let views = try Site(
            """
            zones: {a.example: {records: {www: 192.0.2.1}, reverse: true, negative-ttl: 5}}
            views:
              records:
                clients: [10.0.0.0/8]
                zones: [{a.example: {records: {'*': 100.64.0.50, ftp: 100.64.0.51}}}]
              settings:
                clients: [172.16.0.0/12]
                zones: [{A.example: {https-records: pass}}]
              own:
                clients: [192.168.0.0/16]
                zones: [a.example, b.example: {records: {}}]
            forward: {}
            """
        ).load().views
        let zones = views.map { $0.zones[0] }
        #expect(zones.map(\.settings.reverse) == [true, true, true])
        #expect(zones.map(\.settings.negativeTTL) == [5, 5, 5])
        #expect(zones.map(\.nameCount) == [3, 2, 2])
        #expect(zones.map(\.settings.httpsRecords.defaultPolicy) == [nil, .pass, nil])
        #expect(
            views[2].zones.map(\.settings.apex) == [try name("a.example"), try name("b.example")])
    }

    @Test("Paths are relative to the file that names them")
    func relativePaths() throws {
        let site = try Site(
            "unused: {}", files: ["etc/main.yaml": "zones: {a.example: sub/a.yaml}\nforward: {}"])
        try site.write("www: 192.0.2.1", to: "etc/sub/a.yaml")
        let configuration = try Configuration.load(path: site.path("etc/main.yaml"), seed: 1)
        #expect(configuration.files == [site.path("etc/main.yaml"), site.path("etc/sub/a.yaml")])
        try site.write(
            "zones: {a.example: \(site.path("etc/sub/a.yaml"))}\nforward: {}", to: "horizond.yaml")
        #expect(try site.load().zoneCount == 1)
    }
}
