import DNS
import Nameserver
import Testing

@testable import Configuration

@Suite("The seed site")
struct SeedSiteTests {
    private static let main = """
        listen: [0.0.0.0:53, "[::]:53"]          # each is UDP and TCP

        zones:
          vanillax.me: zones/vanillax.me.yaml    # short form of {file: …, mode: overlay}

        views:
          lan:
            clients: [127.0.0.0/8, 192.168.10.0/24]
            zones: [vanillax.me]

        forward:
          .:         {to: [1.1.1.1, 9.9.9.9], cache: 30}   # never the router: a loop
          home.arpa: {to: [192.168.1.1], cache: 30}

        """
    private static let zone = """
        '*': 192.168.10.50        # the internal gateway
        plex: public              # this one keeps its public answers

        """

    @Test("It loads as it is written")
    func loads() throws {
        let site = try Site(Self.main, files: ["zones/vanillax.me.yaml": Self.zone])
        let configuration = try site.load()
        #expect(configuration.listen == [ListenAddress(.v4(0)), ListenAddress(.v6(0, 0))])
        #expect(configuration.workers == nil)
        #expect(configuration.cacheSize == 64 << 20)
        #expect(configuration.log.errors)
        #expect(configuration.log.queries.which == .off)
        #expect(configuration.zoneCount == 1)
        #expect(configuration.warnings == [])
        #expect(
            configuration.files
                == [site.path("horizond.yaml"), site.path("zones/vanillax.me.yaml")])

        let view = try #require(configuration.views.first)
        #expect(view.name == "lan" && view.place == site.place("horizond.yaml", line: 7))
        #expect(view.clients.map(\.description) == ["127.0.0.0/8", "192.168.10.0/24"])
        #expect(view.httpsRecords == HTTPSRecordRules())
        let upstreams = ["1.1.1.1", "9.9.9.9"].compactMap { IPAddress($0) }
        #expect(
            view.forward == [
                ForwardRule(
                    domain: .root, place: site.place("horizond.yaml", line: 12),
                    upstreams: upstreams.map { UpstreamAddress($0) }),
                ForwardRule(
                    domain: try name("home.arpa"),
                    place: site.place("horizond.yaml", line: 13),
                    upstreams: [UpstreamAddress(try #require(IPAddress("192.168.1.1")))]),
            ])
        let zone = try #require(view.zones.first)
        #expect(zone.settings == ZoneSettings(apex: try name("vanillax.me")))
        // The apex, the wildcard and plex.
        #expect(zone.nameCount == 3)
    }

    @Test("Every decision has the line of its file")
    func places() throws {
        let site = try Site(Self.main, files: ["zones/vanillax.me.yaml": Self.zone])
        let upstreams = UpstreamRegistry(cookieKey: SipHash.Key(low: 1, high: 2))
        let snapshot = Snapshot(try site.load().views, upstreams: upstreams, seed: 1)
        let client = try #require(IPAddress("192.168.10.7"))
        func decision(_ text: String, _ type: RRType) throws -> String {
            "\(try #require(snapshot.decision(try name(text), type, for: client)))"
        }
        let zone = site.path("zones/vanillax.me.yaml")
        #expect(
            try decision("argocd.vanillax.me", .aaaa)
                == "zone vanillax.me: *.vanillax.me (\(zone):1)")
        let forward = "forward . (\(site.path("horizond.yaml")):12)"
        #expect(
            try decision("plex.vanillax.me", .a)
                == "\(forward), public by plex.vanillax.me (\(zone):2)")
    }
}
