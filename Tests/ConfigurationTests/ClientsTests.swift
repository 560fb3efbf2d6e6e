import DNS
import Nameserver
import Testing

@testable import Configuration

@Suite("Clients of a view that the host's interfaces tell")
struct ClientsTests {
    private static let interfaces = ["lo", "eth0", "wlan0"].map {
        InterfaceNetworks(name: $0, prefixes: [])
    }

    private static func load(
        _ main: String, interfaces: [InterfaceNetworks]? = Self.interfaces
    ) throws -> Configuration {
        let site = try Site(main + "\nforward: {}")
        return try withExtendedLifetime(site) {
            try Configuration.load(
                path: site.path("horizond.yaml"), seed: Site.seed, interfaces: interfaces)
        }
    }

    @Test("interface:, on-link and tailscale stand among prefixes and addresses")
    func words() throws {
        let configuration = try Self.load(
            """
            views:
              lan:
                clients:
                  - interface: eth0
                  - 10.0.0.0/8
                  - {interface: wlan0}
              tailnet: {clients: [tailscale]}
              rest: {clients: [on-link, interface: "15-octets-long."]}
            """, interfaces: nil)
        #expect(configuration.warnings == [])
        #expect(configuration.followsInterfaces)
        #expect(
            configuration.views.map(\.followed) == [
                [.interface("eth0"), .interface("wlan0")], [],
                [.onLink, .interface("15-octets-long.")],
            ])
        #expect(
            configuration.views.map { $0.clients.map(\.description) } == [
                ["10.0.0.0/8"], ["100.64.0.0/10", "fd7a:115c:a1e0::/48"], [],
            ])
    }

    @Test("A configuration of prefixes alone follows nothing, nor does the default")
    func nothingToFollow() throws {
        #expect(
            try !Self.load("views: {lan: {clients: [10.0.0.0/8, tailscale]}}").followsInterfaces)
        #expect(try !Self.load("workers: 1").followsInterfaces)
    }

    @Test("An interface that is not there yet is a warning, with the one that may be meant")
    func absent() throws {
        let configuration = try Self.load(
            "views: {lan: {clients: [interface: eht0, interface: eth0]}}")
        #expect(
            configuration.warnings.map(\.message) == [
                "there is no interface \"eht0\": it has no clients until it comes; "
                    + "expected one of: lo, eth0, wlan0; did you mean \"eth0\"?"
            ])
        #expect(configuration.warnings.map(\.line) == [1])
        #expect(configuration.warnings.map(\.column) == [36])
        #expect(configuration.views[0].followed == [.interface("eht0"), .interface("eth0")])
    }

    @Test("An interface's name alone is an error that says what was meant")
    func bareName() throws {
        do {
            _ = try Self.load("views: {lan: {clients: [wlan0]}}")
            Issue.record("it was taken")
        } catch let errors as ConfigurationErrors {
            #expect(
                errors.errors.map(\.message) == [
                    "unknown clients \"wlan0\"; expected a client prefix such as 192.168.10.0/24 or "
                        + "\"fd00::/8\", an address, interface: NAME, on-link, tailscale or any; "
                        + "did you mean interface: wlan0?"
                ])
        }
    }
}
