import DNS
import Nameserver
import Testing

@testable import Configuration

@Suite("What holds when nothing is said")
struct DefaultsTests {
    private static let zones = "zones: {a.example: {records: {www: 192.0.2.1}}}\n"
    private static let resolvConf = """
        # made by the network
        search lan
        nameserver 127.0.0.53
        nameserver 192.0.2.53
        nameserver ::1
        nameserver fe80::1%eth0
        nameserver 2001:db8::53
        options edns0

        """

    @Test("Without views one view of local clients sees all zones")
    func localView() throws {
        let view = try onlyView(Self.zones + "forward: {}")
        #expect(view.name == "lan")
        #expect(
            view.clients.map(\.description) == [
                "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                "fc00::/7", "169.254.0.0/16", "fe80::/10", "100.64.0.0/10",
            ])
        #expect(view.zones.map(\.settings.apex) == [try name("a.example")])
        #expect(view.forward == [])
    }

    @Test("Without forward the host's own nameservers are asked, but for ourselves")
    func hostNameservers() throws {
        let site = try Site(Self.zones, files: ["resolv.conf": Self.resolvConf])
        let configuration = try site.load()
        let rule = try #require(configuration.views[0].forward.first)
        #expect(configuration.views[0].forward.count == 1)
        #expect(rule.domain == .root && rule.policy == .sequential && rule.cache == .standard)
        #expect(rule.upstreams.map(\.description) == ["192.0.2.53:53", "[2001:db8::53]:53"])
        #expect(
            try site.warnings() == [
                "resolv.conf:6:1: nameserver \"fe80::1%eth0\" is left out; "
                    + "expected an address without a zone index"
            ])
        #expect(configuration.files.last == site.path("resolv.conf"))
    }

    @Test("A loopback nameserver on a port that is not ours is asked")
    func otherPort() throws {
        let site = try Site(
            "listen: [127.0.0.1:1053]", files: ["resolv.conf": "nameserver 127.0.0.53\n"])
        let upstreams = try site.load().views[0].forward.flatMap(\.upstreams)
        #expect(upstreams.map(\.description) == ["127.0.0.53:53"])
    }

    @Test("A host without nameservers is a warning, since its zones are served all the same")
    func noNameservers() throws {
        #expect(
            try Site(Self.zones).warnings() == [
                "resolv.conf: does not exist: no query is forwarded "
                    + "until it does; expected nameserver lines, or a rule in \"forward\""
            ])
        #expect(
            try Site(Self.zones, files: ["resolv.conf": "nameserver 127.0.0.1\n"]).warnings() == [
                "resolv.conf: names no server but ourselves: no query is forwarded until it does; "
                    + "expected nameserver lines, or a rule in \"forward\""
            ])
    }

    @Test("A view without zones sees all of them, one with an empty list none")
    func zonesOfViews() throws {
        let views = try Site(
            """
            zones: {a.example: {records: {}}, b.example: {records: {}}}
            views:
              all: {clients: [10.0.0.0/8]}
              none: {clients: [172.16.0.0/12], zones: []}
              one: {clients: [192.168.0.0/16], zones: [B.example.]}
            forward: {}
            """
        ).load().views
        #expect(views.map(\.name) == ["all", "none", "one"])
        #expect(views.map(\.zones.count) == [2, 0, 1])
        #expect(views[0].zones[1] === views[2].zones[0])
    }

    @Test("Records of an overlay live 60 seconds, those of an authoritative zone an hour")
    func recordTTLs() throws {
        let overlay = try declaration("{file: x}")
        let authoritative = try declaration("{file: x, mode: authoritative}")
        let own = try declaration("{file: x, ttl: 5m}")
        #expect(overlay.recordTTL == 60)
        #expect(authoritative.recordTTL == 3600)
        #expect(own.recordTTL == 300)
    }

    private func declaration(_ zone: String) throws -> ZoneDeclaration {
        let site = try Site("zone: \(zone)")
        let reader = try YAMLReader(path: site.path("horizond.yaml"))
        try reader.enterMapping(expected: "")
        let entry = try #require(try reader.nextEntry())
        let file = ConfigurationFile(site.path("horizond.yaml"), Diagnostics(isForService: true))
        return file.zoneDeclaration(try name("example.com"), entry)
    }
}
