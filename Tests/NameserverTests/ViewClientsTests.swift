import DNS
import Testing

@testable import Nameserver

@Suite("Clients that the host's interfaces tell")
struct ViewClientsTests {
    private static func view(
        _ name: String, _ clients: [String] = [], _ followed: [FollowedClients] = []
    ) -> ViewDescription {
        var view = ViewDescription(
            name: name, clients: clients.map(Site.prefix), forward: [Site.rule()])
        view.followed = followed
        return view
    }

    private static func network(_ name: String, _ prefixes: String...) -> InterfaceNetworks {
        InterfaceNetworks(name: name, prefixes: prefixes.map(Site.prefix))
    }

    private static let networks = [
        network("lo", "127.0.0.0/8", "::1/128"),
        network("lan0", "192.168.10.0/24", "2001:db8:1::/64", "fe80::/64"),
        network("guest0", "192.168.20.0/24", "169.254.0.0/16", "fe80::/64"),
        network(
            "tun0", "10.8.0.1/32", "0.0.0.0/0", "8.0.0.0/7", "::/0", "2000::/3", "fd00::/47",
            "12.0.0.0/8", "fd01::/48"),
    ]

    private static func clients(_ views: [ViewDescription]) -> [String] {
        let clients = ViewClients(views, networks: networks)
        return views.indices.map { clients.description(ofView: $0) }
    }

    private static func view(of client: String, _ snapshot: Snapshot) -> String? {
        IPAddress(client).flatMap { snapshot.view(for: $0)?.use(\.name) }
    }

    @Test("A view has its interface's networks, but for wide ones and those of every link")
    func named() {
        #expect(
            Self.clients([
                Self.view("lan", [], [.interface("lan0")]),
                Self.view("guest", ["10.0.0.0/8"], [.interface("guest0"), .interface("tun0")]),
                Self.view("later", [], [.interface("lan1")]),
            ]) == [
                "192.168.10.0/24, 2001:db8:1::/64 (lan0)",
                "10.0.0.0/8; 192.168.20.0/24 (guest0); "
                    + "10.8.0.1/32, 12.0.0.0/8, fd01::/48 (tun0)", "none",
            ])
    }

    @Test("On-link are all networks of the host that no other view names")
    func onLink() {
        let views = [
            Self.view("rest", [], [.onLink]), Self.view("guest", [], [.interface("guest0")]),
            Self.view("one", ["10.8.0.1/32"]),
        ]
        #expect(
            Self.clients(views) == [
                "127.0.0.0/8, ::1/128 (lo); 192.168.10.0/24, 2001:db8:1::/64 (lan0); "
                    + "12.0.0.0/8, fd01::/48 (tun0)",
                "192.168.20.0/24 (guest0)", "10.8.0.1/32",
            ])
        #expect(ViewClients(views, networks: Self.networks).contests == [])
    }

    @Test(
        "Of equal prefixes the fixed one wins, of two interfaces' the first view's; both are told")
    func contested() {
        let both = [Self.network("a", "192.168.10.0/24"), Self.network("b", "192.168.10.0/24")]
        let views = [
            Self.view("first", [], [.interface("b")]), Self.view("second", [], [.interface("a")]),
        ]
        let clients = ViewClients(views, networks: both)
        #expect(clients.description(ofView: 0) == "192.168.10.0/24 (b)")
        #expect(clients.description(ofView: 1) == "none")
        #expect(clients.contests.map(\.interface) == ["a"])
        #expect(clients.contests.map(\.loser) == [1] && clients.contests.map(\.winner) == [0])

        let fixed = ViewClients(views + [Self.view("third", ["192.168.10.0/24"])], networks: both)
        #expect(fixed.entries.map(\.count) == [0, 0, 1])
        #expect(fixed.contests.map(\.winner) == [2, 2])
    }

    @Test("A network that the view names itself, or has by two interfaces, is there once")
    func once() {
        let both = [Self.network("a", "192.168.10.0/24"), Self.network("b", "192.168.10.0/24")]
        let views = [
            Self.view("lan", ["10.0.0.0/8"], [.interface("a"), .interface("b"), .onLink])
        ]
        let clients = ViewClients(views, networks: both + [Self.network("c", "10.0.0.0/8")])
        #expect(clients.description(ofView: 0) == "10.0.0.0/8; 192.168.10.0/24 (a)")
        #expect(clients.contests == [])
    }

    @Test("A line lists 32 prefixes and says how many more there are")
    func longLine() {
        let many = (0..<40).map { Self.network("br\($0)", "10.0.\($0).0/24") }
        let clients = ViewClients([Self.view("lan", [], [.onLink])], networks: many)
        let line = clients.description(ofView: 0)
        #expect(line.hasPrefix("10.0.0.0/24 (br0); 10.0.1.0/24 (br1); "))
        #expect(line.hasSuffix("10.0.31.0/24 (br31) and 8 more"))
    }

    @Test("When they change, the views and what is cached stay, and the longest prefix still wins")
    func change() throws {
        let views = [
            Self.view("wide", ["192.168.0.0/16"]), Self.view("lan", [], [.interface("lan0")]),
        ]
        let site = Site(views)
        let before = site.snapshot
        #expect(Self.view(of: "192.168.10.7", before) == "wide")
        #expect(Self.view(of: "2001:db8:1::7", before) == nil)
        site.ask("www.example", .a, from: "192.168.10.7")
        site.reply { $0.add("www.example", .a, [192, 0, 2, 1]) }

        let after = Snapshot(before, clients: ViewClients(views, networks: Self.networks))
        site.snapshot = after
        #expect(Self.view(of: "192.168.10.7", after) == "lan")
        #expect(Self.view(of: "192.168.11.7", after) == "wide")
        let choice = IPAddress("192.168.10.7").flatMap { after.viewChoice(for: $0) }
        #expect(choice?.description == "view lan (192.168.10.0/24 of lan0)")
        let cached = try #require(site.ask("www.example", .a, from: "2001:db8:1::7"))
        #expect(cached.answer.map(\.rdata) == [[192, 0, 2, 1]])
        #expect(zip(before.views, after.views).allSatisfy { $0 === $1 })

        site.snapshot = Snapshot(after, clients: ViewClients(views, networks: []))
        #expect(try #require(site.ask("www.example", .a, from: "2001:db8:1::7")).rcode == 5)
        #expect(site.snapshot.clients == before.clients && after.clients != before.clients)
    }

    @Test("The block that an address is in")
    func blocks() throws {
        let address = try #require(IPAddress("2001:db8:1:2:3::4"))
        #expect(AddressPrefix(containing: address, length: 64)?.description == "2001:db8:1:2::/64")
        #expect(AddressPrefix(containing: address, length: 0)?.description == "::/0")
        #expect(AddressPrefix(containing: address, length: 129) == nil)
        #expect(
            AddressPrefix(containing: .v4(0xc0a8_0a01), length: 24)
                == Site.prefix("192.168.10.0/24"))
        #expect(AddressPrefix(containing: .v4(1), length: 33) == nil)
        #expect(AddressPrefix(containing: .v4(1), length: -1) == nil)
    }
}
