import DNS
import Nameserver
import Testing

/// A datagram is lost now and then. The upstream is asked once more before two seconds are over, beside the
/// next one where there is one.
@Suite("Queries that are repeated")
struct RepeatedQueryTests {
    private let upstreams = (1...2).map { UpstreamAddress(.v4($0)) }

    /// A site with `count` upstreams that answer at once, and have done so.
    private func knownSite(count: Int) -> Site {
        let site = Site(forward: [
            ForwardRule(domain: .root, upstreams: Array(upstreams.prefix(count))),
            ForwardRule(domain: Site.name("second.example"), upstreams: [upstreams[1]]),
        ])
        for number in 0..<20 { ask(site, "known\(number).example") }
        return site
    }

    private func ask(_ site: Site, _ name: String) {
        site.ask(name, .a)
        site.advance(seconds: 0.01)
        answer(site, name)
    }

    private func answer(_ site: Site, _ name: String) {
        site.reply { $0.add(name, .a, [1, 2, 3, 4]) }
    }

    /// The times after which queries went out since `start`, and to whom.
    private func queries(
        _ site: Site, until end: Double
    ) -> [(after: Double, to: UpstreamAddress)] {
        let start = site.now
        var seen: Set<UInt64> = []
        var queries: [(Double, UpstreamAddress)] = []
        while true {
            for query in site.sent where seen.insert(query.exchange).inserted {
                queries.append((Double((site.now - start) / 10_000_000) / 100, query.to))
            }
            guard Double(site.now - start) / 1e9 < end - 0.001 else { return queries }
            site.advance(seconds: 0.05)
            site.tick()
        }
    }

    @Test(
        "A lone upstream is asked again after what it usually takes, and after twice that time more"
    )
    func loneUpstream() {
        let site = knownSite(count: 1)
        site.ask("a.example", .a)
        let queries = queries(site, until: 3.9)
        #expect(queries.map(\.after) == [0, 0.4, 1.2, 2, 2.4, 3.2])
        #expect(site.forwarder.counted.repeated == 4)
        // Only whole attempts count as failures. After the first one two checks for a loop go out.
        #expect(site.forwarder.counted.timeouts == 1)
        #expect(site.forwarder.counted.sent - site.forwarder.counted.repeated == 20 + 2 + 2)
        // An answer to any of them does.
        site.sent.removeFirst(1)
        answer(site, "a.example")
        #expect(site.lastAnswer?.answer.count == 1)
        #expect(site.sent.isEmpty, "the others are given up")
    }

    @Test("A repeated query says nothing against its upstream")
    func noFailure() {
        let site = knownSite(count: 1)
        site.ask("a.example", .a)
        _ = queries(site, until: 1.9)
        #expect(site.sent.count == 3 && !site.registry.upstream(upstreams[0]).isFailing)
        #expect(site.watch.isEmpty)
    }

    @Test("A repeated query leaves from elsewhere, with an ID and a spelling of its own")
    func unlike() {
        let site = knownSite(count: 1)
        var state: UInt64 = 1
        site.random = {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
        site.ask("a-long-name-of-many-letters.example", .a)
        _ = queries(site, until: 0.5)
        #expect(site.sent.count == 2 && site.late == [site.sent[0].exchange])
        _ = queries(site, until: 1)
        #expect(site.late.suffix(2) == site.sent.prefix(2).map(\.exchange))
        #expect(site.sent[0].octets[12...] != site.sent[1].octets[12...])
    }

    @Test("Of two, the second is asked after the first, and both again")
    func two() {
        let site = knownSite(count: 2)
        for number in 0..<20 { ask(site, "known\(number).second.example") }
        site.ask("a.example", .a)
        let queries = queries(site, until: 2.5)
        #expect(queries.map(\.after) == [0, 0.4, 0.4, 0.8, 1.2, 1.6, 2.4])
        #expect(queries.map(\.to) == [0, 1, 0, 1, 0, 1, 0].map { upstreams[$0] })
    }

    @Test("One that has not answered yet, or is slow, is asked as often as it fails")
    func unknownOrSlow() {
        let site = knownSite(count: 1)
        let other = Site(forward: [ForwardRule(domain: .root, upstreams: [upstreams[0]])])
        other.ask("a.example", .a)
        #expect(queries(other, until: 2.1).map(\.after) == [0, 2])
        for number in 0..<20 {
            site.ask("slow\(number).example", .a)
            site.advance(seconds: 0.9)
            answer(site, "slow\(number).example")
        }
        site.ask("a.example", .a)
        #expect(queries(site, until: 2.1).map(\.after) == [0, 2])
    }

    @Test("Over TCP nothing is repeated: its segments are")
    func tcp() {
        let site = knownSite(count: 1)
        site.ask("a.example", .a, over: .tcp)
        #expect(queries(site, until: 2.1).map(\.after) == [0, 2])
    }

    @Test("What an upstream refuses, it refuses once")
    func refusal() {
        let site = knownSite(count: 1)
        site.ask("a.example", .a)
        _ = queries(site, until: 1.3)
        #expect(site.sent.count == 3)
        site.reply(rcode: 5)
        #expect(site.lastAnswer?.rcode == 5 && site.sent.isEmpty)
    }

    /// Lets the query that went out second be refused.
    private func refuseRepetition(_ site: Site) {
        _ = queries(site, until: 0.45)
        site.sent.swapAt(0, 1)
        site.reply(rcode: 2)
    }

    @Test("To refuse a repetition says nothing of the first, whose answer may yet come")
    func refusedRepetition() {
        let site = knownSite(count: 1)
        site.ask("a.example", .a)
        refuseRepetition(site)
        #expect(site.lastAnswer == nil && site.sent.count == 1)
        _ = queries(site, until: 1.4)
        #expect(site.sent.count == 1, "it is not asked a third time")
        answer(site, "a.example")
        #expect(site.lastAnswer?.answer.count == 1)
    }

    @Test("Where only a repetition is answered, by a refusal, that is passed on after four seconds")
    func refusedRepetitionAlone() {
        let site = knownSite(count: 1)
        site.ask("b.example", .a)
        refuseRepetition(site)
        _ = queries(site, until: 3.5)
        #expect(site.lastAnswer == nil)
        _ = queries(site, until: 0.2)
        #expect(site.lastAnswer?.rcode == 2 && site.sent.isEmpty)
    }

    @Test("One that was silent has been asked again when the other one refuses, and has its time")
    func silentThenRefusal() {
        for isAnswered in [true, false] {
            let site = knownSite(count: 2)
            site.ask("a.example", .a)
            _ = queries(site, until: 0.45)
            #expect(site.sent.map(\.to) == upstreams + upstreams.prefix(1))
            site.sent.swapAt(0, 1)
            site.reply(rcode: 2)
            #expect(site.sent.map(\.to) == [upstreams[0], upstreams[0]])
            if isAnswered {
                site.sent.removeFirst()
                answer(site, "a.example")
                #expect(site.lastAnswer?.answer.count == 1)
            } else {
                _ = queries(site, until: 3.4)
                #expect(site.lastAnswer == nil)
                _ = queries(site, until: 0.3)
                #expect(site.lastAnswer?.rcode == 2 && site.sent.isEmpty)
            }
        }
    }

    @Test("The one that is asked after a refusal is asked again, too")
    func refusalThenSilence() {
        let site = knownSite(count: 2)
        for number in 0..<20 { ask(site, "known\(number).second.example") }
        site.ask("a.example", .a)
        site.reply(rcode: 5)
        #expect(queries(site, until: 3.9).map(\.after) == [0, 0.4, 1.2])
        #expect(site.sent.allSatisfy { $0.to == upstreams[1] })
        _ = queries(site, until: 0.2)
        #expect(site.lastAnswer?.rcode == 5 && site.sent.isEmpty)
    }

    @Test("An answer after a refusal has the same time as one without")
    func slowAfterRefusal() {
        let site = knownSite(count: 2)
        site.ask("a.example", .a)
        site.reply(rcode: 5)
        _ = queries(site, until: 3)
        answer(site, "a.example")
        #expect(site.lastAnswer?.answer.count == 1)
    }

    @Test("Beside one that is down the other is asked as if it were alone")
    func besideOneThatIsDown() {
        let site = knownSite(count: 2)
        for number in 0..<20 { ask(site, "known\(number).second.example") }
        site.ask("a.second.example", .a)
        site.wait(seconds: 10)
        #expect(site.registry.upstream(upstreams[1]).isDown)
        site.sent.removeAll()
        site.ask("a.example", .a)
        let queries = queries(site, until: 3.9)
        #expect(queries.map(\.after) == [0, 0.4, 1.2, 2, 2.4, 3.2])
        #expect(queries.allSatisfy { $0.to == upstreams[0] })
    }

    @Test("One that failed is asked all the same when the other one refuses, unless it is down")
    func failedThenRefusal() {
        let site = knownSite(count: 2)
        site.ask("a.example", .a)
        _ = queries(site, until: 0.45)
        site.sent.swapAt(0, 1)
        answer(site, "a.example")
        #expect(site.registry.upstream(upstreams[0]).isFailing)
        site.sent.removeAll()
        site.ask("b.example", .a)
        #expect(site.sent.map(\.to) == [upstreams[1]])
        site.reply(rcode: 2)
        #expect(site.lastAnswer == nil && site.sent.map(\.to) == [upstreams[0]])
        answer(site, "b.example")
        #expect(site.lastAnswer?.answer.count == 1)
    }

    @Test(
        "Of a client with hundreds of dead names half as many are repeated as may be, and others' are"
    )
    func manyInFlight() {
        let site = knownSite(count: 1)
        for number in 0..<300 { site.ask("h\(number).example", .a, from: "192.168.10.66") }
        #expect(queries(site, until: 0.5).count == 300 + 256)
        // Each newcomer has its own.
        for number in 1...60 {
            site.ask("other\(number).example", .a, from: "192.168.10.\(number)")
        }
        _ = queries(site, until: 0.5)
        #expect(site.forwarder.counted.repeated == 256 + 60)
        // With the questions their repetitions end.
        while !site.sent.isEmpty { site.reply(rcode: 3) { $0.addSOA("example") } }
        for number in 0..<20 { ask(site, "again\(number).example") }
        for number in 0..<300 { site.ask("i\(number).example", .a, from: "192.168.10.66") }
        #expect(queries(site, until: 0.9).count == 300 + 256)
    }

    @Test("An upstream that is down has two seconds, in which it may come back")
    func down() {
        let site = knownSite(count: 1)
        site.ask("a.example", .a)
        _ = queries(site, until: 8)
        #expect(site.registry.upstream(upstreams[0]).isDown)
        site.sent.removeAll()
        site.ask("b.example", .a)
        #expect(queries(site, until: 1.9).map(\.after) == [0, 0.4, 1.2])
    }
}
