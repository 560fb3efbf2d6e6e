import DNS
import Testing

@testable import Transport

@Suite("The host's interfaces")
struct InterfaceMonitorTests {
    private static func address(
        _ address: String, _ length: Int, on index: UInt32
    ) throws -> NetworkSource {
        let address = try #require(IPAddress(address))
        return NetworkSource(
            index: index, address: address, length: length, origin: .address(address))
    }

    private static func lines(_ table: InterfaceTable) -> [String] {
        table.interfaces.map { interface in
            let networks = interface.networks.map { "\($0.address)/\($0.length)" }
            return "\(interface.name): \(networks.joined(separator: " "))"
        }
    }

    @Test("A table has what was told last, by interface and address")
    func table() throws {
        var table = InterfaceTable()
        let v6 = try Self.address("2001:db8::1", 64, on: 2)
        for (message, isNew) in [
            (InterfaceMessage.link(index: 2, name: "lan0"), true),
            (.link(index: 2, name: "lan0"), false), (.link(index: 1, name: "lo"), true),
            (.source(v6), true), (.source(v6), false),
            (.source(try Self.address("192.0.2.1", 24, on: 2)), true),
            (.source(try Self.address("10.0.0.1", 8, on: 2)), true),
            (.sourceIsGone(try Self.address("10.0.0.1", 24, on: 2)), false),
            (.end, false), (.lost, false), (.refused(1), false),
        ] {
            let told = table.apply(message)
            #expect(told == isNew, "\(message)")
        }
        #expect(Self.lines(table) == ["lo: ", "lan0: 10.0.0.1/8 192.0.2.1/24 2001:db8::1/64"])
        _ = table.apply(.link(index: 2, name: "lan1"))
        _ = table.apply(.sourceIsGone(v6))
        #expect(Self.lines(table) == ["lo: ", "lan1: 10.0.0.1/8 192.0.2.1/24"])
        for isNew in [true, false] {
            let told = table.apply(.linkIsGone(index: 2))
            #expect(told == isNew)
        }
        #expect(Self.lines(table) == ["lo: "])
        _ = table.apply(.link(index: 2, name: "lan0"))
        #expect(Self.lines(table) == ["lo: ", "lan0: "], "its networks went with it")
    }

    @Test("A network stays while anything says it: an address, or a route of another metric")
    func sources() throws {
        var table = InterfaceTable()
        let prefix = try #require(IPAddress("2001:db8::"))
        func route(_ metric: UInt32) -> NetworkSource {
            NetworkSource(index: 2, address: prefix, length: 64, origin: .route(metric: metric))
        }
        _ = table.apply(.link(index: 2, name: "lan0"))
        for metric in [100, 1024] as [UInt32] { _ = table.apply(.source(route(metric))) }
        _ = table.apply(.sourceIsGone(route(100)))
        #expect(Self.lines(table) == ["lan0: 2001:db8::/64"])
        _ = table.apply(.sourceIsGone(route(1024)))
        #expect(Self.lines(table) == ["lan0: "])
    }

    @Test("The kernel tells of the loopback interface, without any privilege")
    func loopback() throws {
        let interfaces = try InterfaceMonitor().interfaces
        let loopback = try #require(interfaces.first { $0.name == "lo" })
        let address = try #require(IPAddress("127.0.0.1"))
        #expect(loopback.networks.contains(.init(address: address, length: 8)))
    }
}
