import DNS
import Testing

extension SharingTests {
    @Suite("Upstreams that fail")
    struct UpstreamFailureTests {
        private let name = "www.example.net"

        @Test("A silent upstream is asked twice and costs 4 seconds")
        func silent() throws {
            let upstream = try ScriptedUpstream { _ in [] }
            let server = try Server.forwarding(to: upstream.port)
            let (response, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(response.rcode == .serverFailure && response.offersRecursion)
            #expect(time >= .milliseconds(3900) && time <= .milliseconds(4500), "\(time)")
            let sent = try upstream.received(name)
            #expect(sent.count == 2)
            #expect(Set(sent.map(\.header.id)).count == 2, "each attempt has its own ID")
            func lines() -> [Substring] {
                server.log.split(separator: "\n").filter { $0.contains(name) }
            }
            #expect(eventually { !lines().isEmpty })
            #expect(lines().count == 1, "one line for one failed query: \(lines())")
        }

        @Test("A refusing upstream costs no time", arguments: Transport.allCases)
        func refusing(transport: Transport) throws {
            let server = try Server.forwarding(to: try freePort())
            for _ in 0..<3 {
                let (response, time) = try elapsed {
                    try server.client.ask(name, .a, over: transport)
                }
                #expect(response.rcode == .serverFailure)
                #expect(time < .milliseconds(500), "\(time)")
            }
        }

        @Test("The log has names as people write them, and nothing that a client could draw with")
        func namesInLog() throws {
            let server = try Server.forwarding(to: try freePort())
            for (name, text) in [
                ("bücher.example", " bücher.example (xn--bcher-kva.example) A: "),
                ("a\\010b\\027[2J.example", " a\\010b\\027[2J.example A: "),
            ] {
                #expect(try server.client.ask(name, .a).rcode == .serverFailure)
                #expect(eventually { server.log.contains("SERVFAIL" + text) }, "\(server.log)")
            }
        }

        @Test("A silent upstream of two costs one client under a second, and the next ones nothing")
        func silentOfTwo() throws {
            let silent = try ScriptedUpstream { _ in [] }
            let other = try ScriptedUpstream.answering(after: .zero)
            let server = try Server.forwarding(to: silent.port, other.port)
            for (index, limit) in [1000, 100, 100, 100].enumerated() {
                let (response, time) = try elapsed {
                    try server.client.ask("h\(index).example.com", .a)
                }
                #expect(response.rcode == .noError && !response.answer.isEmpty)
                #expect(time < .milliseconds(limit), "\(index): \(time)")
            }
        }

        @Test(
            "A refusing or failing upstream leaves the answer to the next",
            arguments: Transport.allCases)
        func refusalOfTwo(transport: Transport) throws {
            let other = try ScriptedUpstream.answering(after: .zero)
            for rcode in [RCode.refused, .serverFailure] {
                let refusing = try ScriptedUpstream { [.init($0.reply(rcode: rcode))] }
                let server = try Server.forwarding(to: refusing.port, other.port)
                let response = try server.client.ask(name, .a, over: transport)
                #expect(response.rcode == .noError && !response.answer.isEmpty)
                let alone = try Server.forwarding(to: refusing.port)
                #expect(try alone.client.ask(name, .a, over: transport).rcode == rcode)
            }
        }

        @Test("An answer after 1.9 seconds is in time")
        func slow() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(1900))
            let server = try Server.forwarding(to: upstream.port)
            let (response, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(response.data(.a) == ["203.0.113.99"])
            #expect(time >= .milliseconds(1850) && time <= .milliseconds(3500), "\(time)")
        }

        @Test("An answer to the first attempt counts after 2.2 seconds, too (coredns#6163)")
        func slowerThanAnAttempt() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(2200))
            let server = try Server.forwarding(to: upstream.port)
            let (response, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(response.data(.a) == ["203.0.113.99"])
            #expect(time >= .milliseconds(2150) && time <= .milliseconds(2700), "\(time)")
        }

        @Test("The next upstream is asked when the first one is silent")
        func nextUpstream() throws {
            let silent = try ScriptedUpstream { _ in [] }
            let good = try ScriptedUpstream.answering()
            let server = try Server.forwarding(to: silent.port, good.port)
            let (response, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(response.data(.a) == ["203.0.113.99"])
            #expect(time <= .milliseconds(2500), "\(time)")
        }

        @Test("A silent upstream that comes back answers the next query")
        func recovery() throws {
            let upstream = try ScriptedUpstream { _ in [] }
            let server = try Server.forwarding(to: upstream.port)
            #expect(try server.client.ask(name, .a).rcode == .serverFailure)
            upstream.change { query in
                [.init(query.reply([Record(query.question.name, .a, ttl: 9, [203, 0, 113, 8])]))]
            }
            let (response, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(response.data(.a) == ["203.0.113.8"])
            #expect(time < .milliseconds(500), "\(time)")
        }

        @Test("A truncated answer is fetched over TCP and cut for the client")
        func truncating() throws {
            let upstream = try ScriptedUpstream { query in
                guard query.transport == .tcp else {
                    return [.init(query.reply(flags: Header.Flag.truncated))]
                }
                let strings = (0..<20).map { "\($0)" + String(repeating: "x", count: 100) }
                let records = strings.map {
                    Record(query.question.name, .txt, ttl: 300, [UInt8($0.utf8.count)] + $0.utf8)
                }
                return [.init(query.reply(records))]
            }
            let server = try Server.forwarding(to: upstream.port)
            let small = try server.client.ask(name, .txt)
            #expect(small.isTruncated && small.size <= 1232)
            let whole = try server.client.ask(name, .txt, over: .tcp)
            #expect(whole.answer.count == 20 && !whole.isTruncated)
            #expect(try upstream.received(name).map(\.transport) == [.udp, .tcp])
        }

        @Test("A large RRset of a real upstream: TC within the client's size, whole over TCP")
        func large() throws {
            let knot = try KnotUpstream()
            let server = try Server.forwarding(to: knot.port)
            for _ in 0..<2 {
                for size in [nil, 512, 1232, 4096] as [UInt16?] {
                    let response = try server.client.ask("large.example.com", .txt, edns: size)
                    #expect(response.isTruncated)
                    #expect(response.size <= min(1232, Int(size ?? 512)))
                    #expect(response.answer.isEmpty, "only whole RRsets")
                }
                let whole = try server.client.ask("large.example.com", .txt, over: .tcp)
                #expect(whole.answer.count == 20 && !whole.isTruncated)
            }
        }

        @Test("A reply with a wrong ID is ignored, and the right one that follows is taken")
        func wrongID() throws {
            let upstream = try ScriptedUpstream { query in
                let forged = Record(query.question.name, .a, ttl: 300, [198, 51, 100, 6])
                let good = Record(query.question.name, .a, ttl: 300, [203, 0, 113, 6])
                return [
                    .init(query.reply([forged], id: query.header.id &+ 1)),
                    .init(query.reply([good]), after: .milliseconds(300)),
                ]
            }
            let server = try Server.forwarding(to: upstream.port)
            let (response, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(response.data(.a) == ["203.0.113.6"])
            #expect(time < .milliseconds(1900), "\(time)")
        }

        @Test("A reply to another question does not reach the client")
        func wrongQuestion() throws {
            let upstream = try ScriptedUpstream { query in
                let other = Question(name: try DomainName("evil.example.net"), type: .a)
                return [
                    .init(
                        query.reply([try .a("evil.example.net", "198.51.100.6")], question: other))
                ]
            }
            let server = try Server.forwarding(to: upstream.port)
            let response = try server.client.ask(name, .a)
            #expect(response.answer.isEmpty && response.rcode != .noError)
            #expect(try server.client.ask("evil.example.net", .txt).data(.a) == [])
        }

        @Test("Garbage with the right ID is an attempt that failed", arguments: [false, true])
        func garbage(forever: Bool) throws {
            let upstream = try ScriptedUpstream { query in
                let garbage = Array(query.reply().prefix(12)) + [0xff, 0xff, 0xff]
                return [.init(garbage)]
            }
            let good = try ScriptedUpstream.answering()
            let server =
                try forever
                ? Server.forwarding(to: upstream.port)
                : Server.forwarding(to: upstream.port, good.port)
            let (response, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(response.rcode == (forever ? .serverFailure : .noError))
            #expect(time <= .milliseconds(4500), "\(time)")
        }

        @Test("What the upstream says is passed on", arguments: [RCode.serverFailure, .refused])
        func rcodes(rcode: RCode) throws {
            let upstream = try ScriptedUpstream { [.init($0.reply(rcode: rcode))] }
            let server = try Server.forwarding(to: upstream.port)
            let (response, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(response.rcode == rcode)
            #expect(time < .milliseconds(500), "\(time)")
        }

        @Test("Ten clients that ask the same at once cost one upstream query")
        func joined() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(300))
            let server = try Server.forwarding(to: upstream.port)
            let question = Question(name: try DomainName(name), type: .a)
            let sockets = try (0..<10).map { _ in
                let socket = try Socket(.udp, local: Endpoint(port: 0))
                try socket.connect(to: Endpoint(port: server.port))
                try socket.send(Query(question: question).octets)
                return socket
            }
            for socket in sockets {
                let octets = try #require(try socket.receive(timeout: .seconds(3)))
                #expect(try Response(octets).data(.a) == ["203.0.113.99"])
            }
            #expect(try upstream.received(name).count == 1)
        }

        @Test("Upstream queries have random IDs, several source ports and an EDNS size of 1232")
        func unpredictable() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server.forwarding(to: upstream.port)
            let names = (0..<64).map { "n\($0).example.net" }
            for name in names {
                #expect(try server.client.ask(name, .a, edns: nil).rcode == .noError)
            }
            let sent = try names.flatMap { try upstream.received($0) }
            #expect(Set(sent.map(\.header.id)).count > 56)
            #expect(Set(sent.compactMap(\.source?.port)).count >= 4)
            let steps = zip(sent, sent.dropFirst()).map { $1.header.id &- $0.header.id }
            #expect(Set(steps).count > 48, "not a counter")
            for query in sent {
                let message = try Response(query.octets)
                #expect(message.additional.map(\.type) == [.opt])
                #expect(message.additional.first?.rrClass == 1232)
            }
        }

        @Test("The client's EDNS options do not reach the upstream")
        func hopByHop() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server.forwarding(to: upstream.port)
            var query = MessageBuilder()
            query.write(Header(id: 7, flags: 0x0100, questionCount: 1, additionalCount: 1))
            query.write(Question(name: try DomainName(name), type: .a))
            // A cookie (10) and a client subnet (8).
            let options: [UInt8] = [
                0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2,
            ]
            query.write(Record(.root, .opt, rrClass: 1232, ttl: 0, options))
            let octets = try server.client.exchange(query.octets, over: .udp, timeout: .seconds(3))
            #expect(try Response(octets).data(.a) == ["203.0.113.99"])
            let sent = try #require(try upstream.received(name).first)
            // Our own client cookie is all (RFC 7873).
            let rdata = try #require(try Response(sent.octets).additional.first?.rdata)
            #expect(rdata.prefix(4) == [0, 10, 0, 8] && rdata.count == 12)
            #expect(rdata.suffix(8) != [1, 2, 3, 4, 5, 6, 7, 8])
        }
    }
}
