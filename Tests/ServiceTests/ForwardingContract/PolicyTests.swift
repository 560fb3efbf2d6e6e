import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    /// FW17: in which order upstreams are asked. The order of `sequential`, the default, is shown
    /// where upstreams fail.
    @Suite("Policies")
    struct PolicyTests {
        /// Upstreams that give their number, 1 and up, after these delays.
        private static func upstreams(_ delays: Duration...) throws -> [ScriptedUpstream] {
            try zip(UInt8(1)..., delays).map { host, delay in
                try ScriptedUpstream { [.init($0.reply([$0.address(host)]), after: delay)] }
            }
        }

        private static func server(_ upstreams: [ScriptedUpstream], _ policy: String) throws
            -> Server
        {
            try Server.forwarding(
                Forwarded(
                    "example.net", ports: upstreams.map(\.port), settings: "policy: \(policy)"))
        }

        /// Who answers `count` new names.
        private static func hosts(_ server: Server, _ prefix: String, _ count: Int) throws
            -> [UInt8]
        {
            try (0..<count).flatMap { number in
                try server.client.ask("\(prefix)\(number).example.net", .a).hosts
            }
        }

        @Test("FW17 random: all are asked, each name of one")
        func random() throws {
            let upstreams = try Self.upstreams(.zero, .zero, .zero)
            let server = try Self.server(upstreams, "random")
            let hosts = try Self.hosts(server, "n", 90)
            for host in UInt8(1)...3 {
                #expect(hosts.filter { $0 == host }.count >= 10, "\(hosts)")
            }
            #expect(upstreams.map { $0.everything.count }.reduce(0, +) == 90)
        }

        @Test("FW17 random: one that fails leaves the query to another")
        func randomFailing() throws {
            let upstreams = try Self.upstreams(.zero, .zero)
            let server = try Self.server(upstreams, "random")
            upstreams[0].close()
            for number in 0..<20 {
                let timed = try Timed { try server.client.ask("n\(number).example.net", .a) }
                #expect(timed.response.hosts == [2] && timed.time < .milliseconds(300))
            }
        }

        @Test("FW17 fastest: the quick one is preferred, and another one when it slows down")
        func fastest() throws {
            let upstreams = try Self.upstreams(.milliseconds(50), .zero)
            let server = try Self.server(upstreams, "fastest")
            _ = try Self.hosts(server, "warm", 10)
            let quick = try Self.hosts(server, "quick", 40)
            #expect(quick.filter { $0 == 2 }.count >= 32, "\(quick)")
            for (host, delay) in [(UInt8(1), Duration.zero), (2, .milliseconds(300))] {
                upstreams[Int(host) - 1].change {
                    [.init($0.reply([$0.address(host)]), after: delay)]
                }
            }
            _ = try Self.hosts(server, "slow", 40)
            let slowed = try Self.hosts(server, "slowed", 40)
            #expect(slowed.filter { $0 == 1 }.count >= 32, "\(slowed)")
            upstreams[1].change { [.init($0.reply([$0.address(2)]))] }
            upstreams[0].change { [.init($0.reply([$0.address(1)]), after: .milliseconds(300))] }
            _ = try Self.hosts(server, "back", 40)
            let back = try Self.hosts(server, "again", 40)
            #expect(back.filter { $0 == 2 }.count >= 32, "\(back)")
        }

        @Test("FW17 parallel: two are asked at once, and the first good answer wins")
        func parallel() throws {
            let upstreams = try Self.upstreams(.milliseconds(500), .zero, .zero)
            let server = try Self.server(upstreams, "{parallel: 2}")
            let timed = try Timed { try server.client.ask("www.example.net", .a) }
            #expect(timed.response.hosts == [2] && timed.time < .milliseconds(300))
            // The slow one may not have noted it yet.
            let wasAsked = try eventually { try !upstreams[0].received("www.example.net").isEmpty }
            #expect(wasAsked)
            let arrivals = try upstreams.map { try $0.received("www.example.net").map(\.arrival) }
            #expect(arrivals.map(\.count) == [1, 1, 0])
            let (one, other) = (try #require(arrivals[0].first), try #require(arrivals[1].first))
            #expect(max(one, other) - min(one, other) < .milliseconds(300))
            // It is cached as any other.
            #expect(try server.client.ask("www.example.net", .a).hosts == [2])
            #expect(upstreams.map { $0.everything.count } == [1, 1, 0])
        }

        @Test("FW17 parallel: a fast SERVFAIL does not beat a slower NOERROR")
        func parallelFailing() throws {
            let upstreams = try Self.upstreams(.zero, .milliseconds(200))
            let server = try Self.server(upstreams, "{parallel: 2}")
            for rcode in [RCode.serverFailure, .refused] {
                upstreams[0].change { [.init($0.reply(additional: [.opt()], rcode: rcode))] }
                let timed = try Timed { try server.client.ask("\(rcode).example.net", .a) }
                #expect(timed.response.hosts == [2] && timed.time.isAbout(.milliseconds(200)))
            }
            for upstream in upstreams {
                upstream.change { [.init($0.reply(additional: [.opt()], rcode: .refused))] }
            }
            let timed = try Timed { try server.client.ask("none.example.net", .a) }
            #expect(timed.response.rcode == .refused && timed.time < .milliseconds(300))
        }

        @Test("FW17 parallel: one that is silent or closed costs nothing")
        func parallelSilent() throws {
            let upstreams = try Self.upstreams(.zero, .zero)
            let server = try Self.server(upstreams, "{parallel: 2}")
            upstreams[0].change { _ in [] }
            let silent = try Timed { try server.client.ask("silent.example.net", .a) }
            #expect(silent.response.hosts == [2] && silent.time < .milliseconds(300))
            upstreams[0].close()
            let closed = try Timed { try server.client.ask("closed.example.net", .a) }
            #expect(closed.response.hosts == [2] && closed.time < .milliseconds(300))
        }
    }
}
