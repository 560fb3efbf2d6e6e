import DNS
import Nameserver
import Testing

@Suite("A message")
struct MessageHandlingTests {
    func process(_ octets: [UInt8]) -> Answer? {
        Site().process(octets, client: .v4(0xc0a8_0a07), transport: .udp, fresh: [])
    }

    @Test("that is a response or shorter than a header is not answered")
    func ignored() {
        #expect(process([]) == nil)
        #expect(process([UInt8](repeating: 0, count: 11)) == nil)
        #expect(process(Message("a.example", .a, flags: 0x8100).octets) == nil)
    }

    @Test("with another opcode is not implemented")
    func opcode() {
        let answer = process(Message("a.example", .a, flags: 0x1000).octets)
        #expect(answer?.rcode == 4)
        #expect(answer.map { $0.flags & 0x7800 } == 0x1000)
    }

    @Test("that is malformed gets FORMERR")
    func malformed() {
        let query = Message("a.example", .a, flags: 0x0100).octets
        for end in 12..<query.count {
            #expect(process(Array(query[..<end]))?.rcode == 1)
        }
        var two = query
        two[5] = 2
        #expect(process(two)?.rcode == 1)
        var compressed = query
        compressed[12] = 0xc0
        compressed[13] = 12
        #expect(process(compressed)?.rcode == 1)
        var cutOPT = Message("a.example", .a, flags: 0x0100)
        cutOPT.addOPT(options: [0, 10, 0, 9, 1])
        #expect(process(cutOPT.octets)?.rcode == 1)
        var twoOPT = Message("a.example", .a, flags: 0x0100)
        twoOPT.addOPT()
        twoOPT.addOPT()
        #expect(process(twoOPT.octets)?.rcode == 1)
    }

    @Test("with a later EDNS version gets BADVERS and our OPT")
    func badVersion() throws {
        var query = Message("a.example", .a, flags: 0x0100)
        query.addOPT()
        query.octets[query.octets.count - 5] = 1
        let answer = try #require(process(query.octets))
        #expect(answer.rcode == 0)
        #expect(answer.edns?.extendedRCode == 1 && answer.edns?.version == 0)
    }

    @Test("of another class, or for a zone transfer, is refused")
    func refused() {
        var chaos = Message("version.bind", .txt, flags: 0x0100).octets
        chaos[chaos.count - 1] = 3
        #expect(process(chaos)?.rcode == 5)
        #expect(process(Message("a.example", .axfr, flags: 0x0100).octets)?.rcode == 5)
        #expect(process(Message("a.example", .opt, flags: 0x0100).octets)?.rcode == 4)
    }

    @Test("with random octets changed never stops the processor")
    func mutations() throws {
        var random = SystemRandomNumberGenerator()
        let site = Site(zones: [try zone("vanillax.me", [("*.vanillax.me", .a, [1, 2, 3, 4])])])
        var query = Message("a.vanillax.me", .https, flags: 0x0100)
        query.addOPT(options: [0, 10, 0, 2, 1, 2])
        for _ in 0..<20_000 {
            var octets = query.octets
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                octets[Int.random(in: 0..<octets.count, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            octets.removeLast(Int.random(in: 0..<octets.count / 2, using: &random))
            _ = site.process(octets, client: .v4(0xc0a8_0a07), transport: .udp, fresh: [])
        }
    }
}
