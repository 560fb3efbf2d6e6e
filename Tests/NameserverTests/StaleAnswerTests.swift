import DNS
import Nameserver
import Testing

/// RFC 8767, and refreshing in time.
@Suite("Answers past their lifetime, and shortly before it")
struct StaleAnswerTests {
    private let address: [UInt8] = [1, 2, 3, 4]

    /// A site that has asked for `a.example` and has had its 30 seconds of it.
    private func siteWithOldAnswer(_ cache: CacheLifetimes = .standard) -> Site {
        let site = Site(forward: [Site.rule(cache: cache)])
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, address) }
        site.advance(seconds: 31)
        return site
    }

    @Test("a silent upstream: the old answer after 1.8 s, with a TTL of 30 and its reason")
    func afterPatience() throws {
        let site = siteWithOldAnswer()
        site.ask("A.example", .a, edns: true)
        site.wait(seconds: 1.75)
        #expect(site.lastAnswer == nil)
        site.wait(seconds: 0.1)
        let answer = try #require(site.lastAnswer)
        #expect(answer.rcode == 0 && answer.extendedError == 3)
        #expect(answer.answer.map(\.ttl) == [30] && answer.answer.map(\.rdata) == [address])
        #expect(answer.answer.map(\.owner) == ["A.example."])
        #expect(site.processor.source == .stale)
        // The question goes on; its answer is for the next one, and meanwhile nobody else waits.
        #expect(Set(site.sent.map(\.octets)).count == 1)
        let count = site.sent.count
        #expect(site.ask("a.example", .a)?.answer.map(\.ttl) == [30])
        #expect(site.sent.count == count)
        site.reply { $0.add("a.example", .a, [5, 6, 7, 8]) }
        let next = try #require(site.ask("a.example", .a, edns: true))
        #expect(next.answer.map(\.rdata) == [[5, 6, 7, 8]] && next.extendedError == nil)
    }

    @Test("while no upstream answers, the old answer comes at once, and they are asked every 5 s")
    func knownOutage() throws {
        let site = siteWithOldAnswer()
        site.ask("a.example", .a)
        site.wait(seconds: 4.1)
        #expect(site.lastAnswer?.answer.count == 1 && site.sent.isEmpty)
        for _ in 0..<3 {
            let answer = try #require(site.ask("a.example", .a, edns: true))
            #expect(answer.answer.map(\.ttl) == [30] && answer.extendedError == 3)
            #expect(site.sent.isEmpty, "nothing newer could be had a moment ago")
        }
        site.wait(seconds: 5)
        for _ in 0..<3 { #expect(site.ask("a.example", .a)?.answer.count == 1) }
        #expect(site.sent.count == 1)
        site.reply { $0.add("a.example", .a, [5, 6, 7, 8]) }
        #expect(site.ask("a.example", .a)?.answer.map(\.rdata) == [[5, 6, 7, 8]])
    }

    @Test(
        "one name without an answer makes no outage: others are asked for, until a probe takes long, too"
    )
    func oneSilentName() throws {
        let site = siteWithOldAnswer()
        site.ask("dead.example", .a)
        site.wait(seconds: 2.05)
        #expect(site.registry.upstream(UpstreamAddress(.v4(0x0101_0101))).isFailing)
        site.sent.removeAll()
        #expect(site.ask("a.example", .a) == nil && site.sent.count == 1)
        site.reply { $0.add("a.example", .a, [5, 6, 7, 8]) }
        #expect(site.lastAnswer?.answer.map(\.rdata) == [[5, 6, 7, 8]])

        site.advance(seconds: 31)
        site.ask("dead2.example", .a)
        site.wait(seconds: 2.9)
        #expect(site.ask("a.example", .a)?.answer.map(\.rdata) == [[5, 6, 7, 8]])
    }

    @Test(
        "an upstream that refuses: the old answer at once, and no new question for 5 s",
        arguments: [1, 2, 4, 5])
    func refusal(rcode: UInt16) throws {
        let site = siteWithOldAnswer()
        site.ask("a.example", .a, edns: true)
        while !site.sent.isEmpty { site.reply(rcode: rcode) }
        #expect(site.lastAnswer?.rcode == 0 && site.lastAnswer?.extendedError == 3)
        #expect(site.ask("a.example", .a)?.answer.count == 1 && site.sent.isEmpty)
        site.advance(seconds: 5.1)
        #expect(site.ask("a.example", .a) == nil && site.sent.count == 1)
    }

    @Test("an answer is too old after a day, and none is given when that is off")
    func limit() throws {
        for (stale, age) in [(UInt32(86_400), 86_431.0), (0, 31), (100, 131)] {
            let site = siteWithOldAnswer(CacheLifetimes(stale: stale))
            site.advance(seconds: age - 31)
            site.ask("a.example", .a)
            site.wait(seconds: 4.1)
            #expect(site.lastAnswer?.rcode == 2)
        }
    }

    @Test("the operator is told what the clients got, and nothing of a refresh that failed")
    func reports() throws {
        let site = siteWithOldAnswer()
        site.ask("a.example", .a)
        site.wait(seconds: 1)
        for _ in site.sent { site.fail(.refused) }
        while !site.sent.isEmpty { site.fail(.refused) }
        #expect(site.lastAnswer?.answer.count == 1)
        #expect(site.reports.map(\.isBridged) == [true])
        // Also when they got it before the last attempt was over.
        let silent = siteWithOldAnswer()
        silent.ask("a.example", .a)
        silent.wait(seconds: 4.1)
        #expect(silent.reports.map(\.isBridged) == [true])
        site.advance(seconds: 6)
        #expect(site.ask("a.example", .a)?.answer.count == 1)
        while !site.sent.isEmpty { site.fail(.refused) }
        #expect(site.reports.count == 1)
    }

    @Test("a denial past its lifetime: NXDOMAIN with its own reason, and never an older address")
    func staleDenial() throws {
        let site = siteWithOldAnswer()
        site.ask("a.example", .a)
        site.reply(rcode: 3) { $0.addSOA("example") }
        site.advance(seconds: 31)
        site.ask("a.example", .a, edns: true)
        site.wait(seconds: 1.9)
        let answer = try #require(site.lastAnswer)
        #expect(answer.rcode == 3 && answer.extendedError == 19 && answer.answer.isEmpty)
        #expect(answer.authority.map(\.ttl) == [30])
        site.wait(seconds: 2.5)
        #expect(site.ask("a.example", .a)?.rcode == 3, "at once")
        // Another type was denied as well; a name below is not known to be.
        #expect(site.ask("a.example", .txt, edns: true)?.extendedError == 19)
        #expect(site.ask("b.a.example", .a) == nil)
    }

    @Test("a failure that was kept is no answer to fall back on")
    func oldFailure() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply(rcode: 2)
        site.advance(seconds: 6)
        site.ask("a.example", .a, edns: true)
        site.wait(seconds: 1.9)
        #expect(site.lastAnswer == nil)
        site.reply { $0.add("a.example", .a, address) }
        #expect(site.lastAnswer?.answer.count == 1)
    }

    @Test("an answer past its lifetime claims no authenticity")
    func authenticData() throws {
        let site = Site()
        site.ask("a.example", .a, flags: 0x0120)
        site.reply(flags: 0x0020) { $0.add("a.example", .a, address) }
        #expect(site.lastAnswer?.isAuthenticData == true)
        #expect(site.ask("a.example", .a, flags: 0x0120)?.isAuthenticData == true)
        site.advance(seconds: 31)
        site.ask("a.example", .a, flags: 0x0120)
        site.reply(rcode: 2)
        #expect(site.lastAnswer?.answer.count == 1 && site.lastAnswer?.isAuthenticData == false)
    }

    @Test("a new denial takes the place of an old answer")
    func denied() throws {
        let site = siteWithOldAnswer()
        site.ask("a.example", .a)
        site.reply(rcode: 3) { $0.addSOA("example") }
        #expect(site.lastAnswer?.rcode == 3)
        #expect(site.ask("a.example", .a)?.rcode == 3)
    }

    @Test("a name that is asked again is refreshed in its last tenth, once, and nobody waits")
    func prefetch() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, address) }
        site.advance(seconds: 10)
        #expect(site.ask("a.example", .a)?.answer.count == 1)
        site.advance(seconds: 17.5)
        for _ in 0..<3 { #expect(site.ask("a.example", .a)?.answer.map(\.ttl) == [3]) }
        #expect(site.sent.count == 1 && site.forwarder.counted.refreshes == 1)
        // What the upstream cannot do costs nothing.
        site.reply(rcode: 2)
        #expect(site.ask("a.example", .a)?.answer.map(\.ttl) == [3])

        site.advance(seconds: 3)
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, address) }
        #expect(site.ask("a.example", .a)?.answer.count == 1)
        site.advance(seconds: 28)
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, [5, 6, 7, 8]) }
        #expect(site.ask("a.example", .a)?.answer.map(\.ttl) == [30])
        #expect(site.ask("a.example", .a)?.answer.map(\.rdata) == [[5, 6, 7, 8]])
    }

    @Test("before its last tenth no name is refreshed; nor is any when that is off")
    func noPrefetch() throws {
        for (prefetches, age, count) in [(true, 26.9, 0), (true, 27.1, 1), (false, 28, 0)] {
            let site = Site(forward: [Site.rule(cache: CacheLifetimes(prefetches: prefetches))])
            site.ask("a.example", .a)
            site.reply { $0.add("a.example", .a, address) }
            site.advance(seconds: age)
            #expect(site.ask("a.example", .a)?.answer.count == 1)
            #expect(site.sent.count == count, "\(prefetches) \(age)")
        }
    }

    @Test("behind an alias of a zone, too")
    func behindAlias() throws {
        let zone = try zone(
            "example.com", [("alias.example.com", .cname, Site.name("a.example").octets)])
        let site = Site(zones: [zone])
        site.ask("alias.example.com", .a)
        site.reply { $0.add("a.example", .a, address) }
        site.advance(seconds: 31)
        site.ask("alias.example.com", .a, edns: true)
        site.wait(seconds: 1.9)
        let answer = try #require(site.lastAnswer)
        #expect(answer.answer.map(\.type) == [.cname, .a] && answer.answer.map(\.ttl)[1] == 30)
        #expect(answer.extendedError == 3)
    }
}
