import DNS
import Nameserver
import Testing

/// What of an upstream's answer a client gets, and what is taken for no answer.
@Suite("Upstream answers")
struct UpstreamAnswerTests {
    @Test("keeps the upstream's AA, and shows AD only to those who understand it")
    func flags() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply(flags: 0x0420) { $0.add("a.example", .a, [1, 2, 3, 4]) }
        for answer in [site.lastAnswer, site.ask("a.example", .a)] {
            #expect(answer?.isAuthoritative == true && answer?.isAuthenticData == false)
            #expect(answer?.offersRecursion == true)
        }
        #expect(site.ask("a.example", .a, flags: 0x0120)?.isAuthenticData == true)
    }

    @Test("leaves additional RRsets that do not fit out whole, with their signatures")
    func wholeAdditional() throws {
        let site = Site()
        for isShuffled in [false, true] {
            let name = isShuffled ? "a.example" : "b.example"
            let signature = [0, 1] + [UInt8](repeating: 0, count: 60)
            site.ask(name, .mx, dnssecOK: true)
            site.reply {
                $0.add(name, .mx, [0, 1] + wire("mail.example"))
                if isShuffled { $0.add("mail.example", .rrsig, signature, section: 10) }
                for number in UInt8(0)..<40 {
                    $0.add("mail.example", .a, [203, 0, 113, number], section: 10)
                }
                if !isShuffled { $0.add("mail.example", .rrsig, signature, section: 10) }
            }
            var query = Message(name, .mx, flags: 0x0100)
            query.addOPT(dnssecOK: true)
            // 512 octets are too few for the addresses.
            query.octets.replaceSubrange(
                query.octets.count - 8..<query.octets.count - 6, with: [2, 0])
            let answer = try #require(
                site.process(
                    query.octets, client: .v4(0xc0a8_0a07), transport: .udp, fresh: []))
            #expect(answer.answer.count == 1 && answer.additional.isEmpty)
            #expect(!answer.isTruncated)
        }
    }

    @Test("passes an extended error on, and no other option")
    func extendedError() throws {
        let site = Site()
        site.ask("a.example", .a, edns: true)
        site.reply(rcode: 2) {
            $0.addOPT(options: [0, 3, 0, 2, 1, 2, 0, 15, 0, 3, 0, 9, 0x78])
        }
        #expect(site.lastAnswer?.extendedError == 9)
        #expect(site.ask("a.example", .a, edns: true)?.extendedError == 9)
    }

    @Test("leaves out answer records that do not belong to the chain")
    func bailiwick() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply {
            $0.add("evil.example", .a, [6, 6, 6, 6])
            $0.add("b.example", .a, [1, 2, 3, 4])
            $0.add("a.example", .cname, wire("b.example"))
        }
        #expect(site.lastAnswer?.answer.map(\.type) == [.cname, .a])
        #expect(site.lastAnswer?.answer.map(\.owner) == ["a.example.", "b.example."])
    }

    @Test("passes a DNAME and its signature on with a CNAME that was asked for (RFC 6672 §3.1)")
    func synthesizedAlias() throws {
        let site = Site()
        let signature = [0, 39] + [UInt8](repeating: 0, count: 30)
        site.ask("a.dn.example", .cname, dnssecOK: true)
        site.reply {
            $0.add("dn.example", .dname, Site.name("www.example").octets)
            $0.add("dn.example", .rrsig, signature)
            $0.add("a.dn.example", .cname, Site.name("a.www.example").octets)
            $0.add("other.example", .dname, Site.name("www.example").octets)
        }
        #expect(site.lastAnswer?.answer.map(\.type) == [.dname, .rrsig, .cname])
    }

    @Test("takes an answer that is no good as a failed attempt", arguments: [0, 1, 2])
    func unusable(kind: Int) throws {
        let site = Site()
        site.ask("a.example", .a, over: kind == 0 ? .tcp : .udp)
        switch kind {
        case 0: site.reply(flags: 0x0200)
        case 1:
            // BADVERS: its upper bits are in the OPT record.
            site.reply {
                $0.addOPT()
                $0.octets[$0.octets.count - 6] = 1
            }
        default:
            // SERVFAIL without a question.
            let query = try #require(site.sent.first)
            let octets = Array(query.octets[..<2]) + [0x81, 0x82, 0, 0, 0, 0, 0, 0, 0, 0]
            #expect(site.receive(octets, query.exchange))
        }
        #expect(site.sent.contains { $0.octets.count > 20 }, "the second attempt")
        #expect(site.lastAnswer == nil)
    }

    @Test("takes RDATA of a wrong length for a malformed answer")
    func wrongLength() {
        for (type, rdata) in [
            (RRType.a, [UInt8](repeating: 1, count: 5)), (.aaaa, [1]), (.rrsig, [0, 1]),
            (.soa, [0, 0, 1]), (.srv, [0, 0, 0, 0, 0, 22, 0, 0xff]), (.cname, [1, 0x61, 0, 0]),
            (.txt, []), (.txt, [2, 0x61]), (.hinfo, [0]), (.hinfo, [0, 0, 0]),
        ] {
            let site = Site()
            site.ask("a.example", type)
            site.reply { $0.add("a.example", type, rdata) }
            #expect(site.forwarder.counted.failedAttempts == 1)
        }
    }

    @Test("leaves out a referral to a zone that the name is not in")
    func foreignAuthority() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply {
            $0.add("a.example", .a, [1, 2, 3, 4])
            $0.add("com", .ns, wire("ns.evil.example"), section: 8)
            $0.add("example", .ns, wire("ns.example"), section: 8)
            $0.add("ns.example", .a, [1, 2, 3, 5], section: 10)
            $0.add("ns.evil.example", .a, [6, 6, 6, 6], section: 10)
        }
        #expect(site.lastAnswer?.authority.map(\.owner) == ["example."])
        #expect(site.lastAnswer?.additional.map(\.owner) == ["ns.example."])
    }
}
