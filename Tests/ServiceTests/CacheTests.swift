import DNS
import Testing

extension ServiceTests {
    @Suite("The cache of `cache: 30`")
    struct CacheTests {
        /// An upstream whose names say the TTL of their address: `t3600.example.net`.
        private static func ttls() throws -> ScriptedUpstream {
            try ScriptedUpstream { query in
                let label = String(decoding: query.question.name.labels[0], as: UTF8.self)
                let ttl = UInt32(label.dropFirst()) ?? 0
                return [
                    .init(query.reply([Record(query.question.name, .a, ttl: ttl, [192, 0, 2, 1])]))
                ]
            }
        }

        @Test(
            "TTLs are capped at 30 and lifted to 5 seconds, first and cached",
            arguments: [(3600, 30), (31, 30), (30, 30), (12, 12), (5, 5), (1, 5), (0, 5)])
        func clamp(sent: Int, served: UInt32) throws {
            let upstream = try Self.ttls()
            let server = try Server.forwarding(to: upstream.port)
            let name = "t\(sent).example.net"
            let first = try server.client.ask(name, .a)
            #expect(first.answer.map(\.ttl) == [served])
            let cached = try server.client.ask(name, .a, over: .tcp)
            #expect((served - 1...served).contains(try #require(cached.answer.first).ttl))
            #expect(try upstream.received(name).count == 1, "the second answer is the cache's")
        }

        @Test("A cached TTL counts down, and the entry ends with it")
        func countdown() throws {
            let upstream = try Self.ttls()
            let server = try Server.forwarding(to: upstream.port)
            #expect(try server.client.ask("t30.example.net", .a).answer.first?.ttl == 30)
            #expect(try server.client.ask("t5.example.net", .a).answer.first?.ttl == 5)
            pause(.milliseconds(2100))
            let later = try #require(try server.client.ask("t30.example.net", .a).answer.first)
            #expect(later.ttl == 28 || later.ttl == 27)
            pause(.milliseconds(3100))
            #expect(try server.client.ask("t5.example.net", .a).answer.first?.ttl == 5)
            #expect(try upstream.received("t5.example.net").count == 2)
            #expect(try upstream.received("t30.example.net").count == 1)
        }

        @Test(
            "A denial lives as long as the lower of its SOA's TTL and MINIMUM, at most 30 seconds",
            arguments: [(300, 1800, 30), (7, 1800, 7), (300, 8, 8), (0, 0, 5)])
        func negative(ttl: UInt32, minimum: UInt32, served: UInt32) throws {
            let upstream = try ScriptedUpstream { query in
                let soa = try Record.soa("example.net", ttl: ttl, minimum: minimum)
                let denied = query.question.type == .a
                return [.init(query.reply(authority: [soa], rcode: denied ? .nameError : .noError))]
            }
            let server = try Server.forwarding(to: upstream.port)
            for (name, type) in [("missing.example.net", RRType.a), ("bare.example.net", .txt)] {
                let first = try server.client.ask(name, type)
                #expect(first.rcode == (type == .a ? .nameError : .noError))
                #expect(first.authority.map(\.ttl) == [served], "\(type)")
                let cached = try server.client.ask(name, type)
                #expect(cached.rcode == first.rcode && cached.authority.count == 1)
                #expect(try upstream.received(name).count == 1)
            }
        }

        @Test(
            "Denials without SOA and an upstream's SERVFAIL are kept for a moment, REFUSED is not")
        func failures() throws {
            let rcodes: [String: RCode] = [
                "missing": .nameError, "empty": .noError, "broken": .serverFailure,
                "refused": .refused,
            ]
            let upstream = try ScriptedUpstream { query in
                let label = String(decoding: query.question.name.labels[0], as: UTF8.self)
                return [.init(query.reply(rcode: rcodes[label.lowercased()] ?? .noError))]
            }
            let server = try Server.forwarding(to: upstream.port)
            for (label, rcode) in rcodes {
                let name = "\(label).example.net"
                for _ in 0..<2 {
                    #expect(try server.client.ask(name, .a).rcode == rcode, "\(label)")
                }
                let asked = try upstream.received(name).count
                #expect(asked == (rcode == .refused ? 2 : 1), "\(label): \(asked)")
            }
        }

        @Test("A failure of our own is not kept")
        func ownFailures() throws {
            let port = try freePort()
            let server = try Server.forwarding(to: port)
            #expect(try server.client.ask("www.example.net", .a).rcode == .serverFailure)
            let upstream = try ScriptedUpstream.answering(port: port)
            #expect(try server.client.ask("www.example.net", .a).data(.a) == ["203.0.113.99"])
            _ = upstream
        }

        @Test("A cached answer has the client's spelling, the upstream's AA, and RA")
        func header() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server.forwarding(to: upstream.port)
            for name in ["www.example.net", "WWW.eXample.NET", "wWw.example.net"] {
                let response = try server.client.ask(name, .a)
                #expect(response.question?.name.description == name + ".")
                #expect(response.answer.first?.owner.description == name + ".")
                #expect(!response.isAuthoritative && response.offersRecursion)
            }
            #expect(try upstream.received("www.example.net").count == 1)
        }

        @Test("`cache: 0` keeps nothing and leaves TTLs as they came")
        func off() throws {
            let upstream = try Self.ttls()
            let server = try Server(
                "forward: {.: {to: [\"127.0.0.1:\(upstream.port)\"], cache: 0}}\n")
            for _ in 0..<2 {
                #expect(try server.client.ask("t3600.example.net", .a).answer.first?.ttl == 3600)
            }
            #expect(try upstream.received("t3600.example.net").count == 2)
        }
    }
}
