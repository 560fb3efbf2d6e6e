import DNS
import Testing

@testable import Nameserver

@Suite("Upstreams over reloads")
struct UpstreamRegistryTests {
    private let first = UpstreamAddress(.v4(1))
    private let second = UpstreamAddress(.v4(2))

    private func snapshot(_ site: Site, _ rules: [ForwardRule]) -> Snapshot {
        let view = ViewDescription(
            name: "lan", clients: [Site.prefix("192.168.10.0/24")], forward: rules)
        return Snapshot([view], upstreams: site.registry, seed: Site.seed)
    }

    @Test("A server is forgotten when a snapshot without it is served, not when one is made")
    func retired() {
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: [first, second])])
        let upstream = site.registry.upstream(first)
        let other = snapshot(site, [ForwardRule(domain: .root, upstreams: [second])])
        #expect(!upstream.isRetired && site.registry.all.count == 2)
        // What could not be served after all.
        site.registry.keep(only: site.snapshot)
        #expect(!upstream.isRetired && site.registry.all.count == 2)
        site.registry.keep(only: other)
        #expect(upstream.isRetired && site.registry.all.map(\.address) == [second])
        #expect(site.registry.upstream(first) !== upstream)
    }

    @Test("Of a server that stays, what other rules have learnt is forgotten")
    func otherRules() {
        let corporate = Site.name("corp.internal")
        let inside = ForwardRule(domain: corporate, upstreams: [first])
        let everything = ForwardRule(domain: .root, upstreams: [first])
        let site = Site(forward: [inside])
        let upstream = site.registry.upstream(first)
        site.ask("payroll.corp.internal", .a)
        // Another one waits while the rule goes.
        site.ask("late.corp.internal", .a)
        site.reply { $0.add("payroll.corp.internal", .a, [1, 2, 3, 4]) }
        #expect(upstream.answeredQuestion != nil)
        #expect(upstream.foundLooping(for: corporate, now: 1) && upstream.isLooping)

        site.registry.keep(only: snapshot(site, [inside, everything]))
        #expect(upstream.answeredQuestion != nil && upstream.isLooping)

        site.registry.keep(only: snapshot(site, [everything]))
        #expect(upstream.answeredQuestion == nil && !upstream.isLooping)
        // What waited does not bring it back.
        site.reply { $0.add("late.corp.internal", .a, [1, 2, 3, 4]) }
        #expect(upstream.answeredQuestion == nil)
        #expect(!upstream.foundLooping(for: corporate, now: 2) && !upstream.isLooping)
    }

    @Test("The probe of a server that is forgotten ends")
    func probe() {
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: [first])])
        site.ask("a.example", .a)
        site.wait(seconds: 2.05)
        #expect(site.watch.contains { $0.octets[12] == 0 })
        site.registry.keep(only: snapshot(site, []))
        site.wait(seconds: 0.1)
        #expect(!site.watch.contains { $0.octets[12] == 0 })
    }
}
