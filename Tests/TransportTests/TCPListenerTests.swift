import DNS
import Testing

@testable import Transport

@Suite("Accepting")
struct TCPListenerTests {
    @Test("Without descriptors a waiting client is refused, and the spare is there again")
    func refusesWithSpare() throws {
        let listener = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 8)
        let wakeUp = try WakeUp()
        var spare = SpareDescriptor(of: wakeUp.descriptor)
        defer { spare.close() }
        for _ in 0..<3 {
            let client = try LoopbackPeer(.tcp, to: listener.local)
            #expect(listener.waits(for: 1))
            let refused = spare.refuse(one: listener.descriptor)
            #expect(refused)
            #expect(client.isClosedByPeer())
        }
        let refused = spare.refuse(one: listener.descriptor)
        #expect(!refused)
    }

    @Test("The limit of descriptors is raised to what the system allows")
    func raisesLimit() {
        #expect(raiseDescriptorLimit() != nil)
    }
}
