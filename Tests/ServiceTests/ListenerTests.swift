import DNS
import Testing

extension ServiceTests {
    @Suite("Listeners")
    struct ListenerTests {
        private static let zone = "zones: {vanillax.me: {records: {'*': 192.168.10.50}}}\n"

        @Test("On the unspecified address an answer leaves from the address that was asked")
        func sourceAddress() throws {
            let server = try Server(
                Self.zone + "forward: {.: {to: [127.0.0.1:9]}}\n", wildcard: true)
            for address in ["127.0.0.1", "127.0.0.5", "127.3.2.1", "::1"] {
                let address = try #require(IPAddress(address))
                let source = address.isIPv4 ? IPAddress.v4(0x7f00_0001) : address
                let client = Client(server: Endpoint(address, server.port), source: source)
                for transport in Transport.allCases {
                    // The client's socket is connected and takes nothing from elsewhere.
                    let response = try client.ask("argocd.vanillax.me", .a, over: transport)
                    #expect(response.data(.a) == ["192.168.10.50"])
                }
            }
        }

        @Test("Queries on one TCP connection are answered as their answers come")
        func pipelining() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(700))
            let server = try Server(
                Self.zone + "forward: {.: {to: [\"127.0.0.1:\(upstream.port)\"]}}\n")
            let socket = try Socket(.tcp, local: Endpoint(port: 0))
            try socket.connect(to: Endpoint(port: server.port))
            var stream = MessageStream(socket)
            let names = ["slow.example.net", "argocd.vanillax.me", "grafana.vanillax.me"]
            for (id, name) in names.enumerated() {
                let question = Question(name: try DomainName(name), type: .a)
                try stream.send(Query(question: question, id: UInt16(id)).octets)
            }
            let ids = try (0..<3).map { _ in
                try Response(try #require(try stream.receive(timeout: .seconds(3)))).header.id
            }
            #expect(Set(ids.prefix(2)) == [1, 2] && ids.last == 0, "\(ids)")
        }

        @Test("Many TCP connections at once, each with two halves of a query")
        func manyConnections() throws {
            let server = try Server(Self.zone)
            let question = Question(name: try DomainName("argocd.vanillax.me"), type: .a)
            let query = Query(question: question).octets
            let framed = [UInt8(query.count >> 8), UInt8(query.count & 0xff)] + query
            let sockets = try (0..<200).map { index in
                // 20 clients with 10 connections each: one client may not have them all.
                let client = IPAddress.v4(0x7f00_0100 + UInt32(index % 20))
                let socket = try Socket(.tcp, local: Endpoint(client, 0))
                try socket.connect(to: Endpoint(port: server.port))
                try socket.send(Array(framed.prefix(20)))
                return socket
            }
            for socket in sockets { try socket.send(Array(framed.dropFirst(20))) }
            for socket in sockets {
                var stream = MessageStream(socket)
                let octets = try #require(try stream.receive(timeout: .seconds(3)))
                #expect(try Response(octets).data(.a) == ["192.168.10.50"])
            }
        }

        struct Oddity: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// nil for silence.
            let rcode: UInt16?
            let octets: [UInt8]

            init(_ description: String, _ rcode: RCode?, _ octets: [UInt8]) {
                testDescription = description
                self.rcode = rcode?.rawValue
                self.octets = octets
            }
        }

        private static let question: [UInt8] = [3, 0x77, 0x77, 0x77, 0, 0, 1, 0, 1]

        private static func header(_ flags: UInt16, _ counts: UInt16...) -> [UInt8] {
            var builder = MessageBuilder()
            for value in [0x1234, flags] + counts { builder.write(value) }
            return builder.octets
        }

        private static let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]

        static let oddities = [
            Oddity("an empty datagram", nil, []),
            Oddity("eleven octets", nil, Array(header(0x0100, 1, 0, 0, 0).prefix(11))),
            Oddity("a response", nil, header(0x8100, 1, 0, 0, 0) + question),
            Oddity("a header alone", .formatError, header(0x0100, 1, 0, 0, 0)),
            Oddity("no question", .formatError, header(0x0100, 0, 0, 0, 0)),
            Oddity(
                "two questions", .formatError, header(0x0100, 2, 0, 0, 0) + question + question),
            Oddity(
                "a label that runs out", .formatError,
                header(0x0100, 1, 0, 0, 0) + [63, 0x77, 0x77]),
            Oddity(
                "a name that points to itself", .formatError,
                header(0x0100, 1, 0, 0, 0) + [0xc0, 12, 0, 1, 0, 1]),
            Oddity("STATUS", .notImplemented, header(0x1000, 1, 0, 0, 0) + question),
            Oddity("UPDATE of no zone", .formatError, header(0x2800, 1, 0, 0, 0) + question),
            Oddity(
                "two OPT records", .formatError,
                header(0x0100, 1, 0, 0, 2) + question + opt + opt),
            Oddity(
                "EDNS version 1", .badVersion,
                header(0x0100, 1, 0, 0, 1) + question + [0, 0, 41, 4, 208, 0, 1, 0, 0, 0, 0]),
            Oddity(
                "class CHAOS", .refused,
                header(0x0100, 1, 0, 0, 0) + question.dropLast(2) + [0, 3]),
            Oddity(
                "a zone transfer", .refused,
                header(0x0100, 1, 0, 0, 0) + question.dropLast(4) + [0, 252, 0, 1]),
        ]

        @Test("Odd messages get the RFC's answer or silence", arguments: oddities)
        func odd(oddity: Oddity) throws {
            let server = try Server(Self.zone)
            let socket = try Socket(.udp, local: Endpoint(port: 0))
            try socket.connect(to: Endpoint(port: server.port))
            // An empty datagram is no `send` of zero octets that could be left out.
            try socket.send(oddity.octets, to: Endpoint(port: server.port))
            let answer = try socket.receive(
                timeout: .milliseconds(oddity.rcode == nil ? 200 : 2000))
            if let rcode = oddity.rcode {
                let octets = try #require(answer)
                let response = try Response(octets)
                #expect(response.header.id == 0x1234 && response.header.isResponse)
                let extended =
                    response.additional.first { $0.type == .opt }.map { $0.ttl >> 24 } ?? 0
                #expect(response.rcode.rawValue | UInt16(extended) << 4 == rcode)
            } else {
                #expect(answer == nil)
            }
            #expect(try server.client.ask("argocd.vanillax.me", .a).data(.a) == ["192.168.10.50"])
        }
    }
}
