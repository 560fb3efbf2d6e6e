import DNS
import Foundation
import Glibc
import Testing

extension SharingTests {
    @Suite("The control socket")
    struct ControlTests {
        private static let control = "control: control.sock\n"

        // MARK: Where it is

        @Test("is there for the owner and the group as long as the server runs")
        func rights() throws {
            let server = try Server(Self.control + "forward: {}\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: server.controlPath)
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            #expect(attributes[.type] as? FileAttributeType == .typeSocket)
            #expect(server.log.contains("control socket: \(server.controlPath)"))
            #expect(try server.stop() == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: server.controlPath))
        }

        @Test("is in the runtime directory that systemd gives, unless the configuration says off")
        func runtimeDirectory() throws {
            let directory = try TemporaryDirectory()
            let environment = ["RUNTIME_DIRECTORY": "\(directory.path):/nonexistent"]
            let server = try Server("forward: {}\n", environment: environment)
            let path = directory.file("control.sock")
            #expect(FileManager.default.fileExists(atPath: path))
            try server.configure("forward: {}\ncontrol: off\n")
            try server.reload()
            #expect(!FileManager.default.fileExists(atPath: path))
            let without = try Server("forward: {}\n")
            #expect(!without.log.contains("control socket"))
        }

        @Test("A tool that asks and goes at once leaves nothing behind")
        func hastyTools() throws {
            let server = try Server(Self.control + "forward: {}\n")
            for _ in 0..<40 {
                let tool = try ControlSocket(path: server.controlPath)
                try tool.send(
                    #"{"version":1,"command":"log","follow":true,"name":"nobody.invalid"}"# + "\n")
            }
            let isServed = try eventually {
                let socket = try ControlSocket(path: server.controlPath)
                return try socket.ask(#"{"version":1,"command":"stats"}"#).count == 2
            }
            #expect(isServed)
        }

        @Test("moves with a reload, and connections that are there stay")
        func reload() throws {
            let server = try Server(Self.control + "forward: {}\n")
            let connected = try ControlSocket(path: server.controlPath)
            #expect(try connected.ask(#"{"version":1,"command":"stats"}"#).count == 2)
            try server.configure("control: other.sock\nforward: {}\n")
            try server.reload()
            #expect(!FileManager.default.fileExists(atPath: server.controlPath))
            _ = try ControlSocket(path: server.directory.file("other.sock"))
            #expect(try connected.ask(#"{"version":1,"command":"stats"}"#).count == 2)
        }

        @Test("replaces what a dead server left, and leaves a living one's and anything else alone")
        func stale() throws {
            let first = try Server(Self.control + "forward: {}\n")
            let path = first.controlPath
            let second = try Server("control: \(path)\nforward: {}\n")
            #expect(
                second.log.contains(
                    "no control socket at \(path): another server listens there"))
            #expect(try second.stop() == .exited(0))
            #expect(try first.command("stats", "--json").status == .exited(0))
            first.process.signal(SIGKILL)
            _ = try first.process.wait(timeout: .seconds(3))
            #expect(FileManager.default.fileExists(atPath: path))
            let third = try Server("control: \(path)\nforward: {}\n")
            #expect(third.log.contains("control socket: \(path)"))
            #expect(try third.stop() == .exited(0))
            try first.directory.write("mine", to: "control.sock")
            let fourth = try Server("control: \(path)\nforward: {}\n")
            #expect(
                fourth.log.contains(
                    "no control socket at \(path): a file is there that is no socket"))
            #expect(try fourth.stop() == .exited(0))
            #expect(first.directory.read("control.sock") == "mine")
        }

        // MARK: Who may, and what goes wrong

        @Test("is closed to other users, who are told the group")
        func permissions() throws {
            let server = try Server(Self.control + "forward: {}\n")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: server.directory.path)
            func stats(_ user: String...) throws -> (String, ChildProcess.ExitStatus) {
                try run(
                    ["/usr/bin/setpriv"] + user
                        + [try Server.binary, "stats", "--json", "--control", server.controlPath])
            }
            let (output, status) = try stats(
                "--reuid=65534", "--regid=65534", "--clear-groups")
            #expect(status == .exited(1))
            #expect(
                output
                    == "horizond: not permitted: \(server.controlPath) is for root alone (use "
                    + "sudo)\n")
            // A member of the file's group may.
            #expect(
                try stats("--reuid=65534", "--regid=65534", "--groups=0").1 == .exited(0))
        }

        @Test("that is not there, or off, is told so")
        func absent() throws {
            let directory = try TemporaryDirectory()
            let path = directory.file("none.sock")
            let (output, status) = try run(
                [try Server.binary, "flush", "--control", path])
            #expect(status == .exited(1) && output.hasPrefix("horizond: no server at \(path): "))
            try directory.write("control: off\n", to: "horizond.yaml")
            let file = directory.file("horizond.yaml")
            #expect(
                try run([try Server.binary, "stats", "--config", file]).output
                    == "horizond: \(file) says `control: off`: there is no socket to ask\n")
            try directory.write("control: none.sock\n", to: "horizond.yaml")
            #expect(
                try run([try Server.binary, "stats", "--config", file]).output
                    .hasPrefix("horizond: no server at \(path): "))
        }

        @Test("answers each request by lines of JSON, and what is none by an error")
        func requests() throws {
            let server = try Server(Self.control + "forward: {}\n")
            let tool = try ControlSocket(path: server.controlPath)
            let version = try run([try Server.binary, "version"]).output
                .trimmingCharacters(in: .newlines)
            let cases = [
                (#"{"version":1,"command":"flush"}"#, [#"{"removed":0}"#, #"{"done":true}"#]),
                (
                    #"{"version":1,"command":"flush","name":"a..b"}"#,
                    [#"{"error":"\"a..b\" is no domain name"}"#]
                ),
                (
                    #"{"version":1,"command":"log","client":"10.0.0.1/8"}"#,
                    [#"{"error":"\"10.0.0.1/8\" is no address and no prefix"}"#]
                ),
                (#"{"version":1,"command":"log"}"#, [#"{"done":true}"#]),
                (
                    #"{"version":1,"command":"log","view":"guest"}"#,
                    [#"{"error":"there is no view \"guest\"; there are: lan"}"#]
                ),
                (
                    #"{"version":2,"command":"flush"}"#,
                    [
                        #"{"error":"this server, \#(version), is older than the program that asks"}"#
                    ]
                ),
                ("nonsense", [#"{"error":"not a request as this server knows it"}"#]),
                (
                    #"{"version":1,"command":"flush","name":7}"#,
                    [#"{"error":"not a request as this server knows it"}"#]
                ),
                (
                    #"{"version":1,"command":"flush","nmae":"www.lab.example"}"#,
                    [#"{"error":"unknown key \"nmae\"; flush has the keys: name, below"}"#]
                ),
                (
                    #"{"version":1,"command":"stats","json":true}"#,
                    [#"{"error":"unknown key \"json\"; stats has no keys"}"#]
                ),
            ]
            // One connection for all, and each sent in one piece or two.
            for (request, answer) in cases {
                #expect(try tool.ask(request) == answer)
                try tool.send(String(request.prefix(5)))
                #expect(try tool.ask(String(request.dropFirst(5))) == answer)
            }
            let unknown = try #require(
                try tool.ask(#"{"version":1,"command":"dance"}"#).first as String?)
            #expect(unknown.contains("\(version), knows no command"))
            // Requests that come together are answered in their order.
            try tool.send(cases[0].0 + "\n" + cases[3].0 + "\n")
            #expect(tool.line() == cases[0].1[0])
            #expect(tool.line() == #"{"done":true}"#)
            #expect(tool.line() == #"{"done":true}"#)
        }

        @Test("answers tools that close their half when they have asked, and then closes, too")
        func halfClosed() throws {
            let server = try Server(Self.control + "forward: {}\n")
            let flush = #"{"version":1,"command":"flush"}"#
            let answer = [#"{"removed":0}"#, #"{"done":true}"#]
            for (asked, lines) in [
                (flush + "\n", answer), (flush + "\n" + flush + "\n", answer + answer),
                (flush, answer), ("", []),
            ] {
                let tool = try ControlSocket(path: server.controlPath)
                try tool.send(asked)
                try tool.closeHalf()
                for line in lines { #expect(tool.line() == line) }
                #expect(tool.isClosed())
            }
            // What goes on, goes on.
            let tool = try ControlSocket(path: server.controlPath)
            try tool.send(#"{"version":1,"command":"log","follow":true}"#)
            try tool.closeHalf()
            #expect(!tool.isClosed())
        }

        @Test("of a process that is stopped keeps nobody waiting who looks")
        func stopped() throws {
            let server = try Server(Self.control + "forward: {}\n")
            server.process.signal(SIGSTOP)
            #expect(eventually { server.process.isStopped })
            defer { server.process.signal(SIGCONT) }
            let commands = [
                ["stats"], ["flush"], ["log"], ["log", "--follow"], ["plan"],
                ["explain", "www.example.com"],
            ]
            let tools = try commands.enumerated().map { number, command in
                try ChildProcess(
                    [try Server.binary] + command + ["--control", server.controlPath],
                    output: server.directory.file("tool-\(number)"))
            }
            for (number, tool) in tools.enumerated() {
                #expect(try tool.wait(timeout: .seconds(20)) == .exited(1))
                let output = server.directory.read("tool-\(number)")
                #expect(
                    output.hasPrefix(
                        "horizond: the server at \(server.controlPath) says nothing for 10 seconds: "
                    ), "\(commands[number])")
                #expect(output.contains("`systemctl restart horizond`"))
                #expect(output.contains("--offline") == (commands[number][0] == "explain"))
            }
        }

        @Test("ends what asks at too great length, and takes sixteen tools at a time")
        func limits() throws {
            let server = try Server(Self.control + "forward: {}\n")
            let long = try ControlSocket(path: server.controlPath)
            try long.send(String(repeating: "x", count: 8200))
            #expect(long.line() == #"{"error":"a request has at most 8192 octets"}"#)
            #expect(long.line() == nil)
            var tools: [ControlSocket] = []
            for _ in 0..<16 {
                let tool = try ControlSocket(path: server.controlPath)
                #expect(try tool.ask(#"{"version":1,"command":"flush"}"#).count == 2)
                tools.append(tool)
            }
            let late = try ControlSocket(path: server.controlPath)
            #expect(
                late.line()
                    == #"{"error":"16 tools are connected to this server already"}"#)
            tools.removeLast()
            let isServed = try eventually {
                let tool = try ControlSocket(path: server.controlPath)
                return (try? tool.ask(#"{"version":1,"command":"flush"}"#).count) == 2
            }
            #expect(isServed)
        }

        // MARK: flush

        @Test("flush makes a changed record of an upstream visible at once")
        func flush() throws {
            let upstream = try ScriptedUpstream.answering("203.0.113.1")
            let server = try Server.controlled(upstream)
            func addresses() throws -> [String] {
                try ["www.example.net", "a.www.example.net", "example.org"].flatMap {
                    try server.client.ask($0, .a).data(.a)
                }
            }
            let old = [String](repeating: "203.0.113.1", count: 3)
            #expect(try addresses() == old)
            upstream.change { query in
                let record = Record(query.question.name, .a, ttl: 300, [203, 0, 113, 2])
                return [.init(query.reply(query.question.type == .a ? [record] : []))]
            }
            #expect(try addresses() == old)
            #expect(
                try server.command("flush", "WWW.example.net").output
                    == "1 cached answer removed\n")
            #expect(try addresses() == ["203.0.113.2", "203.0.113.1", "203.0.113.1"])
            #expect(
                try server.command("flush", "--below", "example.net").output
                    == "2 cached answers removed\n")
            #expect(try addresses() == ["203.0.113.2", "203.0.113.2", "203.0.113.1"])
            #expect(try server.command("flush").output == "3 cached answers removed\n")
            #expect(try addresses() == [String](repeating: "203.0.113.2", count: 3))
            #expect(
                server.log.contains("flushed 2 cached answers of example.net and below by user 0"))
            #expect(try server.command("flush", "--below").status == .exited(2))
        }

        // MARK: stats

        @Test("stats' figures are those of the traffic")
        func statistics() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server.controlled(upstream)
            for _ in 0..<3 { _ = try server.client.ask("www.lab.example", .a) }
            for _ in 0..<5 { _ = try server.client.ask("www.example.net", .a) }
            let stranger = try server.client.from("127.5.0.1")
            #expect(try stranger.ask("www.example.net", .a).rcode == .refused)
            let (output, status) = try server.command("stats", "--json")
            #expect(status == .exited(0))
            let figures = try object(output)
            let queries = try #require(figures["queries"] as? [String: Int])
            #expect(
                queries == [
                    "all": 9, "zone": 3, "cache": 4, "stale": 0, "upstream": 1, "failure": 0,
                    "refused": 1, "error": 0, "limited": 0, "unanswered": 0,
                ])
            let cache = try #require(figures["cache"] as? [String: Int])
            #expect(cache["answers"] == 1 && cache["maximumOctets"] == 64 << 20)
            let server1 = try #require((figures["upstreams"] as? [[String: Any]])?.first)
            #expect(server1["address"] as? String == "127.0.0.1:\(upstream.port)")
            #expect(server1["state"] as? String == "well")
            #expect(figures["files"] as? [String] == [server.directory.file("horizond.yaml")])

            let text = try server.command("stats").output
            for wanted in [
                #/up \d+ s, serves 1 zone, 2 views, 1 upstream\n/#, #/queries +9 +0\.0 a second/#,
                #/from zones +3 +33\.3 %/#, #/from the cache +4 +44\.4 %/#, #/refused +1 +11\.1 %/#,
                #/1 answer in .* of 64\.0 MiB, 80\.0 % of look-ups found there/#,
                #/127\.0\.0\.1:\d+ +well +\d+ +\d+ +0 +[0-9.]+ ms/#,
            ] {
                #expect(text.contains(wanted), "\(text)")
            }
            #expect(!text.contains("last reload"))
            try server.reload()
            #expect(try server.command("stats").output.contains("; last reload ok "))
        }
    }
}
