import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("The life of the process", .aloneOnMachine)
    struct ProcessTests {
        /// A directory with a configuration that listens on this port of 127.0.0.1.
        private static func directory(_ port: UInt16, _ more: String = "") throws
            -> TemporaryDirectory
        {
            let directory = try TemporaryDirectory()
            try directory.write(
                "listen: [\"127.0.0.1:\(port)\"]\nforward: {.: {to: [127.0.0.1:9]}}\n" + more
                    + "\nadmin: off\n", to: "horizond.yaml")
            return directory
        }

        private static func horizond(_ arguments: String...) throws -> (
            output: String, status: ChildProcess.ExitStatus
        ) {
            try run([try Server.binary] + arguments)
        }

        @Test("A port that is taken is an error that names it", arguments: Transport.allCases)
        func takenPort(transport: Transport) throws {
            let port = try freePort()
            let taken = try Socket(transport, local: Endpoint(port: port))
            if transport == .tcp { try taken.listen() }
            let directory = try Self.directory(port)
            let (output, status) = try Self.horizond(
                "serve", "--config", directory.file("horizond.yaml"))
            #expect(status == .exited(1))
            let name = transport == .udp ? "udp" : "tcp"
            #expect(
                output.contains("address already in use: 127.0.0.1:\(port)/\(name)"), "\(output)")
        }

        @Test("Whoever is told twice to stop says so once")
        func toldTwice() throws {
            let server = try Server("forward: {}\n")
            server.process.signal(SIGTERM)
            server.process.signal(SIGINT)
            #expect(try server.process.wait(timeout: .seconds(8)) == .exited(0))
            #expect(server.log.components(separatedBy: "stopping").count == 2)
        }

        @Test("A taken port 53 names who may have it", .enabled(if: geteuid() == 0))
        func takenPort53() throws {
            let address = try #require(IPAddress("127.77.0.53"))
            let taken = try Socket(.udp, local: Endpoint(address, 53))
            let directory = try TemporaryDirectory()
            try directory.write("listen: [127.77.0.53]\nadmin: off\n", to: "horizond.yaml")
            let (output, status) = try Self.horizond(
                "serve", "--config", directory.file("horizond.yaml"))
            #expect(status == .exited(1))
            #expect(
                output.contains(
                    "address already in use: 127.77.0.53:53/udp; "
                        + "`ss -lnp sport = :53` says by whom, often systemd-resolved"),
                "\(output)")
            _ = taken
        }

        @Test("Too few descriptors are an error that says how to get more")
        func fewDescriptors() throws {
            let directory = try Self.directory(try freePort())
            for limit in [20, 40] {
                let (output, status) = try run([
                    "/usr/bin/prlimit", "--nofile=\(limit):\(limit)", try Server.binary, "serve",
                    "--config", directory.file("horizond.yaml"),
                ])
                #expect(status == .exited(1))
                #expect(
                    output.contains(
                        "the process may have \(limit) descriptors, and needs 64 at least: "
                            + "raise LimitNOFILE= of the unit, or `ulimit -n`"),
                    "\(output)")
            }
            // A soft limit alone is no obstacle.
            for limit in ["100:100", "40:1024"] {
                let server = try Server(
                    "forward: {}\n", by: ["/usr/bin/prlimit", "--nofile=\(limit)"])
                #expect(try server.client.ask("localhost", .a).rcode == .noError)
                #expect(try server.stop() == .exited(0))
            }
        }

        @Test("A second server on the same port does not start")
        func secondServer() throws {
            let first = try Server.forwarding(to: 9)
            let (output, status) = try Self.horizond(
                "serve", "--config", first.directory.file("horizond.yaml"))
            #expect(status == .exited(1))
            #expect(output.contains("address already in use: 127.0.0.1:\(first.port)/"))
            #expect(try first.client.ask("localhost", .a).rcode == .noError)
        }

        @Test("`check` is silent about a good configuration")
        func checkGood() throws {
            let directory = try Self.directory(try freePort())
            let (output, status) = try Self.horizond(
                "check", "--config", directory.file("horizond.yaml"))
            #expect(status == .exited(0), "\(output)")
        }

        @Test("A bad configuration is exit status 78", arguments: ["check", "serve"])
        func badConfiguration(command: String) throws {
            let directory = try Self.directory(try freePort(), "colour: blue\n")
            let path = directory.file("horizond.yaml")
            let (output, status) = try Self.horizond(command, "--config", path)
            #expect(status == .exited(78))
            #expect(output.contains("horizond.yaml:3:1: "), "\(output)")
            #expect(output.contains("colour"))
            let (missing, second) = try Self.horizond(command, "--config", path + ".missing")
            #expect(second == .exited(78))
            #expect(missing.contains("horizond.yaml.missing"))
        }

        @Test(
            "Wrong usage is exit status 2",
            arguments: [
                ["serv"], ["serve", "--colour"], ["check", "extra"], ["serve", "--config"],
            ])
        func usage(arguments: [String]) throws {
            let (output, status) = try run([try Server.binary] + arguments)
            #expect(status == .exited(2), "\(output)")
            #expect(output.contains("Usage") || output.contains("usage"))
        }

        @Test("Help and version are for people and succeed")
        func help() throws {
            let (help, status) = try Self.horizond("--help")
            #expect(status == .exited(0))
            for command in ["serve", "check", "version"] { #expect(help.contains(command)) }
            let (version, second) = try Self.horizond("version")
            #expect(second == .exited(0))
            #expect(version.hasPrefix("horizond "))
            let (option, third) = try Self.horizond("--version")
            #expect(third == .exited(0))
            #expect(option == version)
        }

        @Test("SIGTERM and SIGINT end the program at once", arguments: [SIGTERM, SIGINT])
        func ends(signal: Int32) throws {
            let server = try Server.forwarding(to: 9)
            server.process.signal(signal)
            #expect(try server.process.wait(timeout: .seconds(5)) == .exited(0))
        }

        @Test("SIGTERM waits for a query that is under way", arguments: Transport.allCases)
        func drains(transport: Transport) throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(1200))
            let server = try Server.forwarding(to: upstream.port)
            let socket = try Socket(transport, local: Endpoint(port: 0))
            try socket.connect(to: Endpoint(port: server.port))
            let question = Question(name: try DomainName("www.example.net"), type: .a)
            let query = Query(question: question).octets
            var stream = MessageStream(socket)
            if transport == .udp { try socket.send(query) } else { try stream.send(query) }
            #expect(try eventually { try !upstream.received("www.example.net").isEmpty })
            server.process.signal(SIGTERM)
            let answer =
                try transport == .udp
                ? socket.receive(timeout: .seconds(4)) : stream.receive(timeout: .seconds(4))
            let octets = try #require(answer)
            #expect(try Response(octets).data(.a) == ["203.0.113.99"])
            #expect(try server.process.wait(timeout: .seconds(5)) == .exited(0))
        }

        @Test("SIGTERM waits for those, too, who wait for what another worker has asked")
        func drainsJoined() throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(1200))
            let server = try Server("workers: 4\nforward: {.: '127.0.0.1:\(upstream.port)'}\n")
            let query = Query(
                question: Question(name: try DomainName("www.example.net"), type: .a))
            let sockets = try (0..<24).map { _ in
                let socket = try Socket(.udp, local: Endpoint(port: 0))
                try socket.connect(to: Endpoint(port: server.port))
                try socket.send(query.octets)
                return socket
            }
            #expect(try eventually { try !upstream.received("www.example.net").isEmpty })
            pause(.milliseconds(300))
            server.process.signal(SIGTERM)
            let answered = try sockets.count { try $0.receive(timeout: .seconds(4)) != nil }
            #expect(answered == 24)
            #expect(try upstream.received("www.example.net").count == 1)
            #expect(try server.process.wait(timeout: .seconds(5)) == .exited(0))
        }

        @Test("SIGHUP while the configuration is read for the first time has it read once more")
        func hangUpAtStart() throws {
            let records = (0..<100_000).map { "h\($0): 192.168.10.50\n" }.joined()
            let directory = try Self.directory(
                try freePort(), "zones: {vanillax.me: zone.yaml}")
            try directory.write(records, to: "zone.yaml")
            let server = try ChildProcess(
                [try Server.binary, "serve", "--config", directory.file("horizond.yaml")],
                output: directory.file("log"))
            #expect(eventually { Self.heeds(SIGHUP, server.pid) })
            #expect(!directory.read("log").contains("serves"))
            server.signal(SIGHUP)
            #expect(eventually { directory.read("log").contains("reloaded: 1 zone") })
            server.signal(SIGTERM)
            #expect(try server.wait(timeout: .seconds(5)) == .exited(0))
        }

        /// Whether a signal does not end a process: it is ignored or caught.
        private static func heeds(_ signal: Int32, _ pid: pid_t) -> Bool {
            let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let lines = (status ?? "").split(separator: "\n")
            return lines.contains { line in
                guard line.hasPrefix("SigIgn:") || line.hasPrefix("SigCgt:"),
                    let mask = line.split(separator: "\t").last.flatMap({ UInt64($0, radix: 16) })
                else { return false }
                return mask & 1 << UInt64(signal - 1) != 0
            }
        }

        @Test("systemd is told of readiness, reloads and the end")
        func notifications() throws {
            let server = try Server.forwarding(to: 9)
            let socket = server.notifications
            #expect(socket.messages.contains { $0["STATUS"] != nil })
            socket.forget()
            let before = Self.monotonicMicroseconds()
            server.process.signal(SIGHUP)
            #expect(try socket.wait(for: "READY", "1", timeout: .seconds(5)))
            let reloading = try #require(socket.messages.first { $0["RELOADING"] == "1" })
            let stamp = try #require(reloading["MONOTONIC_USEC"].flatMap { UInt64($0) })
            #expect((before...Self.monotonicMicroseconds()).contains(stamp))
            let order = socket.messages.map {
                $0["RELOADING"] != nil ? "RELOADING" : $0["READY"] ?? ""
            }
            #expect(order.first == "RELOADING", "\(socket.messages)")
            server.process.signal(SIGTERM)
            #expect(try socket.wait(for: "STOPPING", "1", timeout: .seconds(5)))
            #expect(try server.process.wait(timeout: .seconds(5)) == .exited(0))
        }

        @Test("After the start less than 40 MiB are resident")
        func memory() throws {
            let site = try Site()
            _ = try site.client.ask("argocd.vanillax.me", .a)
            let status = try String(
                contentsOfFile: "/proc/\(site.server.process.pid)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
            let kibibytes = try #require(
                line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
            #expect(kibibytes < 40 * 1024, "\(line)")
        }

        private static func monotonicMicroseconds() -> UInt64 {
            var time = timespec()
            unsafe clock_gettime(CLOCK_MONOTONIC, &time)
            return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
        }
    }
}
