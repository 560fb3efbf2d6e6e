import DNS
import Nameserver
import Testing

@Suite("Failover between upstreams")
struct FailoverTests {
    /// A site with three upstreams.
    private func siteOfThree() -> Site {
        let upstreams = (1...3).map { UpstreamAddress(.v4($0)) }
        return Site(forward: [ForwardRule(domain: .root, upstreams: upstreams)])
    }

    @Test(
        "a silent upstream of two costs the first client under a second and the next ones nothing")
    func silentOfTwo() throws {
        let upstreams = [UpstreamAddress(.v4(1)), UpstreamAddress(.v4(2))]
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: upstreams)])
        func answer(_ name: String) { site.reply { $0.add(name, .a, [1, 2, 3, 4]) } }
        site.ask("a.example", .a)
        #expect(site.sent.map(\.to) == [upstreams[0]])
        site.advance(seconds: 0.79)
        site.tick()
        #expect(site.sent.map(\.to) == [upstreams[0]])
        site.advance(seconds: 0.05)
        site.tick()
        #expect(site.watch.count == 3 && site.watch.allSatisfy { $0.to == upstreams[0] })
        // The first may still answer. Nobody knows whether it is usually quicker.
        #expect(site.sent.map(\.to) == upstreams && site.late.isEmpty)
        site.sent.removeFirst()
        answer("a.example")
        #expect(site.lastAnswer?.answer.count == 1)
        // It has not answered since.
        site.ask("b.example", .a)
        #expect(site.sent.map(\.to) == [upstreams[1]])
        answer("b.example")
        // Now it does.
        site.answerProbe()
        site.ask("c.example", .a)
        #expect(site.sent.map(\.to) == [upstreams[0]])
        answer("c.example")
        // What it usually takes is all that it is given, but never less than 0.4 s.
        site.ask("d.example", .a)
        site.advance(seconds: 0.41)
        site.tick()
        #expect(site.sent.contains { $0.to == upstreams[1] })
        // It is, so that the way there is in doubt.
        #expect(Set(site.late) == [site.sent[0].exchange] && site.sent[0].to == upstreams[0])
    }

    @Test("an upstream that is slower than others is given the time that it usually takes")
    func patience() throws {
        let upstreams = [UpstreamAddress(.v4(1)), UpstreamAddress(.v4(2))]
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: upstreams)])
        for number in 0..<10 {
            let name = "h\(number).example"
            site.ask(name, .a)
            site.advance(seconds: 0.6)
            site.tick()
            #expect(site.sent.map(\.to) == [upstreams[0]])
            site.reply { $0.add(name, .a, [1, 2, 3, 4]) }
            #expect(site.lastAnswer?.answer.count == 1)
        }
    }

    @Test("asks a further upstream when one says SERVFAIL or REFUSED", arguments: [2, 5])
    func failover(rcode: UInt16) throws {
        let site = siteOfThree()
        site.ask("a.example", .a)
        site.reply(rcode: rcode)
        #expect(site.lastAnswer == nil && site.sent.map(\.to.address) == [.v4(2)])
        site.reply(rcode: rcode)
        #expect(site.lastAnswer == nil && site.sent.map(\.to.address) == [.v4(3)])
        site.reply { $0.add("a.example", .a, [1, 2, 3, 4]) }
        #expect(site.lastAnswer?.rcode == 0 && site.lastAnswer?.answer.count == 1)
        #expect(site.reports.isEmpty)
    }

    @Test("passes the last refusal on when every upstream refuses, without asking anyone twice")
    func refusedByAll() throws {
        let site = siteOfThree()
        site.ask("a.example", .a)
        for rcode: UInt16 in [2, 2, 5] { site.reply(rcode: rcode) }
        #expect(site.lastAnswer?.rcode == 5)
        #expect(site.sent.isEmpty && site.reports.isEmpty)
    }

    @Test("passes a refusal on when the further upstream is silent, and at once when it is down")
    func refusalBesideSilence() throws {
        let upstreams = [UpstreamAddress(.v4(1)), UpstreamAddress(.v4(2))]
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: upstreams)])
        site.ask("a.example", .a)
        site.reply(rcode: 5)
        #expect(site.lastAnswer == nil)
        site.advance(seconds: 4)
        site.tick()
        #expect(site.lastAnswer?.rcode == 5)
        // Its probes stay unanswered, so it is down.
        for _ in 0..<80 {
            site.advance(seconds: 0.1)
            site.tick()
        }
        #expect(site.registry.upstream(upstreams[1]).isDown)
        site.sent.removeAll()
        site.ask("b.example", .a)
        site.reply(rcode: 5)
        #expect(site.lastAnswer?.rcode == 5)
    }

    @Test("one that leaves a type unanswered is well as soon as it answers what it did before")
    func unansweredType() throws {
        let upstreams = [UpstreamAddress(.v4(1)), UpstreamAddress(.v4(2))]
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: upstreams)])
        func answer(_ name: String) { site.reply { $0.add(name, .a, [1, 2, 3, 4]) } }
        site.ask("known.example", .a)
        answer("known.example")
        site.ask("www.example", .https)
        site.advance(seconds: 0.85)
        site.tick()
        #expect(site.registry.upstream(upstreams[0]).isFailing)
        // Not for `. NS`, which it may not answer either.
        let probe = try #require(site.watch.first)
        let known = Message("known.example", .a, flags: 0x0100).octets
        #expect(probe.to == upstreams[0] && probe.octets[12...].starts(with: known[12...]))
        site.answerProbe()
        site.sent.removeAll()
        site.ask("b.example", .a)
        #expect(site.sent.map(\.to) == [upstreams[0]])
    }

    @Test("what answers its clients is not probed on, whatever its probes come to")
    func answersClients() {
        let site = Site()
        let upstream = site.registry.upstream(UpstreamAddress(.v4(0x0101_0101)))
        site.ask("www.example", .https)
        site.wait(seconds: 4.5)
        #expect(upstream.isFailing && upstream.probes.failed > 0)
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, [1, 2, 3, 4]) }
        let probes = upstream.probes.sent
        site.wait(seconds: 10)
        #expect(!upstream.isDown && !upstream.isFailing && upstream.probes.sent == probes)
        // The next failure has it probed again.
        site.ask("www2.example", .https)
        site.wait(seconds: 2.5)
        #expect(upstream.probes.sent > probes)
    }

    @Test("a server that cannot prove who it is costs a notice, although another one answers")
    func trouble() throws {
        let secure = UpstreamAddress(.v4(1), port: 853, authentication: .domainName("dns.example"))
        let site = Site(forward: [
            ForwardRule(domain: .root, upstreams: [secure, UpstreamAddress(.v4(2))])
        ])
        for number in 0..<3 {
            site.ask("h\(number).example", .a)
            if number == 0 { site.fail(.network("certificate is for other.example")) }
            site.reply { $0.add("h\(number).example", .a, [1, 2, 3, 4]) }
            #expect(site.lastAnswer?.answer.count == 1)
        }
        #expect(site.troubles.map(\.upstream) == [secure])
        #expect(site.troubles.map(\.reason) == ["certificate is for other.example"])
        #expect(site.reports.isEmpty)
        let upstream = site.registry.upstream(secure)
        #expect(upstream.isFailing && "\(upstream.failure.map { "\($0)" } ?? "")".contains("other"))
    }

    @Test("what an upstream refuses without a reason says at least who did")
    func said() throws {
        let site = Site()
        site.ask("a.example", .a, edns: true)
        site.reply(rcode: 2)
        #expect(site.lastAnswer?.extendedError == 0)
        #expect(site.lastAnswer?.extendedErrorText == "the upstream said SERVFAIL")
    }
}
