import DNS
import Nameserver
import Testing

@Suite("Where a response came from")
struct AnswerSourceTests {
    private let address: [UInt8] = [1, 2, 3, 4]

    private func site() throws -> Site {
        let zone = try zone("home.test", [("nas.home.test", .a, [192, 168, 10, 60])])
        return Site(zones: [zone], forward: [Site.rule()])
    }

    @Test("an overlay and a zone that is wholly here are told apart")
    func zones() throws {
        let overlay = try zone("home.test", [("nas.home.test", .a, [192, 168, 10, 60])])
        let whole = try zone(
            "lab.test", mode: .authoritative, [("nas.lab.test", .a, [192, 168, 10, 61])])
        let site = Site(zones: [overlay, whole])
        site.ask("nas.home.test", .https)
        #expect(site.processor.source == .overlay)
        site.ask("nas.lab.test", .a)
        #expect(site.processor.source == .zone)
        site.ask("localhost", .a)
        #expect(site.processor.source == .zone)
    }

    @Test("a zone, the server itself, a refusal and an error are told apart")
    func withoutUpstream() throws {
        let site = try site()
        site.ask("nas.home.test", .a)
        #expect(site.processor.source == .overlay)
        site.ask("example.com", .any)
        #expect(site.processor.source == .server)
        site.ask("example.com", .axfr)
        #expect(site.processor.source == .refused)
        site.ask("example.com", .a, from: "203.0.113.1")
        #expect(site.processor.source == .refused)
        var twoQuestions = Message("example.com", .a, flags: 0x0100)
        twoQuestions.octets[5] = 2
        _ = site.process(
            twoQuestions.octets, client: .v4(0xc0a8_0a07), transport: .udp, fresh: [])
        #expect(site.processor.source == .error)
    }

    @Test("an upstream's answer is from the upstream first, then from the cache, at last stale")
    func fromUpstream() throws {
        let site = try site()
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, address) }
        #expect(site.processor.source == .upstream)
        site.ask("a.example", .a)
        #expect(site.processor.source == .cache)
        site.advance(seconds: 31)
        site.ask("a.example", .a)
        site.wait(seconds: 2)
        #expect(site.lastAnswer?.answer.count == 1)
        #expect(site.processor.source == .stale)
    }

    @Test("no answer from any upstream is a failure, what an upstream refuses its own answer")
    func withoutAnswer() throws {
        let site = try site()
        site.ask("a.example", .a)
        while site.lastAnswer == nil {
            site.advance(seconds: 0.1)
            site.tick()
        }
        #expect(site.processor.source == .failure)
        let other = try self.site()
        other.ask("a.example", .a)
        while other.lastAnswer == nil { other.reply(rcode: 5) }
        #expect(other.processor.source == .upstream)
    }
}
