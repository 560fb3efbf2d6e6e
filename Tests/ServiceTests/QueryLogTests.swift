import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("The query log")
    struct QueryLogTests {
        private static let control = "control: control.sock\n"

        @Test("log --follow shows each query, its answer, and which line decided")
        func follow() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server.controlled(upstream)
            let follower = try server.follow("log", "--follow", "--json", to: "follow")
            try Self.waitForFollower(server, "follow")
            _ = try server.client.ask("www.lab.example", .a)
            _ = try server.client.ask("www.lab.example", .https, over: .tcp)
            _ = try server.client.ask("www.example.net", .a)
            _ = try server.client.ask("www.example.net", .a)
            _ = try server.client.from("127.5.0.1").ask("www.example.net", .a)
            upstream.close()
            _ = try server.client.from("127.9.0.1").ask("other.example.net", .a)
            let lines = try Self.lines(of: server, "follow", count: 6)
            follower.signal(SIGINT)
            func column(_ key: String) -> [String] { lines.map { $0[key] as? String ?? "-" } }
            #expect(column("name").first == "www.lab.example")
            #expect(
                column("source") == [
                    "overlay", "overlay", "upstream", "cache", "refused", "failure",
                ])
            #expect(
                column("rcode")
                    == ["NOERROR", "NOERROR", "NOERROR", "NOERROR", "REFUSED", "SERVFAIL"])
            #expect(column("view") == ["lan", "lan", "lan", "lan", "-", "guest"])
            #expect(column("transport") == ["udp", "tcp", "udp", "udp", "udp", "udp"])
            #expect(column("client")[4...] == ["127.5.0.1", "127.9.0.1"])
            #expect(column("upstream")[2] == "127.0.0.1:\(upstream.port)")
            #expect(lines[0]["addresses"] as? [String] == ["192.0.2.10"])
            #expect(lines[1]["answers"] as? Int == 0)
            #expect(lines[2]["addresses"] as? [String] == ["203.0.113.99"])
            let file = server.directory.file("horizond.yaml")
            #expect(
                column("reason") == [
                    "view lan (127.0.0.0/16): zone lab.example: *.lab.example (\(file):3)",
                    "view lan (127.0.0.0/16): zone lab.example: *.lab.example (\(file):3)",
                    "view lan (127.0.0.0/16): forward . (\(file):7)",
                    "view lan (127.0.0.0/16): forward . (\(file):7)", "in no view",
                    "view guest (127.9.0.0/16): forward . (\(file):7)",
                ])
            let time = try #require(lines[0]["time"] as? Double)
            #expect(abs(time - Date().timeIntervalSince1970) < 10)
            #expect(lines.allSatisfy { (0...4000).contains($0["milliseconds"] as? Double ?? -1) })

            // What was followed is there for who comes later.
            let (later, status) = try server.command("log", "-n", "2")
            #expect(status == .exited(0))
            #expect(later.split(separator: "\n").count == 2)
            #expect(later.contains(#/\d\d:\d\d:\d\d\.\d{3}  127\.9\.0\.1  udp  other/#))
        }

        @Test("log filters by client, name and view in the server")
        func filters() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server.controlled(upstream)
            let wanted: [(arguments: [String], names: [String])] = [
                (["--client", "127.0.0.7"], ["c.lab.example"]),
                (["--client", "127.0.0.0/24"], ["lab.example", "a.lab.example", "c.lab.example"]),
                (["--client", "::/0"], []),
                (["--name", "A.LAB.example"], ["a.lab.example"]),
                (["--name", "*.lab.example"], ["a.lab.example", "c.lab.example"]),
                (
                    ["--name", ".lab.example"],
                    ["lab.example", "a.lab.example", "c.lab.example"]
                ),
                (["--view", "guest"], ["b.example.net"]),
                (["--view", "lan", "--name", "c.lab.example"], ["c.lab.example"]),
            ]
            var followers: [ChildProcess] = []
            for (index, filter) in wanted.enumerated() {
                followers.append(
                    try ChildProcess(
                        [try Server.binary, "log", "--follow", "--json"] + filter.arguments
                            + ["--control", server.controlPath],
                        output: server.directory.file("\(index)")))
            }
            let everything = try server.follow("log", "--follow", "--json", to: "all")
            try Self.waitForFollower(server, "all")
            pause(.milliseconds(300))
            let other = try server.client.from("127.0.0.7")
            for name in ["lab.example", "a.lab.example"] { _ = try server.client.ask(name, .a) }
            _ = try server.client.from("127.9.0.1").ask("b.example.net", .a)
            _ = try other.ask("c.lab.example", .a)
            _ = try Self.lines(of: server, "all", count: 4)
            // All followers are told in the same round.
            pause(.milliseconds(300))
            for follower in followers + [everything] { follower.signal(SIGINT) }
            for (index, filter) in wanted.enumerated() {
                let lines = try Self.lines(of: server, "\(index)", count: filter.names.count)
                #expect(
                    lines.compactMap { $0["name"] as? String } == filter.names,
                    "\(filter.arguments)")
            }
        }

        @Test("log --follow goes on with the server that comes after one that has ended")
        func restart() throws {
            let directory = try TemporaryDirectory()
            let control = directory.file("control.sock")
            let configuration = "control: \(control)\nforward: {}\n"
            let first = try Server(configuration)
            let follower = try ChildProcess(
                [try Server.binary, "log", "--follow", "--control", control],
                output: directory.file("follow"))
            func isTold(_ name: String, by server: Server) throws -> Bool {
                try eventually {
                    _ = try server.client.ask(name, .a)
                    pause(.milliseconds(60))
                    return directory.read("follow").contains(name)
                }
            }
            #expect(try isTold("first.test", by: first))
            try first.stop()
            let second = try Server(configuration)
            #expect(try isTold("second.test", by: second))
            follower.signal(SIGINT)
        }

        @Test("log without --follow says that nothing is kept where nobody followed")
        func nothingKept() throws {
            let server = try Server(Self.control + "forward: {}\n")
            _ = try server.client.ask("a.test", .a)
            #expect(
                try server.command("log").output
                    == "horizond: no such queries are kept; --follow shows those that come from now "
                    + "on\n")
        }

        @Test("log: {queries: true} writes the same to the log, and keeps it for `horizond log`")
        func journal() throws {
            let server = try Server(
                Self.control + "log: {queries: true}\n"
                    + "zones: {lab.example: {records: {\"*\": 192.0.2.10}}}\nforward: {}\n")
            _ = try server.client.ask("www.lab.example", .a)
            let line =
                "info: query 127.0.0.1 www.lab.example A: NOERROR, 1 answer; view lan, udp, overlay\n"
            #expect(eventually { server.log.contains(line) }, "\(server.log)")
            #expect(
                try server.command("log").output.contains("www.lab.example A  192.0.2.10  overlay"))
            try server.configure(Self.control + "forward: {}\n")
            try server.reload()
            _ = try server.client.ask("www.lab.example", .a)
            pause(.milliseconds(200))
            #expect(server.log.components(separatedBy: "query 127.0.0.1").count == 2)
        }

        @Test("A follower that does not read costs lines, which it is told, and no query or memory")
        func stuckFollower() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server.controlled(upstream)
            let stuck = try ControlSocket(path: server.controlPath)
            try stuck.send(#"{"version":1,"command":"log","follow":true}"# + "\n")
            pause(.milliseconds(300))
            let name = try DomainName("www.lab.example")
            func load(_ duration: Duration) throws -> PacedLoad.Count {
                let load = PacedLoad(
                    rate: 20_000, server: Endpoint(port: server.port), isDear: { _ in false }
                ) { _ in Question(name: name, type: .a) }
                pause(duration)
                return try load.stop()
            }
            // Once before, for what is kept from then on.
            _ = try load(.seconds(1))
            let before = try server.memory()
            // A busy host loses queries on its way to the server: three times it is not.
            var counts: [PacedLoad.Count] = []
            repeat {
                counts.append(try load(.seconds(4)))
            } while (counts.last?.lost ?? 0) > 0 && counts.count < 3
            let growth = try server.memory() - before
            #expect(counts.contains { $0.sent > 40_000 && $0.lost == 0 }, "\(counts)")
            #expect(counts.allSatisfy { $0.failed == 0 }, "\(counts)")
            #expect(growth < 4 << 20, "\(growth) octets more")
            // It reads again: what was on its way, and soon how many are missing.
            var told = 0
            var lost = 0
            while let line = stuck.line(timeout: .milliseconds(2500)) {
                if let missing = try object(line)["lost"] as? Int {
                    lost += missing
                } else {
                    told += 1
                }
            }
            let figures = try object(try server.command("stats", "--json").output)
            let queries = (figures["queries"] as? [String: Int])?["all"] ?? 0
            #expect(lost > 10_000)
            #expect(told + lost == queries, "\(told) told, \(lost) lost of \(queries)")
        }

        /// Waits until queries are followed: asks until one is shown, and then begins anew.
        private static func waitForFollower(_ server: Server, _ file: String) throws {
            let name = "waiting.test"
            let isFollowed = try eventually {
                _ = try server.client.ask(name, .a)
                pause(.milliseconds(60))
                return server.directory.read(file).contains(name)
            }
            guard isFollowed else { throw Failure("nothing is followed: \(server.log)") }
        }

        /// The lines that a follower wrote, but for those of `waitForFollower`.
        private static func lines(
            of server: Server, _ file: String, count: Int
        ) throws -> [[String: Any]] {
            func lines() throws -> [[String: Any]] {
                try server.directory.read(file).split(separator: "\n")
                    .filter { !$0.contains("waiting.test") }.map { try object(String($0)) }
            }
            _ = try eventually { try lines().count >= count }
            return try lines()
        }
    }
}
