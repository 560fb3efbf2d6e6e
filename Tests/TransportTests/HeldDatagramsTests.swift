import DNS
import Glibc
import Testing

@testable import Transport

@Suite("Datagrams that the kernel had no room for")
struct HeldDatagramsTests {
    private static let key = SlotKey(slot: 1, generation: 1)
    private static let later = HeldDatagrams.pause

    /// A batch of datagrams of one octet each, for a connected socket.
    private func batch(_ octets: Range<UInt8>) -> SendBatch {
        let batch = SendBatch()
        for octet in octets {
            var datagram = batch.next()
            datagram[0] = octet
            batch.commit(length: 1)
        }
        return batch
    }

    @Test("They go out from their socket once there is room, each once, in their order")
    func sends() throws {
        let peer = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
        let socket = Syscalls.socket(ipv6: false, stream: false)
        defer { Syscalls.close(socket) }
        #expect(Syscalls.connect(socket, KernelAddress(try peer.local)) == 0)
        let held = HeldDatagrams()
        #expect(held.hold(batch(0..<20), from: 15, of: Self.key, now: 0) == 20)
        #expect(held.hold(batch(20..<50), from: 0, of: Self.key, now: 0) == 30)
        // Not again at once.
        #expect(held.send(now: Self.later - 1) { _ in socket } == HeldDatagrams.Outcome())
        let outcome = held.send(now: Self.later) { key in key == Self.key ? socket : nil }
        #expect(outcome == HeldDatagrams.Outcome(sent: 35, lost: 0))
        #expect(held.isEmpty)
        let received = try (0..<35).map { _ in try peer.receiveFrom().octets }
        #expect(received == (UInt8(15)..<50).map { [$0] })
    }

    @Test("There is a bound; what has waited too long or lost its socket is counted")
    func bounds() {
        let held = HeldDatagrams()
        for _ in 0..<HeldDatagrams.maximumBatches {
            #expect(held.hold(batch(0..<32), from: 0, of: Self.key, now: 0) == 32)
        }
        #expect(held.hold(batch(0..<5), from: 2, of: Self.key, now: 0) == 2)
        // A descriptor that is none is refused for a reason that does not pass.
        #expect(held.send(now: Self.later) { _ in -1 } == HeldDatagrams.Outcome(sent: 0, lost: 512))
        #expect(held.isEmpty)
        _ = held.hold(batch(0..<3), from: 0, of: Self.key, now: 0)
        #expect(
            held.send(now: 2 * Self.later) { _ in nil } == HeldDatagrams.Outcome(sent: 0, lost: 3))
    }

    @Test(
        "Reasons that pass are told from others",
        arguments: [
            (Int32(EAGAIN), true), (ENOBUFS, true), (ENOMEM, true), (EINTR, true), (EPERM, false),
            (ENETUNREACH, false), (EMSGSIZE, false),
        ])
    func reasons(errno: Int32, isPassing: Bool) {
        #expect(HeldDatagrams.isPassing(errno) == isPassing)
    }
}
