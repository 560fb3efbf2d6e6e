import DNS
import Nameserver
import Testing

@Suite("Attempts and those who wait for them")
struct FlightTests {
    private let address: [UInt8] = [1, 2, 3, 4]
    private let upstreams = (1...3).map { UpstreamAddress(.v4($0)) }

    private func site(_ policy: UpstreamPolicy, count: Int = 3) -> Site {
        Site(forward: [
            ForwardRule(domain: .root, upstreams: Array(upstreams.prefix(count)), policy: policy)
        ])
    }

    @Test("an answer to an earlier attempt counts as long as anybody waits (coredns#6163)")
    func late() throws {
        let site = site(.sequential, count: 1)
        site.ask("a.example", .a)
        site.wait(seconds: 3.5)
        #expect(site.sent.count == 2 && site.lastAnswer == nil)
        site.reply { $0.add("a.example", .a, address) }
        #expect(site.lastAnswer?.answer.count == 1)
        #expect(site.sent.isEmpty, "the other attempt is given up")
    }

    @Test("a failure is that of those who asked before the last attempt; later ones get their own")
    func laterAskers() throws {
        let site = site(.sequential, count: 1)
        site.ask("a.example", .a)
        let first = site.lastTicket
        site.wait(seconds: 1)
        site.ask("a.example", .a)
        site.wait(seconds: 1.5)
        site.ask("a.example", .a)
        #expect(site.sent.count == 2)
        site.wait(seconds: 1.6)
        #expect(site.answer(first)?.rcode == 2 && site.answer(first + 1)?.rcode == 2)
        #expect(site.answer(first + 2) == nil && site.sent.count == 1)
        // Its own four seconds began at 2.5 s.
        site.wait(seconds: 2.3)
        #expect(site.answer(first + 2) == nil)
        site.wait(seconds: 0.2)
        #expect(site.answer(first + 2)?.rcode == 2)
        #expect(site.sent.isEmpty && site.forwarder.counted.joined == 2)
    }

    @Test("an outage leaves nothing behind")
    func outage() throws {
        let site = site(.sequential)
        for number in 0..<50 { site.ask("h\(number % 10).example", .a) }
        site.wait(seconds: 4.1)
        #expect((1...50).allSatisfy { site.answer($0)?.rcode == 2 })
        #expect(site.reports.count == 10)
        for upstream in upstreams { #expect(site.registry.upstream(upstream).isFailing) }
        #expect(!site.forwarder.isIdle)
        // They are probed until they answer, and that is all.
        for _ in 0..<3 {
            while !site.sent.isEmpty { site.reply() }
            for _ in site.watch { site.answerProbe() }
            site.wait(seconds: 2.5)
        }
        for upstream in upstreams { #expect(!site.registry.upstream(upstream).isFailing) }
        #expect(site.forwarder.isIdle && site.sent.isEmpty && site.watch.isEmpty)
    }

    @Test("random: every upstream has its share of the questions")
    func random() throws {
        let site = site(.random)
        var state: UInt64 = 7
        site.random = {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
        var counts: [UpstreamAddress: Int] = [:]
        for number in 0..<300 {
            site.ask("h\(number).example", .a)
            counts[site.sent[0].to, default: 0] += 1
            site.reply { $0.add("h\(number).example", .a, address) }
        }
        // 100 each; five standard deviations are 41.
        #expect(counts.count == 3 && counts.values.allSatisfy { (59...141).contains($0) })
    }

    @Test("fastest: the quick one is asked, the others are measured at times beside it")
    func fastest() throws {
        let site = site(.fastest)
        var draws: UInt64 = 0
        // Not a multiple of the interval: nothing is measured.
        site.random = { 1 }
        let times = [0.03, 0.01, 0.02]
        func ask(_ name: String, delays: [Double]) throws -> UpstreamAddress {
            site.ask(name, .a)
            let upstream = site.sent[0].to
            site.advance(seconds: delays[upstreams.firstIndex(of: upstream) ?? 0])
            site.reply { $0.add(name, .a, address) }
            return upstream
        }
        let first = Set(try (0..<3).map { try ask("x\($0).example", delays: times) })
        #expect(first == Set(upstreams), "each is asked once")
        for number in 0..<5 {
            #expect(try ask("h\(number).example", delays: times) == upstreams[1])
        }
        // Once in 32 another one is asked beside it, and the client has the first answer.
        site.random = {
            draws += 1
            return draws == 1 ? 32 : 1
        }
        site.ask("measured.example", .a)
        #expect(site.sent.count == 2 && Set(site.sent.map(\.to)).contains(upstreams[1]))
        site.reply { $0.add("measured.example", .a, address) }
        #expect(site.lastAnswer?.answer.count == 1 && site.sent.isEmpty)
        // It slows down: another one takes its place.
        site.random = { 1 }
        let slow = [0.03, 0.2, 0.02]
        for number in 0..<3 { _ = try ask("s\(number).example", delays: slow) }
        #expect(try ask("last.example", delays: slow) == upstreams[2])
    }

    @Test("fastest: servers that are asked over TLS are measured, too")
    func fastestOverTLS() throws {
        let secure = (1...2).map {
            UpstreamAddress(.v4($0), port: 853, authentication: .address)
        }
        let site = Site(forward: [
            ForwardRule(domain: .root, upstreams: secure, policy: .fastest)
        ])
        site.random = { 1 }
        var asked: [UpstreamAddress] = []
        for number in 0..<4 {
            site.ask("h\(number).example", .a)
            asked.append(site.sent[0].to)
            site.advance(seconds: site.sent[0].to == secure[0] ? 0.05 : 0.01)
            site.reply { $0.add("h\(number).example", .a, address) }
        }
        #expect(asked == [secure[0], secure[1], secure[1], secure[1]])
    }

    @Test("parallel: two at once, and the first good answer wins")
    func parallel() throws {
        let site = site(.parallel(2))
        site.ask("a.example", .a)
        #expect(site.sent.map(\.to) == Array(upstreams.prefix(2)))
        site.sent.swapAt(0, 1)
        site.reply { $0.add("a.example", .a, address) }
        #expect(site.lastAnswer?.answer.count == 1 && site.sent.isEmpty)
        // A quick SERVFAIL does not win; the third is asked beside the second.
        site.ask("b.example", .a)
        site.reply(rcode: 2)
        #expect(site.lastAnswer == nil && site.sent.map(\.to) == Array(upstreams[1...]))
        site.reply { $0.add("b.example", .a, address) }
        #expect(site.lastAnswer?.answer.count == 1 && site.sent.isEmpty)
        // All of them refuse: that is passed on.
        site.ask("c.example", .a)
        for _ in 0..<3 { site.reply(rcode: 5) }
        #expect(site.lastAnswer?.rcode == 5 && site.sent.isEmpty)
    }

    @Test("parallel with all upstreams: each is asked twice in four seconds when all are silent")
    func parallelSilent() throws {
        let site = site(.parallel(3))
        site.ask("a.example", .a)
        site.wait(seconds: 1.9)
        #expect(site.sent.count == 3)
        site.wait(seconds: 0.2)
        #expect(site.sent.count == 6)
        site.wait(seconds: 2)
        #expect(site.lastAnswer?.rcode == 2 && site.sent.isEmpty)
    }

    @Test("tells the upstream the rule's client subnet, and only that one")
    func clientSubnet() throws {
        var rule = Site.rule()
        rule.clientSubnet = Site.prefix("203.0.113.0/24")
        let site = Site(forward: [rule])
        site.ask("a.example", .a)
        let sent = try #require(Answer(site.sent[0].octets))
        let option: Range<Int>? = try sent.edns?.option(8, in: sent.octets.span)
        #expect(option.map { Array(sent.octets[$0]) } == [0, 1, 24, 0, 203, 0, 113])
    }

    @Test("queries over TLS are padded to 128 octets, whatever the name's length")
    func padding() throws {
        let secure = UpstreamAddress(.v4(1), port: 853, authentication: .domainName("dns.example"))
        let site = Site(forward: [ForwardRule(domain: .root, upstreams: [secure])])
        for length in 1...63 {
            site.ask(String(repeating: "a", count: length) + ".example", .a)
            let sent = site.sent.removeFirst()
            #expect(sent.over == .tcp && sent.octets.count == 128)
            let query = try #require(Answer(sent.octets))
            let padding: Range<Int>? = try query.edns?.option(12, in: sent.octets.span)
            #expect(padding != nil)
        }
    }
}
