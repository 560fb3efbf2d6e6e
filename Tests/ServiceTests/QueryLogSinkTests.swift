import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("Where the query log goes")
    struct QueryLogSinkTests {
        private static let site =
            "control: control.sock\nforward: {}\nzones:\n"
            + "  lab.example: {records: {\"*\": 192.0.2.10}}\n"
            + "  here.example: {mode: authoritative, records: {www: 192.0.2.11}}\n"

        private static func server(_ queries: String) throws -> Server {
            try Server(site + "log: {queries: \(queries)}\n")
        }

        /// The objects of a file of lines, once there are `count`.
        private static func lines(
            _ server: Server, _ files: String..., count: Int
        ) throws -> [[String: Any]] {
            func text() -> String { files.map { server.directory.read($0) }.joined() }
            _ = eventually { text().split(separator: "\n").count >= count }
            return try text().split(separator: "\n").map { try object(String($0)) }
        }

        @Test("A file gets a line of JSON for each query, the same as log --json shows")
        func file() throws {
            let server = try Self.server("{to: file:q.jsonl}")
            _ = try server.client.ask("www.lab.example", .a)
            _ = try server.client.ask("other.example", .aaaa, over: .tcp)
            let lines = try Self.lines(server, "q.jsonl", count: 2)
            #expect(
                lines.compactMap { $0["name"] as? String } == ["www.lab.example", "other.example"])
            #expect(lines.compactMap { $0["rcode"] as? String } == ["NOERROR", "REFUSED"])
            #expect(lines.compactMap { $0["client"] as? String } == ["127.0.0.1", "127.0.0.1"])
            #expect(try server.command("log", "--json").output == server.directory.read("q.jsonl"))
            let attributes = try FileManager.default.attributesOfItem(
                atPath: server.directory.file("q.jsonl"))
            #expect(attributes[.posixPermissions] as? Int == 0o640)
            #expect(server.warnings == [])
        }

        @Test("Files are rotated while queries come: no line is lost or cut, none is too large")
        func rotation() throws {
            let server = try Self.server("{to: file:q, rotate: {size: 64KiB, keep: 90}}")
            let load = PacedLoad(
                rate: 2000, server: Endpoint(port: server.port), isDear: { _ in false }
            ) { number in
                Question(name: try DomainName("n\(number).lab.example"), type: .a)
            }
            pause(.seconds(3))
            let count = try load.stop()
            #expect(count.lost == 0 && count.failed == 0, "\(count)")
            #expect(try server.stop() == .exited(0))
            let names = try FileManager.default.contentsOfDirectory(atPath: server.directory.path)
                .filter { $0.hasPrefix("q") }
            #expect(names.count > 10)
            var lines = 0
            for name in names {
                let text = server.directory.read(name)
                #expect(text.utf8.count <= 64 << 10 && text.hasSuffix("\n"))
                for line in text.split(separator: "\n") {
                    #expect(try object(String(line))["rcode"] as? String == "NOERROR")
                    lines += 1
                }
            }
            #expect(lines == count.answered)
        }

        @Test("A file that was renamed is made again by a reload, as logrotate has it")
        func reopen() throws {
            let server = try Self.server("{to: file:q, rotate: off}")
            _ = try server.client.ask("a.lab.example", .a)
            #expect(try Self.lines(server, "q", count: 1).count == 1)
            try FileManager.default.moveItem(
                atPath: server.directory.file("q"), toPath: server.directory.file("q.old"))
            try server.reload()
            _ = try server.client.ask("b.lab.example", .a)
            #expect(
                try Self.lines(server, "q", count: 1).first?["name"] as? String == "b.lab.example")
            #expect(server.directory.read("q.old").contains("a.lab.example"))
        }

        @Test("What is no file costs lines and a warning, and no query")
        func noFile() throws {
            let server = try Self.server("{to: file:pipe}")
            #expect(
                eventually { FileManager.default.fileExists(atPath: server.directory.file("pipe")) }
            )
            try server.directory.remove("pipe")
            // The path lives for the call.
            let made = unsafe mkfifo(server.directory.file("pipe"), 0o600)
            #expect(made == 0)
            try server.reload()
            #expect(eventually { server.log.contains("it is no regular file") }, "\(server.log)")
            for _ in 0..<3 { _ = try server.client.ask("a.lab.example", .a) }
            server.process.signal(SIGUSR1)
            #expect(
                eventually {
                    server.process.signal(SIGUSR1)
                    return server.log.contains("query log: 3 lines dropped")
                })
            #expect(
                eventually(within: .seconds(15)) {
                    server.log.contains("3 lines of the query log were dropped")
                }, "\(server.log)")
        }

        @Test("Errors alone are those that a client cannot use")
        func errors() throws {
            let server = try Self.server("{which: errors, to: file:q}")
            _ = try server.client.ask("a.lab.example", .a)
            #expect(try server.client.ask("no.here.example", .a).header.rcode == .nameError)
            _ = try server.client.ask("first.example", .a)
            _ = try server.client.ask("b.lab.example", .a)
            _ = try server.client.ask("last.example", .a)
            let lines = try Self.lines(server, "q", count: 2)
            #expect(
                lines.compactMap { $0["name"] as? String } == ["first.example", "last.example"])
        }

        @Test("A sample stays one while somebody follows, who sees everything")
        func sample() throws {
            let server = try Self.server("{to: file:q, sample: 20}")
            let follower = try server.follow("log", "--follow", "--json", to: "follow")
            #expect(
                try eventually {
                    _ = try server.client.ask("waiting.lab.example", .a)
                    pause(.milliseconds(60))
                    return server.directory.read("follow").contains("waiting")
                })
            for number in 0..<400 { _ = try server.client.ask("n\(number).lab.example", .a) }
            func count(_ file: String) -> Int {
                server.directory.read(file).components(separatedBy: "\"name\":\"n").count - 1
            }
            #expect(eventually { count("follow") == 400 }, "\(count("follow"))")
            follower.signal(SIGINT)
            // A step between two of a worker is 39 at most, and 20 on average.
            #expect((5...100).contains(count("q")), "\(count("q"))")
        }

        @Test(
            "Clients' addresses are cut or left out, with all that tells them, but for who follows")
        func anonymity() throws {
            let settings =
                "control: control.sock\nforward: {}\n"
                + "views: {lan: {clients: [127.0.0.0/8]}, guest: {clients: [127.1.2.3/32]}}\n"
                + "zones: {lab.example: {records: {\"*\": 192.0.2.10}}}\n"
            let server = try Server(settings + "log: {queries: {to: file:q, clients: prefix}}\n")
            let client = try server.client.from("127.1.2.3")
            _ = try client.ask("a.lab.example", .a)
            let line = try #require(try Self.lines(server, "q", count: 1).first as [String: Any]?)
            #expect(line["client"] as? String == "127.1.2.0")
            #expect(line["view"] as? String == "guest")
            let reason = try #require(line["reason"] as? String)
            #expect(reason.hasPrefix("view guest: zone lab.example: *.lab.example ("))

            try server.configure(settings + "log: {queries: {clients: hidden}}\n")
            try server.reload()
            let follower = try server.follow("log", "--follow", to: "follow")
            #expect(
                try eventually {
                    _ = try client.ask("b.lab.example", .a)
                    pause(.milliseconds(60))
                    return server.directory.read("follow").contains("127.1.2.3  udp  b.lab.example")
                })
            follower.signal(SIGINT)
            #expect(eventually { server.log.contains("info: query b.lab.example A: NOERROR") })
            #expect(!server.log.contains("127.1.2.3"), "\(server.log)")
            #expect(!server.directory.read("q").contains("127.1.2.3"))
        }
    }
}
