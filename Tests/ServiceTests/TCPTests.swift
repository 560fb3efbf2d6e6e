import DNS
import Foundation
import Testing

extension ServiceTests {
    /// RFC 7766, as a client sees it.
    @Suite("Queries over TCP")
    struct TCPTests {
        static let local = "argocd.vanillax.me"
        static let zone = "zones: {vanillax.me: {records: {'*': 192.168.10.50}}}\n"

        /// A server with the zone, which forwards all else to `upstream`.
        static func server(
            _ more: String = "", upstream: ScriptedUpstream? = nil
        ) throws -> Server {
            let port = upstream?.port ?? 9
            return try Server(zone + "forward: {.: {to: [\"127.0.0.1:\(port)\"]}}\n" + more)
        }

        @Test("Many queries in one segment are all answered, local ones before forwarded ones")
        func pipelining() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(500))
            let server = try Self.server(upstream: upstream)
            let client = try TCPClient(server)
            let octets = try (UInt16(0)..<60).flatMap { id -> [UInt8] in
                try TCPClient.framed(id < 30 ? "n\(id).example.net" : Self.local, id)
            }
            try client.send(octets)
            let ids = try client.receiveIDs(60)
            #expect(Set(ids.prefix(30)) == Set(30..<60))
            #expect(Set(ids.suffix(30)) == Set(0..<30))
        }

        @Test("Queries that come octet by octet are answered")
        func octets() throws {
            let server = try Self.server()
            let client = try TCPClient(server)
            for id in UInt16(1)...2 {
                for octet in try TCPClient.framed(Self.local, id) {
                    try client.send([octet])
                    pause(.milliseconds(1))
                }
                #expect(try client.receiveIDs(1) == [id])
            }
        }

        @Test("However segments cut queries, they are answered")
        func cuts() throws {
            let server = try Self.server()
            let client = try TCPClient(server)
            let octets = try TCPClient.framed(Self.local, 1) + TCPClient.framed(Self.local, 2)
            for cut in 1..<octets.count {
                try client.send(Array(octets[..<cut]))
                pause(.milliseconds(2))
                try client.send(Array(octets[cut...]))
                #expect(try client.receiveIDs(2) == [1, 2])
            }
        }

        @Test("A half-closed client gets all its answers, those that wait for an upstream too")
        func halfClosed() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(400))
            let server = try Self.server("tcp: {queries-in-flight: 4}\n", upstream: upstream)
            let client = try TCPClient(server)
            let octets = try (UInt16(0)..<12).flatMap { id -> [UInt8] in
                try TCPClient.framed(id % 2 == 0 ? "n\(id).example.net" : Self.local, id)
            }
            try client.send(octets)
            client.shutDownOutput()
            #expect(Set(try client.receiveIDs(12)) == Set(0..<12))
            #expect(client.end(within: .seconds(2)) == .ended)
        }

        @Test("A message shorter than a header ends the connection after what was asked before it")
        func shortMessages() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(300))
            let server = try Self.server(upstream: upstream)
            for length in [0, 1, 11] {
                let client = try TCPClient(server)
                try client.send(
                    try TCPClient.framed("n\(length).example.net", 1)
                        + TCPClient.framed(Self.local, 2)
                        + [0, UInt8(length)] + [UInt8](repeating: 0, count: length)
                        + TCPClient.framed(Self.local, 3))
                #expect(try client.receiveIDs(2) == [2, 1])
                #expect(client.end(within: .seconds(2)) == .ended)
            }
            #expect(try TCPClient(server).isServed(Self.local))
        }

        @Test("Equal questions with a long answer are all answered, whether it is cached or not")
        func longAnswersAtOnce() throws {
            let strings = (0..<200).map { [UInt8(250)] + Array(repeating: UInt8($0), count: 250) }
            let upstream = try ScriptedUpstream { query in
                [
                    .init(
                        query.reply([
                            Record(query.question.name, .txt, ttl: 60, Array(strings.joined()))
                        ]))
                ]
            }
            let server = try Self.server(upstream: upstream)
            for _ in 0..<2 {
                let client = try TCPClient(server)
                let ids = (0..<60).map { UInt16($0) }
                try client.send(
                    try ids.flatMap { try TCPClient.framed("long.example.com", $0, .txt) })
                #expect(try Set(client.receiveIDs(60)) == Set(ids))
            }
        }

        @Test("A thousand connections at once")
        func thousand() throws {
            let server = try Self.server("tcp: {idle-timeout: 30s, first-query-timeout: 30s}\n")
            #expect(try TCPClient(server).isServed(Self.local))
            let before = try server.memory()
            // 20 clients with 50 connections each: one client may not have them all.
            let clients = try (0..<1000).map { try TCPClient(server, from: "127.0.1.\($0 % 20)") }
            let half = try TCPClient.framed(Self.local, 7)
            for client in clients { try client.send(Array(half.prefix(20))) }
            for client in clients { try client.send(Array(half.dropFirst(20))) }
            for client in clients { #expect(try client.receiveIDs(1) == [7]) }
            let taken = (try server.memory() - before) / 1000
            #expect(taken < 8 << 10, "\(taken) octets a connection")
            for client in clients { #expect(client.isServed(Self.local, id: 8)) }
        }
    }
}

extension Server {
    /// The octets that the process has in memory; with `VmHWM`, the most that it had.
    func memory(_ figure: String = "VmRSS") throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(figure + ":") }
        guard let kibibytes = line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first,
            let count = Int(kibibytes)
        else { throw Failure("no \(figure)") }
        return count << 10
    }
}
