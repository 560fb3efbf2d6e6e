import DNS
import Foundation
import Glibc
import TestSupport
import Testing

extension ServiceTests {
    /// What strangers send, and what must not come of it: see SECURITY.md.
    @Suite("Hostile input")
    struct HostileInputTests {
        /// What terminals obey, what begins another line, what turns a line around or hides in it, what
        /// markup and formats give a meaning to, and an A-label that looks like another name.
        private static let names = [
            #"\027[2J\027]0\;evil\007.example"#, #"a\010error:\032forged.example"#,
            #"\226\128\174evil\226\128\139.example"#, #"\000\127\128\255.example"#,
            #"<script>alert\(1\)<\047script>.example"#, #"\034\125\010x_total\032 1.example"#,
            "xn--pple-43d.example", "xn--e1awd7f.example", #"%s%n%x.example"#,
        ]

        // MARK: Names

        @Test("A name is a part of one line, whatever its octets are, wherever it is told")
        func names() throws {
            let upstream = try ScriptedUpstream { query in
                let isA = query.question.type == .a
                return [.init(query.reply(rcode: isA ? .serverFailure : .nameError))]
            }
            let port = try freePort()
            let server = try Server(
                """
                control: control.sock
                admin: 127.0.0.1:\(port)
                log: {queries: {to: file:q.jsonl}}
                forward: {.: 127.0.0.1:\(upstream.port)}

                """)
            let pages = AdminClient(port: port)
            _ = try server.client.ask("first.example", .a)
            _ = try server.client.ask("first.example", .aaaa)
            func series() throws -> [String] {
                try pages.ask("/metrics").body.split(separator: "\n").compactMap { line in
                    line.lastIndex(of: " ").map { String(line[..<$0]) }
                }
            }
            let before = try series()
            for name in Self.names {
                for type in [RRType.a, .aaaa] { _ = try server.client.ask(name, type) }
            }
            let count = 2 * Self.names.count + 2
            #expect(
                eventually {
                    server.directory.read("q.jsonl").split(separator: "\n").count == count
                })
            #expect(try series() == before)
            var outputs = ["log": server.log, "file": server.directory.read("q.jsonl")]
            for arguments in [
                ["log", "-n", "100"], ["log", "-n", "100", "--json"], ["stats"],
                ["stats", "--json"],
            ] {
                let command = try [Server.binary] + arguments + ["--control", server.controlPath]
                outputs[arguments.joined(separator: " ")] = try run(command).output
            }
            for path in ["/api/queries", "/api/top?count=100", "/api/status", "/metrics"] {
                outputs[path] = try pages.ask(path).body
            }
            for name in Self.names {
                outputs["explain \(name)"] = try server.command("explain", name).output
                outputs["flush \(name)"] = try server.command("flush", name).output
            }
            // One that nobody answers has a line of the log.
            upstream.close()
            _ = try server.client.ask(#"\027[2J\010.lost.example"#, .a)
            #expect(eventually { server.log.contains(#"SERVFAIL \027[2J\010.lost.example A: "#) })
            outputs["log at the end"] = server.log
            for (what, output) in outputs {
                #expect(!output.isEmpty, "\(what)")
                for line in output.split(separator: "\n") {
                    #expect(String(line) == String(line).escapingUnprintable, "\(what): \(line)")
                }
                #expect(!output.contains("\nerror: forged"))
            }
            #expect(outputs["log -n 100"]?.split(separator: "\n").count == count)
        }

        // MARK: Secrets

        @Test(
            "Secrets are in no output: not of commands, pages, errors, files or the process's line")
        func secrets() throws {
            let secrets = [
                "5ec2e75ec2e75ec2e75ec2e75ec2e701", "5ec2e75ec2e75ec2e75ec2e75ec2e702",
                "5ec2e7-the-token-of-the-pages",
            ]
            let port = try freePort()
            func configuration(_ cookies: String) -> String {
                """
                control: control.sock
                admin: {listen: 127.0.0.1:\(port), token-file: token}
                cache-file: cache
                cookies: \(cookies)
                forward: {}

                """
            }
            let server = try Server(
                configuration("{secrets: [\(secrets[0])]}"), files: ["token": secrets[2]])
            let pages = AdminClient(port: port)
            _ = try server.client.ask("localhost", .a)
            var outputs: [String] = []
            // What is right, what is wrong in all ways, and a secret where another thing belongs.
            for cookies in [
                "{secrets: [\(secrets[1])]}", "{secrets: [\(secrets[0])0]}",
                "{secrets: \(secrets[0])}",
                secrets[0], "{\(secrets[0]): true}", "{file: \(secrets[0])}",
                "{secrets: [\(secrets[0]), \(secrets[0])]}",
                // A file with a secret where another file belongs.
                "true\nzones: {lab.example: token}", "true\nviews: {lan: {forward: {.: ./token}}}",
                "{file: token}", "true\ntls-ca: token",
            ] {
                try server.configure(configuration(cookies))
                outputs.append(try server.command("plan").output)
                let file = server.directory.file("horizond.yaml")
                outputs.append(try run([try Server.binary, "check", "--config", file]).output)
                try server.reload()
            }
            try server.directory.write("5ec2e7", to: "token")
            try server.reload()
            server.process.signal(SIGUSR1)
            for arguments in [["stats"], ["log", "-n", "9"], ["explain", "localhost"]] {
                let command = try [Server.binary] + arguments + ["--control", server.controlPath]
                outputs.append(try run(command + ["--json"]).output)
            }
            for path in [
                "/", "/api/status", "/api/history", "/api/top", "/api/queries", "/metrics",
                "/api/explain?name=localhost",
            ] {
                outputs.append(try pages.ask(path).body)
            }
            let bearer = ["Authorization: Bearer \(secrets[2])"]
            let flush = try pages.ask("/api/flush", method: "POST", headers: bearer)
            #expect(flush.status == 200)
            outputs.append(flush.body)
            let line = try Data(
                contentsOf: URL(filePath: "/proc/\(server.process.pid)/cmdline"))
            outputs.append(String(decoding: line, as: UTF8.self))
            try server.stop()
            outputs += [server.log, server.directory.read("cache")]
            #expect(server.log.contains("bad secret"))
            for output in outputs { #expect(!output.contains("5ec2e7"), "\(output)") }
        }

        // MARK: The control socket

        @Test("Whatever is said at the control socket ends nothing, and is answered or refused")
        func controlRequests() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server.controlled(upstream)
            let requests = [
                #"{"version":1,"command":"stats"}"#,
                #"{"version":1,"command":"flush","name":"a.example","below":true}"#,
                #"{"version":1,"command":"log","last":5,"name":"*.example","client":"10.0.0.0/8"}"#,
                #"{"version":1,"command":"explain","name":"a.lab.example","client":"127.0.0.1"}"#,
                #"{"version":1,"command":"plan","limit":10}"#,
            ]
            var generator = SeededGenerator(seed: 8)
            let words = Array(#"{}[]",:\0-9e+.u/*ff"#.utf8) + [0x00, 0x1b, 0x7f, 0x80, 0xff]
            for _ in 0..<400 {
                let tool = try ControlSocket(path: server.controlPath)
                var octets = Array(generator.pick(requests).utf8)
                for _ in 0..<(1 + generator.below(4)) {
                    let index = generator.below(octets.count)
                    switch generator.below(3) {
                    case 0: octets[index] = generator.pick(words)
                    case 1: octets.insert(generator.pick(words), at: index)
                    default: octets.removeSubrange(index..<min(octets.count, index + 5))
                    }
                    if octets.isEmpty { octets = [0x20] }
                }
                try tool.send(octets: octets + [0x0a])
                // Closes at its end; what has no end of its own is left.
                try tool.closeHalf()
                var last: String?
                while let line = tool.line() { last = line }
                let isAnswered = last == #"{"done":true}"# || last?.hasPrefix(#"{"error":"#) == true
                #expect(
                    isAnswered, "\(String(decoding: octets, as: UTF8.self)): \(last ?? "nothing")")
            }
            for text in [
                String(repeating: "[", count: 8_000), String(repeating: #"{"a":"#, count: 1_300),
                String(repeating: "x", count: 100_000),
            ] {
                let tool = try ControlSocket(path: server.controlPath)
                // The server may close before it has read all.
                try? tool.send(text + "\n")
                #expect(tool.line()?.hasPrefix(#"{"error":"#) == true)
            }
            #expect(try server.command("stats").status == .exited(0))
        }

        @Test("A link at the control socket's path is left alone, and so is what it leads to")
        func linkAtPath() throws {
            let directory = try TemporaryDirectory()
            try directory.write("mine", to: "file")
            let path = directory.file("control.sock")
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: directory.file("file"))
            let server = try Server("control: \(path)\nadmin: \"unix:\(path)\"\nforward: {}\n")
            #expect(server.log.contains("no control socket at \(path): a file is there that is no"))
            #expect(
                server.log.contains("no admin pages at unix:\(path): a file is there that is no"))
            try server.stop()
            #expect(directory.read("file") == "mine")
            let rights = try FileManager.default.attributesOfItem(atPath: directory.file("file"))
            #expect(rights[.posixPermissions] as? Int != 0o660)
        }

        // MARK: Rights

        @Test("Who runs it as root is told that it need not be", .enabled(if: geteuid() == 0))
        func root() throws {
            let server = try Server("forward: {}\n")
            #expect(server.log.contains(" warning: runs as root, "))
            let directory = try TemporaryDirectory()
            try directory.write(
                "listen: [127.0.0.1:\(try freePort())]\nforward: {}\nadmin: off\n",
                to: "horizond.yaml")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: directory.path)
            let other = try ChildProcess(
                [
                    "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                    "--inh-caps=-all", "--no-new-privs", try Server.binary, "serve", "--config",
                    directory.file("horizond.yaml"),
                ], output: directory.file("log"))
            #expect(eventually { directory.read("log").contains(" serves ") })
            #expect(Server.warnings(in: directory.read("log")) == [])
            #expect(!directory.read("log").contains("runs as root"))
            other.signal(SIGTERM)
            #expect(try other.wait(timeout: .seconds(8)) == .exited(0))
        }

        @Test(
            "Started as root it becomes the user that it is told, in each thread, and keeps port 53",
            .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
        func becomes() throws {
            let network = try NetworkNamespace()
            let directory = try TemporaryDirectory()
            func configure(_ port: Int) throws {
                try directory.write(
                    "listen: [127.0.0.1:\(port)]\nforward: {}\nadmin: off\n", to: "horizond.yaml")
            }
            func start(_ user: String) throws -> ChildProcess {
                let file = directory.file("horizond.yaml")
                return try ChildProcess(
                    network.entrance
                        + [try Server.binary, "serve", "--config", file, "--user", user],
                    output: directory.file("log"))
            }
            try configure(53)
            for (user, reason) in [
                ("nemo", "there is none of that name"), ("root", "that is root again"),
            ] {
                #expect(try start(user).wait(timeout: .seconds(8)) == .exited(1))
                #expect(directory.read("log").contains("the user \"\(user)\": \(reason)"))
            }
            let server = try start("nobody")
            #expect(eventually { directory.read("log").contains(" serves ") })
            #expect(Server.warnings(in: directory.read("log")) == [])
            // Another low port, which the user alone may not have.
            try configure(54)
            server.signal(SIGHUP)
            #expect(eventually { directory.read("log").contains("reloaded: ") })
            let answer = try network.inside {
                try Client(server: Endpoint(port: 54)).ask("localhost", .a).data(.a)
            }
            #expect(answer == ["127.0.0.1"])
            let tasks = "/proc/\(server.pid)/task"
            for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
                let status = try String(
                    contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)
                for field in [
                    "Uid:\t65534\t65534\t65534\t65534", "Gid:\t65534\t65534\t65534\t65534",
                    "CapInh:\t0000000000000000", "CapPrm:\t0000000000000400",
                    "CapEff:\t0000000000000400", "NoNewPrivs:\t1",
                ] {
                    #expect(status.contains("\(field)\n"), "\(status)")
                }
            }
            server.signal(SIGTERM)
            #expect(try server.wait(timeout: .seconds(8)) == .exited(0))
        }
    }
}
