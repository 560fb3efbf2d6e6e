import DNS
import Nameserver
import Testing

/// CoreDNS's contract for `cache 30` and `forward`, as stories with a fake clock.
@Suite("Forwarding")
struct ForwardingTests {
    @Test(
        "caps TTLs at 30 s and lifts them to 5 s, on the first answer too",
        arguments: [(UInt32(3600), UInt32(30)), (0, 5), (12, 12)])
    func lifetimes(upstream: UInt32, client: UInt32) throws {
        let site = Site()
        #expect(site.ask("a.example", .a) == nil)
        site.reply { $0.add("a.example", .a, ttl: upstream, [1, 2, 3, 4]) }
        #expect(site.lastAnswer?.answer.map(\.ttl) == [client])
        #expect(site.ask("a.example", .a)?.answer.map(\.ttl) == [client])
        site.advance(seconds: 2.1)
        #expect(site.ask("A.Example", .a)?.answer.map(\.ttl) == [client - 2])
        #expect(site.ask("A.Example", .a)?.answer.map(\.owner) == ["A.Example."])
        site.advance(seconds: Double(client) - 2.1)
        #expect(site.ask("a.example", .a) == nil)
    }

    @Test("keeps a negative answer for the smaller of SOA TTL and MINIMUM, at most 30 s")
    func negative() throws {
        for (ttl, minimum, expected) in [(900, 1800, 30), (900, 10, 10), (7, 300, 7)] {
            let site = Site()
            site.ask("none.example", .a)
            site.reply(rcode: 3) {
                $0.addSOA("example", ttl: UInt32(ttl), minimum: UInt32(minimum))
            }
            let answer = try #require(site.lastAnswer)
            #expect(answer.rcode == 3)
            #expect(answer.authority.map(\.ttl) == [UInt32(expected)])
            site.advance(seconds: Double(expected) - 0.5)
            #expect(site.ask("none.example", .a)?.rcode == 3)
            site.advance(seconds: 1)
            #expect(site.ask("none.example", .a) == nil)
        }
    }

    @Test("keeps answers without SOA, and SERVFAIL, for 5 s; REFUSED not at all")
    func brief() throws {
        for (rcode, kept) in [(UInt16(3), true), (0, true), (2, true), (4, true), (5, false)] {
            let site = Site()
            site.ask("x.example", .a)
            // FORMERR or NOTIMP without OPT may mean that the cookie, or EDNS, is not understood.
            while !site.sent.isEmpty { site.reply(rcode: rcode) }
            #expect(site.lastAnswer?.rcode == rcode)
            #expect((site.ask("x.example", .a) != nil) == kept)
            site.advance(seconds: 5)
            #expect(site.ask("x.example", .a) == nil)
        }
    }

    @Test("joins equal questions in flight")
    func joined() throws {
        let site = Site()
        for name in ["a.example", "A.example", "a.EXAMPLE"] { site.ask(name, .a) }
        #expect(site.sent.count == 1)
        site.reply { $0.add("a.example", .a, [1, 2, 3, 4]) }
        #expect(
            (1...3).map { site.answer($0)?.question } == ["a.example.", "A.example.", "a.EXAMPLE."])
        #expect((1...3).map { site.answer($0)?.answer.count } == [1, 1, 1])
        site.ask("a.example", .aaaa)
        site.ask("a.example", .a, dnssecOK: true)
        site.ask("a.example", .a, flags: 0)
        #expect(site.sent.count == 3)
    }

    @Test("asks with our own EDNS and nothing of the client's options")
    func query() throws {
        let site = Site()
        site.ask("MiXed.example", .a, dnssecOK: true, flags: 0x0110)
        let sent = try #require(site.sent.first)
        let query = try #require(Answer(sent.octets))
        #expect(query.question == "mixed.example.")
        #expect(query.flags == 0x0130)
        #expect(query.edns?.udpSize == 1232 && query.edns?.dnssecOK == true)
        // Our own client cookie is all.
        #expect(query.edns?.options.count == EDNS.optionHeaderLength + 8)
    }

    @Test("asks a silent upstream twice, 2 s each, and says SERVFAIL at 4 s")
    func silent() throws {
        let site = Site()
        site.ask("a.example", .a, edns: true)
        let first = site.sent.count
        site.advance(seconds: 1.95)
        site.tick()
        #expect(first == 1 && site.lastAnswer == nil)
        site.advance(seconds: 0.06)
        site.tick()
        #expect(site.sent.count == 2)
        #expect(site.watch.count == 3, "a probe and two checks for a loop")
        site.advance(seconds: 2)
        site.tick()
        let answer = try #require(site.lastAnswer)
        #expect(answer.rcode == 2 && answer.extendedError == 22)
        #expect(site.reports.count == 1)
        #expect(site.ask("a.example", .a) == nil, "a failure of ours is not kept")
    }

    @Test("asks an upstream that is down once, and takes it back when it answers")
    func down() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.fail(.refused)
        for _ in 0..<40 {
            site.advance(seconds: 0.1)
            while !site.sent.isEmpty { site.fail(.refused) }
            for probe in site.watch {
                site.forwarder.fail(exchange: probe.exchange, .refused, now: site.now)
            }
            site.watch = []
            site.tick()
        }
        #expect(site.lastAnswer?.rcode == 2)
        site.sent = []
        site.ask("b.example", .a)
        #expect(site.sent.count == 1)
        site.fail(.refused)
        #expect(site.lastAnswer?.rcode == 2, "one attempt while it is down")
        site.ask("c.example", .a)
        site.sent = [try #require(site.sent.last)]
        site.reply { $0.add("c.example", .a, [1, 1, 1, 1]) }
        #expect(site.lastAnswer?.answer.count == 1)
    }

    @Test("goes to the next upstream on failure")
    func failover() throws {
        let rule = ForwardRule(
            domain: .root, upstreams: [UpstreamAddress(.v4(1)), UpstreamAddress(.v4(2))])
        let site = Site(forward: [rule])
        site.ask("a.example", .a)
        #expect(site.sent.map(\.to.address) == [.v4(1)])
        site.fail(.refused)
        #expect(site.sent.map(\.to.address) == [.v4(2)])
    }

    @Test("asks a truncated answer again over TCP")
    func truncated() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply(flags: 0x0200)
        #expect(site.sent.map(\.over) == [.tcp])
        site.reply {
            for last in 0..<60 { $0.add("a.example", .a, [10, 0, 0, UInt8(last)]) }
        }
        #expect(site.lastAnswer?.isTruncated == true)
        #expect(site.ask("a.example", .a, over: .tcp)?.answer.count == 60)
        #expect(site.ask("a.example", .a, edns: true)?.answer.count == 60)
    }

    @Test("passes a truncated answer on, uncached, when the upstream has no TCP")
    func truncatedWithoutTCP() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply(flags: 0x0200) { $0.add("a.example", .a, [10, 0, 0, 1]) }
        #expect(site.sent.map(\.over) == [.tcp])
        site.fail(.refused)
        let answer = try #require(site.lastAnswer)
        #expect(answer.rcode == 0 && answer.isTruncated && answer.answer.count == 1)
        #expect(site.reports.isEmpty)
        #expect(site.ask("a.example", .a) == nil)
    }

    @Test("fails a query over TCP when the upstream's answer is cut and it has no TCP")
    func truncatedOverTCP() throws {
        let site = Site(zones: [
            try zone("example", [("alias.example", .cname, wire("a.example.net"))])
        ])
        for name in ["a.example.net", "alias.example"] {
            site.ask(name, .a, over: .tcp, edns: true)
            site.fail(.refused)
            site.answerProbe()
            site.reply(flags: 0x0200) { $0.add("a.example.net", .a, [10, 0, 0, 1]) }
            site.fail(.refused)
            let answer = try #require(site.lastAnswer)
            #expect(answer.rcode == 2 && !answer.isTruncated)
            #expect(answer.extendedError == 23)
            #expect(answer.answer.filter { $0.type == .a }.isEmpty)
        }
    }

    @Test("says that an answer behind an alias of a zone is cut")
    func truncatedBehindAlias() throws {
        let site = Site(zones: [
            try zone("example", [("alias.example", .cname, wire("a.example.net"))])
        ])
        site.ask("alias.example", .a)
        site.reply(flags: 0x0200) { $0.add("a.example.net", .a, [10, 0, 0, 1]) }
        site.fail(.refused)
        let answer = try #require(site.lastAnswer)
        #expect(answer.isTruncated && answer.answer.map(\.type) == [.cname, .a])
    }

    @Test("asks without EDNS when the upstream does not understand it")
    func withoutEDNS() throws {
        let site = Site()
        site.ask("a.example", .a)
        // First without the cookie.
        for _ in 0..<2 { site.reply(rcode: 1) }
        #expect(Answer(site.sent[0].octets)?.edns == nil)
        site.reply { $0.add("a.example", .a, [1, 2, 3, 4]) }
        #expect(site.lastAnswer?.answer.count == 1)
    }

    @Test("waits on when a reply is to another question")
    func wrongQuestion() throws {
        let site = Site()
        site.ask("a.example", .a)
        let query = try #require(site.sent.first)
        let forged = Message("b.example", .a, flags: 0x8180)
        let isTaken = site.forwarder.receive(
            forged.octets.span, exchange: query.exchange, now: site.now)
        #expect(!isTaken)
        #expect(site.reply { $0.add("a.example", .a, [1, 2, 3, 4]) })
        #expect(site.lastAnswer?.rcode == 0)
    }

    @Test(
        "a loop of aliases, and a chain without an end, are SERVFAIL for as long as one that was sent"
    )
    func loop() throws {
        let site = Site()
        func chain(_ name: String, _ aliases: [(String, String)]) {
            site.ask(name, .a, edns: true)
            site.reply {
                for (owner, target) in aliases { $0.add(owner, .cname, wire(target)) }
            }
            #expect(site.lastAnswer?.rcode == 2 && site.lastAnswer?.extendedError == 0)
            #expect(site.ask(name, .a)?.rcode == 2, "kept for five seconds")
        }
        chain("a.example", [("a.example", "b.example"), ("b.example", "a.example")])
        chain("c.example", [("c.example", "c.example")])
        chain(
            "n0.example", (0..<16).map { ("n\($0).example", "n\($0 + 1).example") })
        site.ask("m0.example", .a)
        site.reply {
            for step in 0..<15 { $0.add("m\(step).example", .cname, wire("m\(step + 1).example")) }
            $0.add("m15.example", .a, [1, 2, 3, 4])
        }
        #expect(site.lastAnswer?.answer.count == 16, "public chains are shorter by far")
        #expect(site.forwarder.answersCounted.endlessAliases == 3)
    }

    @Test("answers ANY with HINFO and asks nobody")
    func any() throws {
        let site = Site()
        #expect(site.ask("a.example", .any)?.answer.map(\.type) == [.hinfo])
        // But not where no other type would be answered.
        let refused = Site(forward: [Site.rule("home.arpa")]).ask("a.example", .any)
        #expect(refused?.rcode == 5 && refused?.answer.isEmpty == true)
        #expect(site.sent.isEmpty)
    }

    @Test("chooses the longest matching domain; without a match it refuses")
    func rules() throws {
        let site = Site(forward: [Site.rule("corp.example"), Site.rule("lab.corp.example")])
        let refused = try #require(
            site.ask("other.example", .a, over: .tcp, edns: true))
        #expect(refused.rcode == 5 && refused.extendedError == 20)
        #expect(site.ask("xcorp.example", .a)?.rcode == 5)
        #expect(site.ask("corp.example", .a) == nil)
        #expect(site.ask("a.lab.corp.example", .a) == nil)
    }

    @Test("goes back to UDP when TCP fails")
    func backToUDP() throws {
        let site = Site()
        site.ask("a.example", .a, over: .tcp)
        #expect(site.sent.map(\.over) == [.tcp])
        site.fail(.timeout)
        #expect(site.sent.contains { $0.octets.count > 20 && $0.over == .udp })
    }

    @Test("leaves room for other rules when one rule's upstream is silent")
    func busy() throws {
        let site = Site(forward: [Site.rule(), Site.rule("dead")])
        for number in 0..<Forwarder.maximumInFlight { site.ask("h\(number).dead", .a) }
        #expect(site.sent.count == Forwarder.maximumInFlight)
        #expect(site.ask("one.dead", .a)?.rcode == 2)
        #expect(site.ask("live.example", .a) == nil)
        #expect(site.sent.count == Forwarder.maximumInFlight + 1)
    }
}
