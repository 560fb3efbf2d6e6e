import DNS
import Nameserver
import Testing

@testable import horizond

@Suite("Clients that wait")
struct WaitingClientsTests {
    @Test("A question of our own that has ended keeps no snapshot")
    func ended() {
        let waiting = WaitingClients(ClientShares(secret: SipHash.Key(low: 0, high: 0)))
        weak var snapshot: Snapshot?
        do {
            let inquiry = Self.inquiry()
            snapshot = inquiry.snapshot
            let message = inquiry.message
            let client = waiting.add(
                message.span, from: inquiry.client, to: .inquiry(inquiry),
                on: inquiry.snapshot, receivedAt: 0)
            #expect(!waiting.isEmpty)
            if let client { waiting.remove(client) }
        }
        #expect(snapshot == nil && waiting.isEmpty)
    }

    private static func inquiry() -> Inquiry {
        let registry = UpstreamRegistry(cookieKey: SipHash.Key(low: 0, high: 0))
        return Inquiry(
            [UInt8](repeating: 0, count: 12), from: .v4(0x7f00_0001),
            on: Snapshot([], upstreams: registry, seed: 1)
        ) { _ in }
    }
}
