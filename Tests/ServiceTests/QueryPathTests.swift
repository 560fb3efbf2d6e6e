import DNS
import Glibc
import Testing

extension ServiceTests {
    @Suite("From read to send", .aloneOnMachine)
    struct QueryPathTests {
        /// What lies ready: in a zone, or in the cache once it was asked for.
        enum Source: String, CaseIterable, CustomTestStringConvertible {
            case wildcard = "www.lab.example"
            case exact = "nas.lab.example"
            case cache = "www.example.net"

            var testDescription: String { "\(self)" }
        }

        private static let burst = 16
        private static let bursts = 50

        private static func server(
            _ counter: CallCounter, upstream: UInt16
        ) throws -> Server {
            try Server(
                """
                zones: {lab.example: {records: {"*": 192.0.2.10, nas: 192.0.2.11}}}
                views: {lan: {clients: [127.0.0.0/8]}}
                forward: {.: {to: ["127.0.0.1:\(upstream)"]}}

                """, environment: counter.environment)
        }

        /// Sends a query `burst` times at once and waits for all answers; so `times` times.
        private static func ask(
            _ query: [UInt8], times: Int, over transport: Transport, _ socket: Socket,
            _ stream: inout MessageStream
        ) throws {
            for _ in 0..<times {
                for _ in 0..<burst {
                    if transport == .udp { try socket.send(query) } else { try stream.send(query) }
                }
                for _ in 0..<burst {
                    let octets =
                        transport == .udp
                        ? try socket.receive(timeout: .seconds(3))
                        : try stream.receive(timeout: .seconds(3))
                    let answer = try Response(try #require(octets))
                    try #require(answer.rcode == .noError && answer.answer.count == 1)
                }
            }
        }

        @Test(
            "A local answer and a cache hit allocate nothing and count no references",
            arguments: Transport.allCases)
        func nothingIsAllocated(transport: Transport) throws {
            let upstream = try ScriptedUpstream.answering()
            let counter = try CallCounter()
            let server = try Self.server(counter, upstream: upstream.port)
            let socket = try Socket(transport, local: Endpoint(port: 0))
            try socket.connect(to: server.client.server)
            var stream = MessageStream(socket)
            for source in Source.allCases {
                _ = try server.client.ask(source.rawValue, .a, edns: nil)
                for edns: UInt16? in [nil, 1232] {
                    let question = Question(name: try DomainName(source.rawValue), type: .a)
                    let query = Query(question: question, ednsSize: edns).octets
                    // Once before, for what a connection keeps from then on.
                    try Self.ask(query, times: 1, over: transport, socket, &stream)
                    let before = try counter.counts
                    try Self.ask(query, times: Self.bursts, over: transport, socket, &stream)
                    let calls = try counter.counts - before
                    let what = "\(source), EDNS \(edns ?? 0), \(Self.bursts * Self.burst) queries"
                    #expect(calls.receives > 0, "\(what)")
                    #expect(calls.allocationsOnPath == 0, "\(what)")
                    #expect(calls.retainsOnPath == 0, "\(what)")
                    #expect(calls.releasesOnPath == 0, "\(what)")
                }
            }
        }

        @Test("A batch of queries is read by one call and answered by one", arguments: [1, 20, 96])
        func oneCallEach(queries: Int) throws {
            let counter = try CallCounter()
            let server = try Self.server(counter, upstream: try freePort())
            let question = Question(name: try DomainName("www.lab.example"), type: .a)
            let query = Query(question: question).octets
            let socket = try Socket(.udp, local: Endpoint(port: 0))
            try socket.connect(to: server.client.server)
            let before = try counter.counts
            // All of them are there when the server looks.
            server.process.signal(SIGSTOP)
            try #require(eventually(within: .seconds(3)) { server.process.isStopped })
            for _ in 0..<queries { try socket.send(query) }
            server.process.signal(SIGCONT)
            for _ in 0..<queries { _ = try #require(try socket.receive(timeout: .seconds(3))) }
            let calls = try counter.counts - before
            let batch = 32
            #expect(calls.received == queries)
            #expect(calls.receives == (queries + batch - 1) / batch)
            #expect(calls.sends == calls.receives)
            // A full batch may have left something behind, so the server looks once more.
            #expect(calls.emptyReceives <= (queries % batch == 0 ? 1 : 0))
        }
    }
}
