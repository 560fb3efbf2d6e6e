import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    /// FW13: CoreDNS keeps nothing past its 30 seconds. RFC 8767 lets the last good answer stand in.
    @Suite("Answers past their lifetime, while no upstream has a better one")
    struct StaleTests {
        /// NOERROR with the old data and a TTL of 30 s (RFC 8767 §4).
        private static func expectStale(
            _ timed: Timed, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let response = timed.response
            #expect(response.rcode == .noError, sourceLocation: sourceLocation)
            #expect(response.hosts == [1], sourceLocation: sourceLocation)
            #expect(response.answer.map(\.ttl) == [30], sourceLocation: sourceLocation)
            #expect(response.extendedError?.code == 3, sourceLocation: sourceLocation)
        }

        @Test(
            "FW13 silent upstream: the stale answer at 1.8 s, with TTL 30 and EDE 3 (coredns#4097)")
        func silent() throws {
            let first = try Timelines.stale.silent.first
            Self.expectStale(first)
            #expect(first.time.isAbout(.milliseconds(1800)), "\(first.time)")
            #expect(first.response.extendedError?.text.isEmpty == false)
        }

        @Test("FW13 while all upstreams are known to fail, the next stale names come at once")
        func atOnce() throws {
            let next = try Timelines.stale.silent.next
            Self.expectStale(next)
            #expect(next.time < .milliseconds(300), "\(next.time)")
        }

        @Test("FW13 a stale NXDOMAIN has EDE 19, a stale NODATA EDE 3")
        func denials() throws {
            let (denied, empty) = (
                try Timelines.stale.silent.denied, try Timelines.stale.silent.empty
            )
            #expect(denied.response.isNameErrorWithSOA)
            #expect(denied.response.extendedError?.code == 19)
            #expect(empty.response.isNoDataWithSOA && empty.response.extendedError?.code == 3)
            for timed in [denied, empty] {
                #expect(timed.time < .milliseconds(300))
                #expect(timed.response.authority.map(\.ttl) == [30])
            }
        }

        @Test("FW13 a client without EDNS gets it without OPT")
        func withoutEDNS() throws {
            let plain = try Timelines.stale.silent.plain
            #expect(plain.response.hosts == [1] && plain.response.additional.isEmpty)
        }

        @Test("FW13 a name that was never answered is not, and costs what it costs")
        func unknown() throws {
            #expect(try Timelines.stale.silent.unknown.response.rcode == .serverFailure)
        }

        @Test("FW13 refreshed as soon as the upstream is back")
        func refreshed() throws {
            let silent = try Timelines.stale.silent
            #expect(silent.recovery < .seconds(3), "\(silent.recovery)")
            #expect(silent.fresh.hosts == [9] && silent.fresh.extendedError == nil)
            #expect(silent.fresh.answer.map(\.ttl) == [1])
        }

        @Test("FW13 the upstream says SERVFAIL: stale at once, and for 5 s it is not asked again")
        func failing() throws {
            let failing = try Timelines.stale.failing
            for timed in failing.answers {
                Self.expectStale(timed)
                #expect(timed.time < .milliseconds(300), "\(timed.time)")
            }
            #expect(failing.sentMeanwhile == 1)
            #expect(failing.sentLater > 1)
        }

        @Test("FW13 a closed port: stale at once")
        func closed() throws {
            let closed = try Timelines.stale.closed
            Self.expectStale(closed)
            #expect(closed.time < .milliseconds(300), "\(closed.time)")
        }

        @Test("FW13 a slow upstream is waited for: its answer is better than a stale one")
        func slow() throws {
            let slow = try Timelines.stale.slow
            #expect(slow.response.hosts == [9] && slow.response.extendedError == nil)
            #expect(slow.time.isAbout(.milliseconds(700)), "\(slow.time)")
        }

        @Test("FW13 an upstream that answers after 2.5 s: stale first, and then refreshed by it")
        func late() throws {
            let late = try Timelines.stale.late
            Self.expectStale(late.answers[0])
            #expect(late.answers[0].time.isAbout(.milliseconds(1800)))
            #expect(late.answers[1].response.hosts == [9])
            #expect(late.answers[1].time < .milliseconds(300))
        }

        @Test("FW13 `stale: off`, or older than `stale:` says: SERVFAIL as by the table")
        func off() throws {
            for timed in try Timelines.stale.withoutStale {
                #expect(timed.response.rcode == .serverFailure)
                #expect(timed.response.extendedError?.code == 22)
                #expect(timed.time.isAbout(.seconds(4)), "\(timed.time)")
            }
        }
    }
}

/// Entries of one second, and what is answered when they are over and the upstream fails.
struct StaleTimeline: Sendable {
    struct Silent: Sendable {
        let first: Timed
        let next: Timed
        let denied: Timed
        let empty: Timed
        let plain: Timed
        let unknown: Timed
        /// From the upstream's return to the first fresh answer.
        let recovery: Duration
        let fresh: Response
    }

    struct Failing: Sendable {
        let answers: [Timed]
        /// How often the upstream was asked within, and after, five seconds of its SERVFAIL.
        let sentMeanwhile: Int
        let sentLater: Int
    }

    struct Late: Sendable { let answers: [Timed] }

    let silent: Silent
    let failing: Failing
    let closed: Timed
    let slow: Timed
    let late: Late
    /// With `stale: off`, and past a `stale:` of a second.
    let withoutStale: [Timed]

    init() throws {
        let silent = Background { try Self.silent() }
        let failing = Background { try Self.failing() }
        let closed = Background {
            try Self.expired(settings: "cache: {max: 1, stale: 24h}") { server, upstream in
                upstream.close()
                return try Self.ask(server, "a")
            }
        }
        let slow = Background {
            try Self.expired { server, upstream in
                upstream.change { [.init($0.reply([$0.address(9)]), after: .milliseconds(700))] }
                return try Self.ask(server, "a")
            }
        }
        let late = Background { try Self.late() }
        let withoutStale = Background {
            try sideBySide(["off", "1s"]) { stale in
                let settings = "cache: {max: 1, stale: \(stale)}"
                return try Self.expired(settings: settings) { server, upstream in
                    upstream.change { _ in [] }
                    pause(.seconds(1))
                    return try Self.ask(server, "a")
                }
            }
        }
        self.silent = try silent.value
        self.failing = try failing.value
        self.closed = try closed.value
        self.slow = try slow.value
        self.late = try late.value
        self.withoutStale = try withoutStale.value
    }

    /// Fills the cache, lets the entries expire, and goes on with `body`.
    private static func expired<Outcome>(
        settings: String = "cache: {max: 1}",
        _ body: (Server, ScriptedUpstream) throws -> Outcome
    ) throws -> Outcome {
        let upstream = try ScriptedUpstream { query in
            switch query.label {
            case "denied": [.init(query.reply(authority: [try query.soa()], rcode: .nameError))]
            case "empty": [.init(query.reply(authority: [try query.soa()]))]
            default: [.init(query.reply([query.address()]))]
            }
        }
        let server = try Server.forwarding(Forwarded("example.net", upstream, settings: settings))
        for label in ["a", "b", "denied", "empty"] { _ = try ask(server, label) }
        pause(.milliseconds(1300))
        return try body(server, upstream)
    }

    private static func ask(_ server: Server, _ label: String) throws -> Timed {
        try Timed { try server.client.ask("\(label).example.net", .a) }
    }

    private static func silent() throws -> Silent {
        try expired { server, upstream in
            upstream.change { _ in [] }
            let first = try ask(server, "a")
            // The attempt that the first client did not wait for fails after 2 s, and then a probe.
            pause(.milliseconds(1000))
            let next = try ask(server, "b")
            let denied = try ask(server, "denied")
            let empty = try ask(server, "empty")
            let plain = try Timed { try server.client.ask("b.example.net", .a, edns: nil) }
            let unknown = try ask(server, "unknown")
            upstream.change { [.init($0.reply([$0.address(9)]))] }
            let back = ContinuousClock.now
            var fresh = try ask(server, "a").response
            _ = try eventually {
                fresh = try ask(server, "a").response
                return fresh.hosts == [9]
            }
            return Silent(
                first: first, next: next, denied: denied, empty: empty, plain: plain,
                unknown: unknown, recovery: ContinuousClock.now - back, fresh: fresh)
        }
    }

    private static func failing() throws -> Failing {
        try expired { server, upstream in
            upstream.change { [.init($0.reply(additional: [.opt()], rcode: .serverFailure))] }
            func count() throws -> Int { try upstream.received("a.example.net").count - 1 }
            let start = ContinuousClock.now
            var answers: [Timed] = []
            while ContinuousClock.now - start < .seconds(4.5) {
                answers.append(try ask(server, "a"))
                pause(.milliseconds(400))
            }
            let meanwhile = try count()
            pause(start + .seconds(5.6) - ContinuousClock.now)
            answers.append(try ask(server, "a"))
            pause(.milliseconds(200))
            return Failing(answers: answers, sentMeanwhile: meanwhile, sentLater: try count())
        }
    }

    private static func late() throws -> Late {
        try expired { server, upstream in
            upstream.change { [.init($0.reply([$0.address(9)]), after: .milliseconds(2500))] }
            let first = try ask(server, "a")
            // The late answer comes 0.7 s after the stale one, and is good for a second.
            pause(.milliseconds(1000))
            return Late(answers: [first, try ask(server, "a")])
        }
    }
}
