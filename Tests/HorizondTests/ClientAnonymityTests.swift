import Configuration
import DNS
import Testing

@testable import horizond

@Suite("What a line tells of a client's address")
struct ClientAnonymityTests {
    @Test(
        "All of it, its network, or nothing",
        arguments: [
            ("192.168.10.23", "192.168.10.0"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            ("::ffff:192.0.2.99", "192.0.2.0"), ("127.0.0.1", "127.0.0.0"),
        ])
    func shown(address: String, prefix: String) throws {
        let client = try #require(IPAddress(address))
        #expect(QueryLogSettings.Clients.full.shown(client) == client)
        #expect(QueryLogSettings.Clients.prefix.shown(client).map { "\($0)" } == prefix)
        #expect(QueryLogSettings.Clients.hidden.shown(client) == nil)
    }
}
