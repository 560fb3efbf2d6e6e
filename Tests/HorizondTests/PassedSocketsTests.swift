import DNS
import Testing
import Transport

@testable import horizond

@Suite("Sockets that the service manager passes")
struct PassedSocketsTests {
    private static func address(_ text: String, _ port: UInt16 = 53) throws -> SocketAddress {
        SocketAddress(ip: try #require(IPAddress(text)), port: port)
    }

    private static func socket(
        _ descriptor: Int32, _ transport: ClientTransport = .udp, _ text: String = "127.0.0.1",
        takesIPv4: Bool = false
    ) throws -> BoundSocket {
        BoundSocket(descriptor, transport, try address(text), takesIPv4: takesIPv4)
    }

    @Test("Clients' sockets are known by name, also when the unit gives none")
    func names() throws {
        let sockets: [Int32: BoundSocket] = [
            3: try Self.socket(3), 4: try Self.socket(4, .tcp), 5: try Self.socket(5, .udp, "::1"),
        ]
        let passed = PassedSockets([(3, "dns"), (4, "horizond.socket"), (5, "unknown")]) {
            sockets[$0]
        }
        #expect(passed.fromUnits.map(\.descriptor) == [3, 4, 5])
        #expect(passed.stored.isEmpty && passed.complaints.isEmpty)
    }

    @Test("What is not for DNS is handed over as it is")
    func others() {
        let passed = PassedSockets([(3, "control")]) { _ in nil }
        #expect(passed.control == 3)
        #expect(passed.fromUnits.isEmpty && passed.complaints.isEmpty)
    }

    @Test("Stored sockets come back under the name of their address")
    func stored() throws {
        let name = PassedSockets.storedName(try Self.address("::1"))
        #expect(name == "stored [__1]_53")
        let socket = try Self.socket(3, .tcp, "::1")
        let passed = PassedSockets([(3, name)]) { _ in socket }
        #expect(passed.stored.map(\.socket) == [socket])
        #expect(passed.stored.map(\.name) == [name])
        #expect(passed.fromUnits.isEmpty && passed.complaints.isEmpty)
    }

    @Test("What is of no use is named, and the rest is used")
    func complaints() throws {
        let sockets: [Int32: BoundSocket] = [
            3: try Self.socket(3), 4: try Self.socket(4),
            6: try Self.socket(6, .udp, "::", takesIPv4: true),
        ]
        let passed = PassedSockets([(3, "http"), (4, "dns"), (5, "dns"), (6, "dns")]) {
            sockets[$0]
        }
        #expect(passed.fromUnits.map(\.descriptor) == [4])
        try #require(passed.complaints.count == 3)
        #expect(passed.complaints[0].contains("\"http\""))
        #expect(passed.complaints[1].contains("no UDP and no listening TCP socket"))
        #expect(passed.complaints[2].contains("[::]:53/udp takes IPv4"))
    }
}
