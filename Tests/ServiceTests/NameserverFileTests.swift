import DNS
import Foundation
import Testing

extension SharingTests {
    @Suite("Files with nameserver lines are followed")
    struct NameserverFileTests {
        private static let file = "run/resolv.conf"
        private static func line(_ upstream: ScriptedUpstream) -> String {
            "nameserver [127.0.0.1]:\(upstream.port)\n"
        }

        /// Whether a new name is answered with `address` before a user would notice.
        private static func isAnswered(_ server: Server, _ address: String) throws -> Bool {
            try eventually(within: .seconds(5)) {
                let name = "\(UUID().uuidString.prefix(8)).example.net"
                return try server.client.ask(name, .a).data(.a) == [address]
            }
        }

        /// Writes the file anew where it is, so that a reader may find any part of it.
        private static func writeInPlace(_ text: String, _ server: Server) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: server.directory.file(file)))
        }

        private static func occurrences(_ text: String, in log: String) -> Int {
            log.components(separatedBy: text).count - 1
        }

        @Test(
            "A file that is renamed into place or written anew, and that is empty or gone meanwhile"
        )
        func followed() throws {
            let first = try ScriptedUpstream.answering("203.0.113.1")
            let second = try ScriptedUpstream.answering("203.0.113.2")
            let fixed = try ScriptedUpstream.answering("203.0.113.3")
            let server = try Server(
                "forward: {.: {to: ./\(Self.file)}, "
                    + "fixed.example: {to: [\"127.0.0.1:\(fixed.port)\"]}}\n",
                files: [Self.file: Self.line(first)])
            let client = server.client
            #expect(try client.ask("a.example.net", .a).data(.a) == ["203.0.113.1"])
            #expect(try client.ask("a.fixed.example", .a).data(.a) == ["203.0.113.3"])
            // An administrator is half-way through something else.
            try server.directory.write("forward: {.: [", to: "horizond.yaml")

            // A file of the same directory that is renamed into place.
            try server.directory.write(Self.line(second), to: Self.file)
            #expect(try Self.isAnswered(server, "203.0.113.2"))
            #expect(
                server.log.contains(
                    "resolv.conf changed: forwarding . to 127.0.0.1:\(second.port)\n"))

            // In place, by way of an empty file.
            try Self.writeInPlace("", server)
            let emptied = "names no server; the servers that it named before stay"
            #expect(eventually { server.log.contains(emptied) })
            #expect(try Self.isAnswered(server, "203.0.113.2"))
            try Self.writeInPlace(Self.line(first), server)
            #expect(try Self.isAnswered(server, "203.0.113.1"))

            try server.directory.remove(Self.file)
            let gone = "does not exist; the servers that it named"
            #expect(eventually { server.log.contains(gone) })
            #expect(try Self.isAnswered(server, "203.0.113.1"))
            try server.directory.write(Self.line(second), to: Self.file)
            #expect(try Self.isAnswered(server, "203.0.113.2"))

            // Each was told once, and what other rules had cached is still there.
            #expect(Self.occurrences("the servers that it named before stay", in: server.log) == 2)
            #expect(Self.occurrences(" changed: forwarding ", in: server.log) == 3)
            #expect(try client.ask("a.fixed.example", .a).data(.a) == ["203.0.113.3"])
            #expect(try fixed.received("a.fixed.example").count == 1)
            #expect(try server.stop() == .exited(0))
        }

        @Test("No query is lost while the file changes again and again")
        func storm() throws {
            let upstreams = [
                try ScriptedUpstream.answering("203.0.113.1", ttl: 0),
                try ScriptedUpstream.answering("203.0.113.2", ttl: 0),
            ]
            let server = try Server(
                "forward: {.: {to: ./\(Self.file), cache: off}}\n",
                files: [Self.file: Self.line(upstreams[0])])
            let load = try Load(
                ["a.example.net", "b.example.net"], server: Endpoint(port: server.port), over: .udp)
            for round in 1...3 {
                try server.directory.write(Self.line(upstreams[round % 2]), to: Self.file)
                #expect(
                    eventually {
                        Self.occurrences(" changed: forwarding ", in: server.log) == round
                    })
                if round == 2 { try server.reload() }
            }
            let count = load.stop()
            #expect(count.sent > 1000)
            #expect(count.answered == count.sent && count.failed == 0, "\(count)")
            #expect(try server.stop() == .exited(0))
        }
    }
}
