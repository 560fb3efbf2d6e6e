import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("Prefetching")
    struct PrefetchTests {
        @Test("CA14 a name in use is refreshed in its last second, and no client waits for it")
        func refreshed() throws {
            let used = try Timelines.prefetching.used
            #expect(used.last.response.hosts == [1])
            #expect(used.last.response.answer.map(\.ttl) == [1])
            #expect(used.last.time < .milliseconds(300), "\(used.last.time)")
            #expect(used.sentInTime == 2, "refreshed by one query")
            #expect(used.after.response.hosts == [2], "the fresh data, past the old one's end")
            #expect(used.after.time < .milliseconds(300))
            #expect(used.sentInAll == 2)
        }

        @Test("CA14 a name that was asked for once is not asked for again by itself")
        func unused() throws { #expect(try Timelines.prefetching.sentForUnused == 1) }

        @Test("CA14 `prefetch: false`: asked again only when it is over")
        func off() throws {
            let off = try Timelines.prefetching.off
            #expect(off.last.response.hosts == [1] && off.sentInTime == 1)
            #expect(off.after.response.hosts == [2] && off.sentInAll == 2)
            #expect(off.after.time >= .milliseconds(300), "asked for by the client")
        }
    }
}

/// Entries of ten seconds, of which some are asked for in the last one.
struct PrefetchingTimeline: Sendable {
    struct Used: Sendable {
        /// Asked in the last second, and after the end of the first answer.
        let last: Timed
        let after: Timed
        /// The upstream queries by the end of the first answer's life, and in all.
        let sentInTime: Int
        let sentInAll: Int
    }

    let used: Used
    let off: Used
    let sentForUnused: Int

    init() throws {
        let used = Background { try Self.use("cache: {max: 10}") }
        let off = Background { try Self.use("cache: {max: 10, prefetch: false}") }
        (self.used, sentForUnused) = try used.value
        self.off = try off.value.0
    }

    private static func use(_ settings: String) throws -> (Used, Int) {
        let upstream = try ScriptedUpstream { [.init($0.reply([$0.address(1)]))] }
        let server = try Server.forwarding(Forwarded("example.net", upstream, settings: settings))
        func ask() throws -> Timed {
            try Timed { try server.client.ask("used.example.net", .a) }
        }
        let start = ContinuousClock.now
        func wait(until time: Duration) { pause(start + time - ContinuousClock.now) }
        for _ in 0..<2 { _ = try ask() }
        _ = try server.client.ask("unused.example.net", .a)
        upstream.change { [.init($0.reply([$0.address(2)]), after: .milliseconds(300))] }
        wait(until: .milliseconds(9250))
        let last = try ask()
        // Another client in the same second.
        _ = try ask()
        wait(until: .milliseconds(9900))
        let sentInTime = try upstream.received("used.example.net").count
        wait(until: .milliseconds(10_400))
        let after = try ask()
        let result = Used(
            last: last, after: after, sentInTime: sentInTime,
            sentInAll: try upstream.received("used.example.net").count)
        return (result, try upstream.received("unused.example.net").count)
    }
}
