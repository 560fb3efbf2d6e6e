import DNS
import Nameserver
import Testing

/// An upstream that asks this server what it is asked.
@Suite("Forwarding loops")
struct LoopGuardTests {
    private let router = UpstreamAddress(.v4(0x0101_0101))

    /// Lets all checks have names of their own, and other names be sent in lower case.
    private func distinct(_ site: Site) -> Site {
        var number: UInt64 = 0
        site.random = {
            number += 1
            return number << 48
        }
        return site
    }

    /// Lets the router send a question back here, as a client.
    private func sendBack(_ octets: [UInt8], to site: Site) -> Answer? {
        site.process(
            octets, client: .v4(0xc0a8_0a01), transport: .udp, fresh: [])
    }

    @Test("is found when the first question takes too long, and ends with SERVFAIL and one notice")
    func found() throws {
        let site = distinct(Site())
        site.ask("www.example.com", .a, edns: true)
        let client = site.lastTicket
        // What comes back joins its own question: nothing more is sent.
        #expect(sendBack(site.sent[0].octets, to: site) == nil)
        site.wait(seconds: 2.05)
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
        let site = distinct(
            Site(forward: [ForwardRule(domain: .root, upstreams: [router, other])]))
        site.ask("www.example.com", .a)
        site.wait(seconds: 0.85)
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
            site.wait(seconds: 12.1)
            if isLooping {
                let check = try #require(site.watch.first { $0.octets[12] == 16 })
                _ = sendBack(check.octets, to: site)
                site.wait(seconds: 2.1)
            }
        }
        site.wait(seconds: 2.1)
        #expect(site.loops.map(\.isFound) == [true, false])
    }

    @Test("the check below a name that was not answered ends questions for that name, no others")
    func oneDomain() throws {
        let site = distinct(Site())
        site.ask("x.evil.example", .a)
        let victim = site.lastTicket
        site.wait(seconds: 2.05)
        site.ask("www.example.com", .a)
        let other = site.lastTicket
        // The second one, whose name the servers of evil.example see.
        let checks = site.watch.filter { $0.octets[12] == 16 }
        #expect(checks.count == 2)
        let name = try #require(Answer(checks[1].octets)).question
        #expect(name.hasSuffix(".x.evil.example."))
        // Asked by a client, for addresses: an ordinary question.
        #expect(site.ask(String(name.dropLast()), .a) == nil)
        #expect(site.loops.isEmpty && site.answer(victim) == nil)
        // Come back as it was sent: that name has a loop of its own, and nothing else is condemned.
        #expect(sendBack(checks[1].octets, to: site)?.rcode == 2)
        // The rule's check would be heard first.
        #expect(site.answer(victim) == nil)
        site.tick()
        #expect(site.answer(victim)?.rcode == 2 && site.answer(other) == nil)
        #expect(site.loops.isEmpty && site.reports.map(\.failure) == [.loop])
        let query = try #require(
            site.sent.last { Answer($0.octets)?.question == "www.example.com." })
        var reply = Message(reply: query.octets, flags: 0x8180)
        reply.add("www.example.com", .a, [1, 2, 3, 4])
        #expect(site.receive(reply.octets, query.exchange))
        #expect(site.answer(other)?.answer.count == 1)
    }

    @Test("of one rule leaves the same server to the others")
    func oneRule() throws {
        let site = distinct(
            Site(forward: [
                ForwardRule(domain: Site.name("home.arpa"), upstreams: [router]),
                ForwardRule(domain: .root, upstreams: [router]),
            ]))
        site.ask("nas.home.arpa", .a)
        site.wait(seconds: 2.05)
        let check = try #require(site.watch.first { $0.octets[12] == 16 })
        #expect(try #require(Answer(check.octets)).question.hasSuffix(".home.arpa."))
        _ = sendBack(check.octets, to: site)
        #expect(site.loops.map(\.domain) == [Site.name("home.arpa")])
        #expect(site.ask("printer.home.arpa", .a)?.rcode == 2)
        #expect(site.ask("www.example.com", .a) == nil && site.sent.count == 1)
    }

    @Test("a name that only looks like a check is an ordinary one")
    func lookalike() throws {
        let site = distinct(Site())
        site.ask("a.example", .a)
        site.wait(seconds: 2.05)
        site.sent = []
        #expect(site.ask("0123456789abcdef.a.example", .txt) == nil)
        #expect(site.ask("zzzzzzzzzzzzzzzz.a.example", .txt) == nil)
        #expect(site.sent.count == 2 && site.loops.isEmpty)
    }
}
