import DNS
import Testing

@testable import Transport

@Suite("UDP listeners")
struct UDPListenerTests {
    @Test("A query is answered from the address that it was sent to")
    func answersFromTheAskedAddress() throws {
        let server = try LoopbackServer("0.0.0.0")
        defer { server.stop() }
        let client = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let asked = try endpoint("127.0.0.5", server.address.port)
        try client.send(message(1), to: asked)
        let (octets, sender) = try client.receiveFrom()
        #expect(octets == message(1))
        #expect(sender == asked)
    }
}
