import DNS
import Testing

@testable import Nameserver

@Suite("What is counted by kind")
struct QueryAccountTests {
    private static func site(_ views: [String]) -> Site {
        Site(views.enumerated().map { description($0, $1) })
    }

    private static func description(_ index: Int, _ name: String) -> ViewDescription {
        ViewDescription(
            name: name, clients: [Site.prefix("192.168.\(index).0/24")], zones: [],
            forward: [Site.rule()])
    }

    /// Asks and counts, as a worker does.
    private func ask(
        _ site: Site, _ name: String, _ type: RRType, from client: String,
        over transport: ClientTransport = .udp
    ) throws {
        let address = try #require(IPAddress(client))
        let message = Message(name, type, flags: 0x0100).octets
        var buffer = [UInt8](repeating: 0, count: 65_535)
        var span = buffer.mutableSpan
        let disposition = site.processor.process(
            message.span, from: address, over: transport, into: &span)
        switch disposition {
        case .drop: break
        case .forward:
            site.processor.countQuery(length: message.count, from: address, over: transport)
        case .respond(let length):
            site.processor.countQuery(
                length: message.count, from: address, over: transport,
                response: span.span.extracting(..<length))
        }
    }

    @Test("Queries are counted by view, transport, family and type")
    func queries() throws {
        let site = Self.site(["lan", "guest"])
        try ask(site, "localhost", .a, from: "192.168.0.1")
        try ask(site, "localhost", .a, from: "192.168.0.2", over: .tcp)
        try ask(site, "localhost", .aaaa, from: "192.168.1.1")
        try ask(site, "localhost", .hinfo, from: "192.168.1.1")
        try ask(site, "example.com", .a, from: "192.168.1.1")
        try ask(site, "localhost", .a, from: "2001:db8::1")
        let counted = site.processor.account.counted
        #expect(counted.views == [nil, "lan", "guest"])
        func count(_ view: String?, _ type: RRType?, _ isIPv4: Bool, _ transport: ClientTransport)
            -> UInt64
        {
            counted.queries(view: view, type, isIPv4: isIPv4, over: transport)
        }
        #expect(count("lan", .a, true, .udp) == 1)
        #expect(count("lan", .a, true, .tcp) == 1)
        #expect(count("guest", .aaaa, true, .udp) == 1)
        #expect(count("guest", nil, true, .udp) == 1)
        #expect(count("guest", .a, true, .udp) == 1)
        #expect(count(nil, .a, false, .udp) == 1)
        #expect(count("lan", .aaaa, true, .udp) == 0)
    }

    @Test("Every type that is counted by itself has a place of its own")
    func types() {
        let places = QueryKind.types.map { QueryKind.index($0, isIPv4: true, isTCP: false) }
        #expect(places == Array(0..<QueryKind.types.count))
        #expect(QueryKind.index(.hinfo, isIPv4: false, isTCP: true) == QueryKind.count - 1)
    }

    @Test("Every source has a place of its own among the counters")
    func sources() {
        #expect(AnswerSource.allCases.map(\.number) == Array(0..<AnswerSource.allCases.count))
        #expect(
            AccountLayout.querySizes
                == AccountLayout.responses(AnswerSource.allCases[AnswerSource.allCases.count - 1])
                + RCodes.slots)
    }

    @Test("Responses are counted by source and RCODE, extended ones too")
    func responses() throws {
        let site = Self.site(["lan"])
        try ask(site, "localhost", .a, from: "192.168.0.1")
        try ask(site, "nothing.invalid", .a, from: "192.168.0.1")
        try ask(site, "localhost", .a, from: "192.0.2.1")
        var badVersion = Message("localhost", .a, flags: 0x0100)
        badVersion.addOPT(dnssecOK: false)
        badVersion.octets[badVersion.octets.count - 5] = 1
        var buffer = [UInt8](repeating: 0, count: 65_535)
        var span = buffer.mutableSpan
        let client = IPAddress.v4(0xc0a8_0001)
        guard
            case .respond(let length) = site.processor.process(
                badVersion.octets.span, from: client, over: .udp, into: &span)
        else {
            Issue.record("not answered")
            return
        }
        site.processor.countQuery(
            length: badVersion.octets.count, from: client, over: .udp,
            response: span.span.extracting(..<length))
        let counted = site.processor.account.counted
        #expect(counted.responses(.zone).map(\.rcode) == [.noError, .nameError])
        #expect(counted.responses(.zone).map(\.count) == [1, 1])
        #expect(counted.responses(.refused).map(\.rcode) == [.refused])
        #expect(counted.responses(.error).map(\.rcode) == [.badVersion])
        #expect(counted.responses(.upstream).isEmpty)
        #expect(RCodes.rcode(slot: RCodes.slot(23)) == .badCookie)
    }

    @Test("Times count what has gone out since, by source, and only once")
    func times() throws {
        let site = Self.site(["lan"])
        let account = site.processor.account
        try ask(site, "localhost", .a, from: "192.168.0.1")
        try ask(site, "localhost", .a, from: "192.168.0.1")
        try ask(site, "localhost", .a, from: "192.0.2.1")
        #expect(account.awaitsSending)
        account.sent(after: 15_000)
        #expect(!account.awaitsSending)
        account.sent(after: 90_000_000_000)
        account.sent(.upstream, after: 3_000_000)
        let counted = account.counted
        #expect(counted.times(.zone).count == 2)
        #expect(counted.times(.zone).buckets[1] == 2)
        #expect(counted.times(.zone).sum == 30_000)
        #expect(counted.times(.refused).count == 1)
        #expect(counted.times(.upstream).buckets[8] == 1)
        #expect(counted.times(.cache).count == 0)
    }

    @Test(
        "Sizes are in the bucket of the next bound",
        arguments: [(12, 0), (31, 0), (32, 1), (511, 4), (512, 5), (65_535, 11)])
    func sizes(size: Int, bucket: Int) {
        let counters = CounterTable(count: SizeHistogram.length)
        defer { counters.free() }
        SizeHistogram.add(size, .tcp, to: counters, at: 0)
        let all = counters.counters(0..<counters.count)
        let histogram = SizeHistogram(all[...], .tcp)
        #expect(histogram.buckets.count == SizeHistogram.bounds.count)
        #expect(histogram.buckets[bucket] == 1)
        #expect(histogram.count == 1)
        #expect(histogram.sum == UInt64(size))
        #expect(size <= SizeHistogram.bounds[bucket])
        #expect(bucket == 0 || size > SizeHistogram.bounds[bucket - 1])
        #expect(SizeHistogram(all[...], .udp).count == 0)
    }

    @Test("A reload keeps the counts of each view, wherever it stands, and of those that went")
    func reload() throws {
        let site = Self.site(["lan", "guest"])
        try ask(site, "localhost", .a, from: "192.168.0.1")
        try ask(site, "localhost", .a, from: "192.168.1.1")
        try ask(site, "localhost", .a, from: "192.168.1.1")
        try ask(site, "localhost", .a, from: "192.0.2.1")
        func change(_ names: [String]) {
            site.processor.change(
                Snapshot(
                    names.enumerated().map { Self.description($0, $1) }, upstreams: site.registry,
                    seed: Site.seed))
        }
        func count(_ view: String?) -> UInt64 {
            site.processor.account.counted.queries(view: view, .a, isIPv4: true, over: .udp)
        }
        change(["guest"])
        #expect((count(nil), count("lan"), count("guest")) == (1, 1, 2))
        try ask(site, "localhost", .a, from: "192.168.0.1")
        #expect((count(nil), count("lan"), count("guest")) == (1, 1, 3))
        change(["new", "lan", "guest"])
        try ask(site, "localhost", .a, from: "192.168.1.1")
        #expect((count("new"), count("lan"), count("guest")) == (0, 2, 3))
        #expect(site.processor.account.counted.responseCount(.zone) == 5)
    }

    @Test("What workers have counted adds up, whatever views each knows")
    func sum() throws {
        let one = Self.site(["lan"])
        let other = Self.site(["lan", "guest"])
        try ask(one, "localhost", .a, from: "192.168.0.1")
        try ask(other, "localhost", .a, from: "192.168.0.1")
        try ask(other, "localhost", .a, from: "192.168.1.1")
        other.processor.account.sent(after: 1)
        var counted = one.processor.account.counted
        counted.add(other.processor.account.counted)
        #expect(counted.queries(view: "lan", .a, isIPv4: true, over: .udp) == 2)
        #expect(counted.queries(view: "guest", .a, isIPv4: true, over: .udp) == 1)
        #expect(counted.responseCount(.zone) == 3)
        #expect(counted.times(.zone).count == 2)
        #expect(counted.querySizes(.udp).count == 3)
        #expect(counted.responseSizes(.tcp).count == 0)
    }
}
