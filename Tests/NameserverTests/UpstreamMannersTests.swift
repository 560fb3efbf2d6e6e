import DNS
import Nameserver
import Testing

/// Random spellings (0x20), cookies and EDNS toward upstreams, each as far as the server plays along.
@Suite("Manners of upstreams")
struct UpstreamMannersTests {
    private let address: [UInt8] = [1, 2, 3, 4]

    /// A site whose forwarder spells every letter in upper case.
    private func shoutingSite() -> Site {
        let site = Site()
        site.random = { .max }
        return site
    }

    private func question(_ octets: [UInt8]) -> String { Answer(octets)?.question ?? "" }

    /// The COOKIE option of a message.
    private func cookie(_ octets: [UInt8]) throws -> [UInt8]? {
        let message = try #require(Answer(octets))
        let range = try message.edns?.option(10, in: octets.span) as Range<Int>?
        return range.map { Array(octets[$0]) }
    }

    /// The octets of a COOKIE option.
    private func option(_ cookie: [UInt8]) -> [UInt8] { [0, 10, 0, UInt8(cookie.count)] + cookie }

    @Test("a name is spelled at random, and the client gets its own spelling back")
    func spelling() throws {
        let site = shoutingSite()
        site.ask("www.Example.com", .a)
        #expect(question(site.sent[0].octets) == "WWW.EXAMPLE.COM.")
        // The alias's target ends in what the question spells: by a pointer.
        site.reply {
            $0.add("www.example.com", .cname, [4] + Array("edge".utf8) + [0xc0, 16])
            $0.add("edge.example.com", .a, address)
        }
        let answer = try #require(site.lastAnswer)
        #expect(answer.question == "www.Example.com.")
        #expect(answer.answer.first?.target == "edge.Example.com.")
        #expect(answer.answer.count == 2)
    }

    @Test("a server that lower-cases is asked again plainly, once; then always plainly")
    func lowerCasing() throws {
        let site = shoutingSite()
        site.ask("a.example", .a)
        func replyInLowerCase() {
            let query = site.sent.removeFirst()
            var message = Message(reply: query.octets, flags: 0x8180)
            for index in 12..<message.octets.count - 4 {
                message.octets[index] = lowercased(message.octets[index])
            }
            message.add("a.example", .a, address)
            #expect(site.receive(message.octets, query.exchange))
        }
        replyInLowerCase()
        #expect(site.lastAnswer == nil)
        #expect(site.sent.map { question($0.octets) } == ["a.example."])
        #expect(site.sent.map(\.over) == [.udp])
        replyInLowerCase()
        #expect(site.lastAnswer?.answer.count == 1)
        site.ask("b.example", .a)
        #expect(site.sent.map { question($0.octets) } == ["b.example."])
        #expect(site.forwarder.counted.otherSpellings == 1)
        // An hour later it may be another server.
        site.advance(seconds: 3601)
        site.ask("c.example", .a)
        #expect(question(site.sent[site.sent.count - 1].octets) == "C.EXAMPLE.")
    }

    @Test("from a server that repeats spellings another one is not believed: TCP decides")
    func forgedSpelling() throws {
        let site = shoutingSite()
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, address) }
        for number in 0..<3 {
            site.ask("h\(number).example", .a)
            let query = try #require(site.sent.first)
            var forged = Message("h\(number).example", .a, flags: 0x8180)
            forged.add("h\(number).example", .a, [6, 6, 6, 6])
            #expect(site.receive(forged.octets, query.exchange))
            #expect(site.lastAnswer?.answer.first?.rdata != [6, 6, 6, 6])
            #expect(site.sent.map(\.over) == [.tcp])
            site.reply { $0.add("h\(number).example", .a, address) }
            #expect(site.lastAnswer?.answer.map(\.rdata) == [address])
        }
        // Three in a row: it is another server now, and UDP still works.
        site.ask("d.example", .a)
        #expect(site.sent.map { question($0.octets) } == ["d.example."])
        #expect(site.sent.map(\.over) == [.udp])
    }

    @Test("a server's cookie is learnt and shown; a reply without ours is dropped")
    func cookies() throws {
        let site = Site()
        site.ask("a.example", .a)
        let first = try #require(site.sent.first)
        let client: [UInt8] = try cookie(first.octets) ?? []
        #expect(client.count == 8)
        let server: [UInt8] = Array(1...16)
        // Not our client cookie: somebody else's reply.
        var forged = Message(reply: first.octets, flags: 0x8180)
        forged.add("a.example", .a, [6, 6, 6, 6])
        forged.addOPT(options: option(Array(repeating: 9, count: 8) + server))
        #expect(!site.receive(forged.octets, first.exchange))
        site.sent = [first]
        site.reply {
            $0.add("a.example", .a, address)
            $0.addOPT(options: option(client + server))
        }
        #expect(site.lastAnswer?.answer.map(\.rdata) == [address])
        site.ask("b.example", .a)
        #expect(try cookie(site.sent[0].octets) == client + server)
        // None at all from a server that has one: TCP decides.
        site.reply { $0.add("b.example", .a, [6, 6, 6, 6]) }
        #expect(site.lastAnswer?.answer.first?.rdata != [6, 6, 6, 6])
        #expect(site.sent.map(\.over) == [.tcp])
        #expect(try cookie(site.sent[0].octets) == nil)
        site.reply { $0.add("b.example", .a, address) }
        #expect(site.lastAnswer?.answer.map(\.rdata) == [address])
        #expect(site.forwarder.counted.suspicious == 1)
    }

    @Test("BADCOOKIE is asked again with the cookie that came along, then over TCP")
    func badCookie() throws {
        let site = Site()
        site.ask("a.example", .a)
        let client: [UInt8] = try cookie(site.sent[0].octets) ?? []
        func refuse(_ server: [UInt8]) {
            site.reply(rcode: 7) {
                $0.addOPT(options: option(client + server))
                // The upper eight bits of 23.
                $0.octets[$0.octets.count - 4 - client.count - server.count - 6] = 1
            }
        }
        refuse(Array(1...8))
        #expect(site.sent.map(\.over) == [.udp])
        #expect(try cookie(site.sent[0].octets) == client + Array(1...8))
        refuse(Array(11...18))
        #expect(site.sent.map(\.over) == [.tcp])
    }

    @Test("a cookie that is merely mirrored is no server cookie")
    func mirrored() throws {
        let site = Site()
        for name in ["a.example", "b.example"] {
            site.ask(name, .a)
            let shown: [UInt8] = try cookie(site.sent[0].octets) ?? []
            #expect(shown.count == 8)
            site.reply {
                $0.add(name, .a, address)
                $0.addOPT(options: option(shown))
            }
            #expect(site.lastAnswer?.answer.count == 1)
        }
    }

    @Test("a server that knows no EDNS is asked without it, after three times for an hour")
    func withoutEDNS() throws {
        let site = Site()
        for number in 0..<5 {
            let name = "h\(number).example"
            site.ask(name, .a)
            if number < 3 {
                #expect(try cookie(site.sent[0].octets) != nil)
                site.reply(rcode: 1)
                #expect(try cookie(site.sent[0].octets) == nil)
                #expect(Answer(site.sent[0].octets)?.edns != nil)
                site.reply(rcode: 1)
            }
            #expect(Answer(site.sent[0].octets)?.edns == nil)
            site.reply { $0.add(name, .a, address) }
            #expect(site.lastAnswer?.answer.count == 1)
        }
    }

    @Test("a server that dislikes cookies alone is asked without, and keeps EDNS")
    func withoutCookies() throws {
        let site = Site()
        for number in 0..<5 {
            let name = "h\(number).example"
            site.ask(name, .a)
            if try cookie(site.sent[0].octets) != nil {
                #expect(number < 3)
                site.reply(rcode: 1) { $0.addOPT() }
            }
            #expect(try cookie(site.sent[0].octets) == nil)
            #expect(Answer(site.sent[0].octets)?.edns != nil)
            site.reply { $0.add(name, .a, address) }
            #expect(site.lastAnswer?.answer.count == 1)
        }
    }

    @Test("errors teach nothing: a type that a server does not know costs no other question EDNS")
    func errorsTeachNothing() throws {
        let site = Site()
        site.ask("a.example", .a, dnssecOK: true)
        site.reply { $0.add("a.example", .a, address) }
        for number in 0..<20 {
            site.ask("h\(number).example", RRType(rawValue: 999), edns: true)
            while !site.sent.isEmpty { site.reply(rcode: 4) }
            #expect(site.lastAnswer?.rcode == 4)
        }
        site.ask("b.example", .a, dnssecOK: true)
        #expect(Answer(site.sent[0].octets)?.edns?.dnssecOK == true)
    }

    @Test("a FORMERR without question is rubbish of a server that knows EDNS, and kills nothing")
    func questionless() throws {
        let site = shoutingSite()
        for isKnown in [false, true] {
            let name = "h\(isKnown).example"
            site.ask(name, .a)
            let rubbish: [UInt8] = [0, 0, 0x80, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]
            for _ in 0..<2 { #expect(site.receive(rubbish, site.sent[0].exchange)) }
            if isKnown {
                #expect(site.lastAnswer?.rcode == 2 && site.sent.isEmpty)
            } else {
                // Without cookie, then without EDNS.
                #expect(Answer(site.sent[0].octets)?.edns == nil)
                site.reply { $0.add(name, .a, address) }
                site.ask("known.example", .a)
                site.reply { $0.add("known.example", .a, address) }
            }
        }
    }

    @Test("names that nobody answers undo nothing that was learnt")
    func silentNames() throws {
        let site = shoutingSite()
        site.ask("a.example", .a)
        let client: [UInt8] = try cookie(site.sent[0].octets) ?? []
        site.reply {
            $0.add("a.example", .a, address)
            $0.addOPT(options: option(client + Array(1...16)))
        }
        for number in 0..<6 { site.ask("silent\(number).example", .a) }
        for _ in 0..<82 {
            site.advance(seconds: 0.05)
            site.tick()
            site.answerProbe()
        }
        site.sent = []
        site.ask("b.example", .a)
        #expect(try cookie(site.sent[0].octets)?.count == 24)
        #expect(question(site.sent[0].octets) == "B.EXAMPLE.")
    }

    @Test("a server in another one's place is learnt anew after five silences and half a minute")
    func replaced() throws {
        let site = shoutingSite()
        site.ask("a.example", .a)
        let client: [UInt8] = try cookie(site.sent[0].octets) ?? []
        site.reply {
            $0.add("a.example", .a, address)
            $0.addOPT(options: option(client + Array(1...16)))
        }
        // The new one passes over whatever has EDNS.
        var answered = 0
        for number in 0..<14 where answered < 3 {
            site.ask("h\(number).example", .a)
            for _ in 0..<81 {
                site.advance(seconds: 0.05)
                site.tick()
                // A probe has none.
                site.answerProbe()
                guard let plain = site.sent.first(where: { Answer($0.octets)?.edns == nil }) else {
                    continue
                }
                var reply = Message(reply: plain.octets, flags: 0x8180)
                reply.add("h\(number).example", .a, address)
                #expect(site.receive(reply.octets, plain.exchange))
                answered += 1
                break
            }
        }
        #expect(answered == 3)
        site.ask("last.example", .a)
        #expect(Answer(site.sent[site.sent.count - 1].octets)?.edns == nil, "at once")
    }

    @Test("a name without letters proves nothing about spellings")
    func letterless() throws {
        let site = shoutingSite()
        site.ask("1.2.3", .a)
        site.reply { $0.add("1.2.3", .a, address) }
        // So a reply in lower case is taken to be one of a server that has no other.
        site.ask("b.example", .a)
        var reply = Message("b.example", .a, flags: 0x8180)
        reply.add("b.example", .a, address)
        #expect(site.receive(reply.octets, site.sent[0].exchange))
        #expect(site.sent.map(\.over) == [.udp])
    }

    @Test("the second attempt at a server of which nothing is known has nothing unusual in it")
    func cautious() throws {
        let site = shoutingSite()
        site.ask("a.example", .a)
        site.wait(seconds: 2.05)
        let second = try #require(site.sent.last)
        #expect(question(second.octets) == "a.example.")
        #expect(Answer(second.octets)?.edns == nil)
    }

    @Test("forged replies at a socket, or one that is too large, move the question to TCP")
    func unfit() throws {
        let site = shoutingSite()
        site.ask("a.example", .a)
        site.moveToTCP()
        #expect(site.sent.map(\.over) == [.tcp])
        #expect(question(site.sent[0].octets) == "a.example.")
        #expect(site.forwarder.counted.suspicious == 1)
    }
}
