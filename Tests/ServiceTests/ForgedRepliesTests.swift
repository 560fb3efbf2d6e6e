import DNS
import Foundation
import Synchronization
import TestSupport
import Testing

extension SharingTests {
    /// A forger who sends from the upstream's address and port, while that one holds back its answer.
    @Suite("Forged replies from upstream")
    struct ForgedRepliesTests {
        private let name = "www.bank.example"
        private let address = "203.0.113.99"
        private let forgedAddress = "198.51.100.66"

        /// An upstream that takes its time, below the two seconds that an attempt has.
        private func slowUpstream(
            holdingBack delay: Duration = .milliseconds(1000)
        ) throws -> ScriptedUpstream {
            let octets = IPAddress(address)?.octets ?? []
            return try ScriptedUpstream { query in
                let record = Record(query.question.name, .a, ttl: 300, octets)
                return [
                    .init(
                        query.reply([record]),
                        after: query.transport == .udp ? delay : .milliseconds(1000))
                ]
            }
        }

        /// Asks for the name; meanwhile `body` is given the query that the upstream got.
        private func ask(
            _ server: Server, _ upstream: ScriptedUpstream,
            meanwhile body: (ScriptedUpstream.Received, Endpoint) throws -> Void
        ) throws -> Response {
            let outcome = Mutex<Result<Response, any Error>?>(nil)
            let (client, name) = (server.client, name)
            let done = DispatchSemaphore(value: 0)
            let thread = Thread {
                let result = Result { try client.ask(name, .a) }
                outcome.withLock { $0 = result }
                done.signal()
            }
            thread.start()
            let cameIn = try eventually { try !upstream.received(name).isEmpty }
            guard cameIn, let query = try upstream.received(name).first, let port = query.source
            else { throw Failure("the upstream was not asked over UDP") }
            try body(query, port)
            done.wait()
            return try #require(outcome.withLock { $0 }).get()
        }

        private func forgery(
            of query: ScriptedUpstream.Received, question: Question? = nil
        ) throws -> [UInt8] {
            let owner = question?.name ?? query.question.name
            let record = Record(owner, .a, ttl: 300, IPAddress(forgedAddress)?.octets ?? [])
            return query.reply([record], question: question)
        }

        /// Sends the message with each of the IDs, not faster than a receiver takes them: a guess that
        /// is lost on the way would prove nothing.
        private func flood(
            _ upstream: ScriptedUpstream, _ message: [UInt8], ids: some Sequence<UInt16>,
            to port: Endpoint
        ) throws {
            var message = message
            for (index, id) in ids.enumerated() {
                message[0] = UInt8(id >> 8)
                message[1] = UInt8(id & 0xff)
                try upstream.send(message, to: port)
                // The kernel keeps some 270 small datagrams for a socket.
                if index % 128 == 127 { pause(.milliseconds(1)) }
            }
        }

        /// Whether a socket has the port, so that no other can.
        private func isOpen(_ port: Endpoint) -> Bool {
            (try? Socket(.udp, local: Endpoint(port: port.port))) == nil
        }

        @Test("Whoever knows the port has a few guesses at the ID; then the question goes by TCP")
        func flood() throws {
            // Long enough for all IDs, where nothing keeps the forger from it.
            let upstream = try slowUpstream(holdingBack: .milliseconds(1800))
            let server = try Server.forwarding(to: upstream.port)
            var used = Endpoint(port: 0)
            let answer = try ask(server, upstream) { query, port in
                used = port
                #expect(isOpen(port))
                let forged = try forgery(of: query)
                // The first guesses would be right once in 8192 runs: they avoid that.
                var random = SeededGenerator(seed: 1)
                let guesses = (0..<10_000).map { _ in
                    UInt16.random(in: .min ... .max, using: &random)
                }
                try flood(
                    upstream, forged, ids: guesses.filter { $0 != query.header.id }, to: port)
                let hasMoved = try eventually(within: .milliseconds(500)) {
                    try upstream.received(name).contains { $0.transport == .tcp }
                }
                #expect(hasMoved)
                #expect(!isOpen(port))
                // All IDs, and so the right one: nobody listens any more.
                try flood(upstream, forged, ids: UInt16.min ... .max, to: port)
            }
            #expect(answer.data(.a) == [address])
            #expect(try server.client.ask(name, .a).data(.a) == [address])
            let asked = try upstream.received(name).map(\.transport)
            #expect(asked == [.udp, .tcp], "once each way, then from the cache")

            upstream.change {
                [.init($0.reply([Record($0.question.name, .a, ttl: 9, [1, 2, 3, 4])]))]
            }
            for index in 0..<20 {
                let next = "h\(index).bank.example"
                #expect(try server.client.ask(next, .a).data(.a) == ["1.2.3.4"])
                let received = try upstream.received(next)
                #expect(received.map(\.transport) == [.udp], "the flood is over")
                #expect(received.first?.source != used)
            }
        }

        @Test("Race after race: a port that is found out is lost each time, and UDP is tried again")
        func races() throws {
            let forgedAddress = forgedAddress
            let truth = IPAddress(address)?.octets ?? []
            let upstream = try ScriptedUpstream { query in
                let owner = query.question.name
                guard query.transport == .udp else {
                    return [.init(query.reply([Record(owner, .a, ttl: 9, truth)]))]
                }
                let forged = Record(owner, .a, ttl: 300, IPAddress(forgedAddress)?.octets ?? [])
                return (1...40).map { .init(query.reply([forged], id: query.header.id &+ $0)) }
            }
            let server = try Server.forwarding(to: upstream.port)
            var ports: Set<UInt16> = []
            for race in 0..<300 {
                let name = "r\(race).bank.example"
                try #require(try server.client.ask(name, .a).data(.a) == [address])
                let received = try upstream.received(name)
                #expect(received.map(\.transport) == [.udp, .tcp])
                if let port = received.first?.source?.port { ports.insert(port) }
            }
            // Chance draws 300 of 64,512 ports with one twice or so.
            #expect(ports.count > 290)
        }

        @Test(
            "Whoever knows the ID as well needs the question",
            arguments: [(count: 5, ways: [Transport.udp]), (count: 20, ways: [.udp, .tcp])])
        func wrongQuestion(count: Int, ways: [Transport]) throws {
            let upstream = try slowUpstream()
            let server = try Server.forwarding(to: upstream.port)
            let other = Question(name: try DomainName("mail.bank.example"), type: .a)
            let answer = try ask(server, upstream) { query, port in
                let forged = try forgery(of: query, question: other)
                for _ in 0..<count { try upstream.send(forged, to: port) }
            }
            #expect(answer.data(.a) == [address])
            #expect(try upstream.received(name).map(\.transport) == ways)
            #expect(try server.client.ask(name, .a).data(.a) == [address])
            #expect(try server.client.ask("mail.bank.example", .a).data(.a) == [address])
        }

        @Test("Whoever has to guess the port as well changes nothing")
        func unknownPort() throws {
            let upstream = try slowUpstream()
            let server = try Server.forwarding(to: upstream.port)
            let answer = try ask(server, upstream) { query, port in
                // One of them at the port that is open: the luckiest forger.
                let ports = (UInt16(1024)...65_535).shuffled().prefix(5000) + [port.port]
                for guess in ports {
                    let id = UInt16.random(in: .min ... .max)
                    guard id != query.header.id else { continue }
                    try flood(
                        upstream, try forgery(of: query), ids: [id], to: Endpoint(port: guess))
                }
            }
            #expect(answer.data(.a) == [address])
            #expect(try server.client.ask(name, .a).data(.a) == [address])
            #expect(try upstream.received(name).map(\.transport) == [.udp])
        }

        @Test("A datagram larger than any that was agreed on is asked for again by TCP at once")
        func oversized() throws {
            let name = name
            let record = try Record.a(name, address)
            let upstream = try ScriptedUpstream { query in
                let filling = try Record.txt(name, Array(repeating: "filling", count: 700))
                return [.init(query.reply(query.transport == .udp ? [filling] : [record]))]
            }
            let server = try Server.forwarding(to: upstream.port)
            let (answer, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(answer.data(.a) == [address])
            #expect(time < .milliseconds(500), "\(time)")
            #expect(try upstream.received(name).map(\.transport) == [.udp, .tcp])
        }
    }
}
