import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("Upstreams that fail, by the table")
    struct FailingTests {
        private typealias Attempted = FailingTimeline.Attempted

        /// SERVFAIL after 4 seconds, of two sends from two ports, with "no reachable authority".
        private static func expectTwoAttempts(
            _ attempted: Attempted, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let sent = attempted.sent
            #expect(attempted.rcode == .serverFailure, sourceLocation: sourceLocation)
            #expect(attempted.time.isAbout(.seconds(4)), "\(attempted.time)")
            #expect(attempted.error == 22, sourceLocation: sourceLocation)
            #expect(sent.count == 2, sourceLocation: sourceLocation)
            for (after, expected) in zip(sent.map(\.after), [Duration.zero, .seconds(2)]) {
                #expect(after.isAbout(expected), "\(after)", sourceLocation: sourceLocation)
            }
            #expect(Set(sent.map(\.query.source)).count == 2, sourceLocation: sourceLocation)
            #expect(Set(sent.map(\.query.header.id)).count == 2, sourceLocation: sourceLocation)
        }

        @Test("FW11 FW12 silent: sends at 0 and 2 s from different ports, SERVFAIL at 4.0 s")
        func silent() throws {
            Self.expectTwoAttempts(try Timelines.failing.silent[0])
        }

        @Test("FW12 FW15 silent and known to be down: one attempt, SERVFAIL at 2.0 s")
        func knownDown() throws {
            for attempted in [try Timelines.failing.silent[1], try Timelines.failing.down] {
                #expect(attempted.rcode == .serverFailure && attempted.error == 22)
                #expect(attempted.time.isAbout(.seconds(2)), "\(attempted.time)")
                #expect(attempted.sent.count == 1)
            }
        }

        @Test("FW12 silent for one name only: 4.0 s, also the second time")
        func silentForName() throws {
            for attempted in try Timelines.failing.silentForName {
                Self.expectTwoAttempts(attempted)
            }
        }

        @Test("FW12 an answer after 1.9 s: NOERROR at 1.9 s, one send")
        func inTime() throws {
            let attempted = try #require(try Timelines.failing.late[.milliseconds(1900)])
            #expect(attempted.timed.response.hosts == [1] && attempted.sent.count == 1)
            #expect(attempted.time.isAbout(.milliseconds(1900)), "\(attempted.time)")
        }

        @Test(
            "FW12 an answer to the first attempt is taken while the second runs (coredns#6163)",
            arguments: [Duration.milliseconds(2200), .milliseconds(3500)])
        func late(delay: Duration) throws {
            let attempted = try #require(try Timelines.failing.late[delay])
            #expect(attempted.timed.response.hosts == [1])
            #expect(attempted.time.isAbout(delay), "\(attempted.time)")
        }

        @Test("FW12 port closed: SERVFAIL under 0.3 s and two sends, no storm (coredns#5897)")
        func closed() throws {
            let closed = try Timelines.failing.closed
            for attempt in closed.attempts {
                #expect(attempt.response.rcode == .serverFailure)
                #expect(attempt.time < .milliseconds(300), "\(attempt.time)")
                #expect(attempt.response.extendedError?.code == 23)
            }
            #expect(closed.sent == 2)
        }

        @Test("FW12 silent, TCP client: SERVFAIL within 4 s, asked over TCP first")
        func overTCP() throws {
            let attempted = try Timelines.failing.overTCP
            #expect(attempted.rcode == .serverFailure)
            #expect(attempted.time <= .milliseconds(4350), "\(attempted.time)")
            #expect(attempted.sent.first?.query.transport == .tcp)
        }

        @Test("FW4 a TCP connection that does not come about costs no more than a silent upstream")
        func deafOverTCP() throws {
            let deaf = try Timelines.failing.deafOverTCP
            #expect(deaf.response.rcode == .serverFailure)
            #expect(deaf.time <= .milliseconds(4350), "\(deaf.time)")
        }

        @Test("FW1 an upstream without TCP answers a TCP client in time")
        func withoutTCP() throws {
            let attempted = try Timelines.failing.withoutTCP
            #expect(attempted.timed.response.hosts == [1])
            #expect(attempted.time <= .milliseconds(4350), "\(attempted.time)")
            #expect(attempted.sent.first?.query.transport == .tcp)
        }

        @Test("FW12 back again: the next query succeeds at once")
        func recovered() throws {
            let attempts = try Timelines.failing.recovered
            #expect(attempts[0].rcode == .serverFailure)
            #expect(attempts[1].timed.response.hosts == [8])
            #expect(attempts[1].time < .milliseconds(300), "\(attempts[1].time)")
        }

        @Test("FW14 probes come only after an error, one at a time, until one is answered")
        func probes() throws {
            let probes = try Timelines.failing.probes
            // Every third repeats the question instead of asking for the root's servers.
            #expect((3...6).contains(probes.count), "\(probes)")
            #expect(probes.allSatisfy { $0 > .milliseconds(1900) })
            // A second for the answer, half a second of rest.
            let gaps = zip(probes, probes.dropFirst()).map { $1 - $0 }
            #expect(gaps.allSatisfy { $0 > .milliseconds(1300) }, "\(gaps)")

            let upstream = try ScriptedUpstream { query in
                [.init(query.reply(rcode: .serverFailure))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            upstream.close()
            _ = try server.client.ask("one.example.net", .a)
            try upstream.open()
            // Whatever it says, it is well.
            pause(.milliseconds(1200))
            #expect(upstream.everything.count == 1)
            _ = try server.client.ask("two.example.net", .a)
            pause(.milliseconds(200))
            #expect(upstream.everything.count == 2, "an error that it sent is no failure")
        }

        @Test("FW12 two upstreams, the first silent: under 1 s, then under 0.3 s (coredns#7353)")
        func silentOfTwo() throws {
            let pair = try Timelines.failing.silentOfTwo
            #expect(pair.attempts.allSatisfy { $0.response.hosts == [2] })
            #expect(pair.attempts[0].time < .seconds(1), "\(pair.attempts[0].time)")
            let others = pair.attempts.dropFirst().map(\.time)
            #expect(others.allSatisfy { $0 < .milliseconds(300) }, "\(others)")
        }

        @Test("FW12 two upstreams, the first one's port closed: under 0.3 s")
        func closedOfTwo() throws {
            let pair = try Timelines.failing.closedOfTwo
            #expect(pair.attempts.allSatisfy { $0.response.hosts == [2] })
            let times = pair.attempts.map(\.time)
            #expect(times.allSatisfy { $0 < .milliseconds(300) }, "\(times)")
        }

        @Test("FW17 sequential: the first is used again after it recovered, and then always")
        func order() throws {
            for pair in [try Timelines.failing.silentOfTwo, try Timelines.failing.closedOfTwo] {
                #expect(pair.recovery < .seconds(2.5), "\(pair.recovery)")
                #expect(pair.hosts == [UInt8](repeating: 1, count: 10))
            }
        }

        @Test(
            "FW10 SERVFAIL or REFUSED of the first: the second is asked (coredns#7457)",
            arguments: [RCode.serverFailure, .refused], Transport.allCases)
        func refusing(rcode: RCode, transport: Transport) throws {
            let other = rcode == .refused ? RCode.serverFailure : .refused
            let upstreams = try [rcode, other].map { rcode in
                try ScriptedUpstream { [.init($0.reply(additional: [.opt()], rcode: rcode))] }
            }
            let good = try ScriptedUpstream { [.init($0.reply([$0.address(7)]))] }
            let server = try Server.forwarding(
                Forwarded("good.example.net", upstreams[0], good),
                Forwarded("none.example.net", upstreams[0], upstreams[1]))
            for number in 0..<3 {
                let name = "n\(number).good.example.net"
                let timed = try Timed { try server.client.ask(name, .a, over: transport) }
                #expect(timed.response.hosts == [7] && timed.time < .milliseconds(300))
                #expect(try upstreams[0].received(name).count == 1, "the order is kept")
            }
            let refused = try server.client.ask("www.none.example.net", .a, over: transport)
            #expect(refused.rcode == other, "the last refusal is passed on")
        }
    }
}
