import DNS
import Nameserver
import Testing

/// An upstream that asks this server what it is asked.
@Suite("Forwarding loops")
struct LoopGuardTests {
    private let router = UpstreamAddress(.v4(0x0101_0101))

    private func wait(_ site: Site, seconds: Double) {
        for _ in 0..<Int((seconds / 0.05).rounded()) {
            site.advance(seconds: 0.05)
            site.tick()
        }
    }

    /// Lets the router send a question back here, as a client.
    private func sendBack(_ octets: [UInt8], to site: Site) -> Answer? {
        site.process(
            octets, client: .v4(0xc0a8_0a01), transport: .udp, fresh: [])
    }

    @Test("is found when the first question takes too long, and ends with SERVFAIL and one notice")
    func found() throws {
        let site = Site()
        site.ask("www.example.com", .a, edns: true)
        let client = site.lastTicket
        // What comes back joins its own question: nothing more is sent.
        #expect(sendBack(site.sent[0].octets, to: site) == nil)
        wait(site, seconds: 2.05)
        let check = try #require(site.watch.first { $0.octets[12] == 16 })
        #expect(check.to == router)
        let answer = try #require(sendBack(check.octets, to: site))
        #expect(answer.rcode == 2)
        #expect(site.loops.map(\.isFound) == [true] && site.loops.map(\.upstream) == [router])
        #expect(site.answer(client)?.rcode == 2)
        #expect(site.answer(client)?.extendedErrorText?.contains("loop") == true)
        // While it lasts nothing is sent to the router, and nobody waits.
        site.sent = []
        for number in 0..<100 {
            #expect(site.ask("h\(number).example", .a)?.rcode == 2)
        }
        #expect(site.sent.isEmpty && site.loops.count == 1 && site.reports.isEmpty)
    }

    @Test("another upstream is asked instead, and the router again when it no longer loops")
    func another() throws {
        let other = UpstreamAddress(.v4(2))
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: [router, other])])
        site.ask("www.example.com", .a)
        wait(site, seconds: 0.85)
        #expect(site.sent.map(\.to) == [router, other])
        let check = try #require(site.watch.first { $0.octets[12] == 16 })
        _ = sendBack(check.octets, to: site)
        #expect(site.sent.map(\.to) == [other])
        site.reply { $0.add("www.example.com", .a, [1, 2, 3, 4]) }
        site.ask("a.example", .a)
        #expect(site.sent.map(\.to) == [other])
        site.reply { $0.add("a.example", .a, [1, 2, 3, 4]) }
        // Ten seconds later it still loops, and ten later it does not.
        for isLooping in [true, false] {
            site.watch = []
            wait(site, seconds: 12.1)
            if isLooping {
                let check = try #require(site.watch.first { $0.octets[12] == 16 })
                _ = sendBack(check.octets, to: site)
                wait(site, seconds: 2.1)
            }
        }
        wait(site, seconds: 2.1)
        #expect(site.loops.map(\.isFound) == [true, false])
    }

    @Test("a name that only looks like a check is an ordinary one")
    func lookalike() throws {
        let site = Site()
        site.ask("a.example", .a)
        wait(site, seconds: 2.05)
        site.sent = []
        #expect(site.ask("0123456789abcdef.a.example", .txt) == nil)
        #expect(site.ask("zzzzzzzzzzzzzzzz.a.example", .txt) == nil)
        #expect(site.sent.count == 2 && site.loops.isEmpty)
    }
}
