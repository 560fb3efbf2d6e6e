import DNS
import Testing

@testable import Nameserver

@Suite("Whether a forward rule has a server that answers")
struct ForwardRuleHealthTests {
    private static func health(_ site: Site) throws -> ForwardRuleHealth {
        let rules = site.snapshot.forwardRules
        try #require(rules.count == 1)
        return rules[0]
    }

    @Test("Nobody knows until one has answered; a probe is enough")
    func probe() throws {
        let site = Site()
        let health = try Self.health(site)
        #expect(health.view == "lan" && health.domain == .root && health.upstreams.count == 1)
        #expect(!health.isGood)
        site.probe(health.upstreams[0])
        #expect(site.watch.count == 1 && site.sent.isEmpty && !health.isGood)
        // However often that is wanted, one probe is under way.
        site.probe(health.upstreams[0])
        #expect(site.watch.count == 1)
        site.answerProbe()
        #expect(health.isGood && site.forwarder.isIdle)
    }

    @Test("A server that no query went to is probed until it answers")
    func silent() throws {
        let site = Site()
        let health = try Self.health(site)
        site.probe(health.upstreams[0])
        for _ in 0..<60 {
            site.advance(seconds: 0.1)
            site.tick()
        }
        #expect(health.upstreams[0].isDown && !health.isGood)
        #expect(site.watch.count == 1)
        site.answerProbe()
        #expect(health.isGood && !health.upstreams[0].isDown)
    }

    @Test("A failure is no answer, and one good server is enough")
    func failures() throws {
        let upstreams = [UpstreamAddress(.v4(1)), UpstreamAddress(.v4(2))]
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: upstreams)])
        let health = try Self.health(site)
        site.ask("a.example", .a)
        site.fail(.refused)
        #expect(!health.isGood, "one has failed, one is unknown")
        site.reply { $0.add("a.example", .a, [1, 1, 1, 1]) }
        #expect(health.isGood)
        site.registry.upstream(upstreams[1]).failed(.refused, now: 0)
        #expect(!health.isGood)
    }

    @Test("A server that sends questions back is of no use to that rule")
    func loop() throws {
        let site = Site()
        let health = try Self.health(site)
        site.probe(health.upstreams[0])
        site.answerProbe()
        _ = health.upstreams[0].foundLooping(for: .root, now: site.now)
        #expect(!health.isGood)
        health.upstreams[0].loopEnded(for: .root)
        #expect(health.isGood)
    }
}

extension Site {
    fileprivate func probe(_ upstream: Upstream) {
        forwarder.probe(upstream, now: now)
        carryOut()
    }
}
