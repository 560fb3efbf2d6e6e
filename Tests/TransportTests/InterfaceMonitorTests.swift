import DNS
import Testing

@testable import Transport

@Suite("The host's interfaces")
struct InterfaceMonitorTests {
    private static func network(_ address: String, _ length: Int) throws -> InterfaceMessage {
        .networks(index: 2, [.init(address: try #require(IPAddress(address)), length: length)])
    }

    /// What is to be done after the last of the messages, none of which is the end of a dump before.
    private static func lastStep(
        _ messages: [InterfaceMessage], _ dump: inout InterfaceDump
    ) -> InterfaceDump.Step {
        for message in messages.dropLast() { _ = dump.take(message) }
        return dump.take(messages.last ?? .end)
    }

    private static func lines(_ step: InterfaceDump.Step) -> [String]? {
        guard case .finish(let table, _) = step else { return nil }
        return table.interfaces.map { interface in
            let networks = interface.networks.map { "\($0.address)/\($0.length)" }
            return "\(interface.name): \(networks.joined(separator: " "))"
        }
    }

    @Test("Links, addresses and routes are asked for one after the other, and are told in order")
    func dump() throws {
        var dump = InterfaceDump()
        for (index, message) in [
            InterfaceMessage.link(index: 2, name: "lan0"), try Self.network("192.0.2.1", 24),
        ].enumerated() {
            #expect(dump.question == index)
            guard case .wait = dump.take(message), case .ask = dump.take(.end) else {
                Issue.record("after \(message)")
                return
            }
        }
        #expect(dump.question == 2)
        let step = Self.lastStep(
            [
                try Self.network("2001:db8::", 64), try Self.network("10.0.0.1", 8),
                try Self.network("2001:db8::", 64), .changed, .link(index: 1, name: "lo"), .end,
            ], &dump)
        #expect(Self.lines(step) == ["lo: ", "lan0: 10.0.0.1/8 192.0.2.1/24 2001:db8::/64"])
        guard case .finish(_, isExact: true) = step else {
            Issue.record("the answers were not disturbed")
            return
        }
    }

    @Test(
        "Disturbed answers are asked for once more; what either says then holds", arguments: 0..<3)
    func disturbed(question: Int) throws {
        /// Answers of which that to `question` is disturbed.
        func answers(_ networks: [InterfaceMessage]) -> [InterfaceMessage] {
            let parts: [[InterfaceMessage]] = [[.link(index: 2, name: "lan0")], networks, []]
            return parts.enumerated().flatMap { index, part in
                (index == question ? [.disturbed] : []) + part + [.end]
            }
        }
        let (kept, missed) = (try Self.network("10.0.0.1", 8), try Self.network("10.1.0.1", 16))
        var dump = InterfaceDump()
        guard case .ask = Self.lastStep(answers([kept, missed]), &dump) else {
            Issue.record("disturbed answers were taken at once")
            return
        }
        #expect(dump.question == 0)
        var undisturbed = dump
        let exact = Self.lastStep(
            [.link(index: 2, name: "lan0"), .end, kept, .end, .end], &undisturbed)
        #expect(Self.lines(exact) == ["lan0: 10.0.0.1/8"], "the disturbed ones are forgotten")
        let step = Self.lastStep(answers([kept]), &dump)
        #expect(Self.lines(step) == ["lan0: 10.0.0.1/8 10.1.0.1/16"])
        guard case .finish(_, isExact: false) = step else {
            Issue.record("what is disturbed is not exact")
            return
        }
    }

    @Test("The kernel tells of the loopback interface, without any privilege")
    func loopback() throws {
        let interfaces = try InterfaceMonitor().interfaces
        let loopback = try #require(interfaces.first { $0.name == "lo" })
        let address = try #require(IPAddress("127.0.0.1"))
        #expect(loopback.networks.contains(.init(address: address, length: 8)))
    }
}
