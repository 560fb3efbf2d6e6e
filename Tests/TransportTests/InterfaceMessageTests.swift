import DNS
import Testing

@testable import Transport

/// Messages as Linux 6.18 sent them on a little-endian host to a socket of the groups that the monitor
/// has, while `ip` made the changes that are named; those of links are cut behind their name. In an answer
/// they are the same but for NLM_F_MULTI.
@Suite("rtnetlink messages")
struct InterfaceMessageTests {
    private static let lan0 =
        "2c000000100000000000000000000000000001000300000002100000ffffffff"
        + "090003006c616e3000000000"
    /// `ip addr add 192.168.10.1/24 dev lan0`
    private static let newIPv4 =
        "500000001400000043c7016b0a760000021880000300000008000100c0a80a0108000200c0a80a01"
        + "090003006c616e3000000000080008008000000014000600ffffffffffffffff50cf430050cf4300"
    /// `ip addr add 2001:db8:1::1/64 dev lan0 nodad`
    private static let newIPv6 =
        "480000001400000000000000000000000a408200030000001400010020010db8000100000000000000000001"
        + "14000600ffffffffffffffff5fcf43005fcf43000800080082000000"
    /// `ip -6 route add 2001:db8:7::/64 dev lan0 proto ra metric 100`
    private static let advertised =
        "740000001800000644c7016b3b7600000a400000fe0900010000000008000f00fe000000"
        + "1400010020010db80007000000000000000000000800060064000000080004000300000024000c00"
        + "00000000000000000000000000000000000000000000000000000000000000000500140000000000"

    /// `ip -6 route replace fd00:b::/64 via fd00:99::2 dev wan0 proto static metric 100`, which ends a route
    /// by lan0: RTM_NEWROUTE with NLM_F_REPLACE, and no RTM_DELROUTE.
    private static let replacement =
        "8800000018000001e2e3016b721b00000a400000fe0400010000000008000f00fe000000"
        + "14000100fd00000b000000000000000000000000080006006400000014000500fd0000990000000000000000"
        + "00000002080004000500000024000c0000000000000000000000000000000000000000000000000000000000"
        + "000000000500140000000000"

    private static func octets(_ hex: String) -> [UInt8] {
        var octets: [UInt8] = []
        var rest = hex[...]
        while let octet = UInt8(rest.prefix(2), radix: 16) {
            octets.append(octet)
            rest = rest.dropFirst(2)
        }
        return octets
    }

    private static func messages(_ hex: String...) -> [InterfaceMessage] {
        let octets = octets(hex.joined())
        return InterfaceMessage.all(in: octets.span)
    }

    /// What messages say that the kernel sends as parts of an answer.
    private static func answers(_ hex: String...) -> [InterfaceMessage] {
        let octets = hex.flatMap { answer(Self.octets($0)) }
        return InterfaceMessage.all(in: octets.span)
    }

    private static func answer(_ message: [UInt8]) -> [UInt8] {
        var message = message
        message[6] |= 0x02
        return message
    }

    private static func networks(_ blocks: (String, Int)...) throws -> InterfaceMessage {
        .networks(
            index: 3,
            try blocks.map { address, length in
                .init(address: try #require(IPAddress(address)), length: length)
            })
    }

    @Test("A link, its addresses and a route that a router advertised")
    func news() throws {
        #expect(
            Self.answers(Self.lan0, Self.newIPv4, Self.newIPv6, Self.advertised) == [
                .link(index: 3, name: "lan0"), try Self.networks(("192.168.10.1", 24)),
                try Self.networks(("2001:db8:1::1", 64)), try Self.networks(("2001:db8:7::", 64)),
            ])
    }

    @Test(
        "Whatever comes unasked is a change, also of what does not count",
        arguments: [
            lan0, newIPv4, newIPv6, advertised,
            replacement,
            // The same as RTM_DELROUTE, and lan0's RTM_DELLINK.
            "8800000019" + replacement.dropFirst(10), "2c00000011" + lan0.dropFirst(10),
        ])
    func changes(hex: String) { #expect(Self.messages(hex) == [.changed]) }

    @Test("On a point-to-point link the network is the peer's, and the own address is one more")
    func peers() throws {
        // `ip addr add 10.9.0.1 peer 10.9.0.2/32`, `ip -6 addr add 2001:db8:9::1 peer 2001:db8:9::2/128`
        let messages = Self.answers(
            "500000001400000043c7016b2d7600000220800003000000080001000a090002080002000a090001"
                + "090003006c616e3000000000080008008000000014000600ffffffffffffffff81cf430081cf4300",
            "5c0000001400000000000000000000000a80820003000000"
                + "1400020020010db80009000000000000000000011400010020010db8000900000000000000000002"
                + "14000600ffffffffffffffff94cf430094cf43000800080082000000")
        #expect(
            messages == [
                try Self.networks(("10.9.0.2", 32), ("10.9.0.1", 32)),
                try Self.networks(("2001:db8:9::2", 128), ("2001:db8:9::1", 128)),
            ])
    }

    @Test(
        "Other routes in an answer say nothing",
        arguments: [
            // `ip -6 route add 2001:db8:8::/64 dev lan0`: made by hand.
            "740000001800000644c7016b427600000a400000fe0300010000000008000f00fe000000"
                + "1400010020010db80008000000000000000000000800060000040000080004000300000024000c00"
                + "00000000000000000000000000000000000000000000000000000000000000000500140000000000",
            // `ip -6 route add default via 2001:db8:7::1 dev lan0 proto ra`
            "740000001800000644c7016b557600000a000000fe0900010000000008000f00fe000000"
                + "08000600000400001400050020010db8000700000000000000000001080004000300000024000c00"
                + "00000000000000000000000000000000000000000000000000000000000000000500140000000000",
            // ff00::/8 and the own address, in the table `local`.
            "740000001800000600000000000000000a080000ff0200050000000008000f00ff000000"
                + "14000100ff0000000000000000000000000000000800060000010000080004000200000024000c00"
                + "00000000000000000000000000000000000000000000000000000000000000000500140000000000",
            "740000001800000600000000000000000a800000ff0200020000000008000f00ff000000"
                + "1400010020010db80001000000000000000000010800060000000000080004000300000024000c00"
                + "00000000000000000000000000000000000000000000000000000000000000000500140000000000",
            replacement,
        ])
    func others(hex: String) { #expect(Self.answers(hex) == []) }

    @Test("The end of an answer, a refusal, an acknowledgement, and a loss")
    func control() {
        let done = "14000000030002000000000000000000" + "00000000"
        #expect(Self.answers(Self.lan0, done) == [.link(index: 3, name: "lan0"), .end])
        // EPERM, and the request's header.
        let error = "24000000020000000000000000000000"
        let request = "14000000160001030000000000000000"
        #expect(Self.messages(error, "ffffffff", request) == [.refused(1)])
        #expect(Self.messages(error, "00000000", request) == [])
        #expect(Self.messages("10000000040000000000000000000000") == [.changed])
        // NLM_F_DUMP_INTR: something changed while the answer was put together.
        #expect(
            Self.messages("14000000030012000000000000000000" + "00000000") == [.disturbed, .end])
    }

    @Test("An answer that is cut off is disturbed, wherever it is cut")
    func cutOff() {
        let whole = [Self.newIPv6, Self.newIPv4].flatMap { Self.answer(Self.octets($0)) }
        let first = Self.octets(Self.newIPv6).count
        for count in 1..<whole.count where count != first {
            let messages = InterfaceMessage.all(in: whole.span.extracting(0..<count))
            #expect(
                messages.first == .disturbed && messages.count == (count < first ? 1 : 2),
                "\(count)")
        }
    }

    @Test("Any octets are read without harm, and some of them still say something")
    func arbitrary() {
        let seeds = [Self.lan0, Self.newIPv4, Self.newIPv6, Self.advertised].map {
            Self.answer(Self.octets($0))
        }
        var state: UInt64 = 0x5eed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var count = 0
        for _ in 0..<20_000 {
            var octets = seeds[random(seeds.count)] + seeds[random(seeds.count)]
            for _ in 0...random(6) { octets[random(octets.count)] = UInt8(random(256)) }
            octets.removeLast(random(octets.count))
            for message in InterfaceMessage.all(in: octets.span) {
                if case .networks = message { count += 1 }
            }
        }
        #expect(count > 1000)
    }
}
