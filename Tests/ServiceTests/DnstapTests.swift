import DNS
import Foundation
import Glibc
import Testing

extension SharingTests {
    // The collector is Farsight's fstrm_capture, and Knot's dnstap-ldns reads what it wrote.
    @Suite("The query log as dnstap")
    struct DnstapTests {
        private static func configuration(_ queries: String) -> String {
            "identity: {id: node-7}\nzones: {lab.example: {records: {\"*\": 192.0.2.10}}}\n"
                + "forward: {}\nlog: {queries: \(queries)}\n"
        }

        private static func server(_ queries: String) throws -> Server {
            try Server(configuration(queries))
        }

        /// Unblocks the signals that a thread of the tests has blocked, which its children inherit:
        /// the collector ends by one.
        private static let unblocking =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); "
            + "os.execv(sys.argv[1], sys.argv[1:])"

        /// A collector at the socket that the server's configuration names.
        private static func collector(_ server: Server, to file: String) throws -> ChildProcess {
            let path = server.directory.file("tap.sock")
            if FileManager.default.fileExists(atPath: path) {
                try server.directory.remove("tap.sock")
            }
            let collector = try ChildProcess(
                [
                    "/usr/bin/python3", "-c", unblocking, "/usr/bin/fstrm_capture", "-t",
                    "protobuf:dnstap.Dnstap", "-u", path, "-w",
                    server.directory.file(file),
                ], output: server.directory.file("\(file).log"))
            guard eventually({ FileManager.default.fileExists(atPath: path) }) else {
                throw Failure("no collector: \(server.directory.read("\(file).log"))")
            }
            return collector
        }

        /// What the collector wrote, after its end, a line each or as YAML.
        private static func read(_ server: Server, _ file: String, yaml: Bool = false) throws
            -> String
        {
            try run(
                ["/usr/bin/dnstap-ldns"] + (yaml ? ["-y"] : []) + [
                    "-r", server.directory.file(file),
                ]
            ).output
        }

        @Test("A collector gets each response with times, client and reason, and the stream's end")
        func responses() throws {
            let server = try Self.server("{to: \"dnstap:tap.sock\"}")
            let collector = try Self.collector(server, to: "tap")
            try server.reload()
            let first = try server.client.ask("www.lab.example", .a)
            _ = try server.client.from("127.7.0.1").ask("www.lab.example", .aaaa, over: .tcp)
            _ = try server.client.ask("other.example", .a)
            #expect(try server.stop() == .exited(0))
            collector.signal(SIGTERM)
            _ = try collector.wait(timeout: .seconds(5))
            let lines = try Self.read(server, "tap").split(separator: "\n").map {
                $0.split(separator: " ").dropFirst(2).joined(separator: " ")
            }
            #expect(lines.count == 3)
            #expect(
                lines.map { $0.replacing(#/[0-9]+b/#, with: "") } == [
                    "CR 127.0.0.1 UDP  \"www.lab.example.\" IN A",
                    "CR 127.7.0.1 TCP  \"www.lab.example.\" IN AAAA",
                    "CR 127.0.0.1 UDP  \"other.example.\" IN A",
                ])
            let yaml = try Self.read(server, "tap", yaml: true)
            #expect(yaml.contains("identity: \"node-7\"") && yaml.contains("version: \"horizond "))
            #expect(yaml.contains("id: \(first.header.id)") && yaml.contains("rcode: REFUSED"))
            #expect(yaml.contains("192.0.2.10"))
            let octets = server.directory.read("tap")
            #expect(
                octets.contains(
                    "view=lan source=overlay reason=view lan (127.0.0.0/8): zone lab.example:"))
        }

        @Test("A response is told whole, however long")
        func longResponse() throws {
            let addresses = (1...100).map { "192.0.2.\($0)" }.joined(separator: ", ")
            let server = try Server(
                "zones: {lab.example: {records: {many: [\(addresses)]}}}\nforward: {}\n"
                    + "log: {queries: {to: \"dnstap:tap.sock\"}}\n")
            let collector = try Self.collector(server, to: "tap")
            try server.reload()
            #expect(try server.client.ask("many.lab.example", .a, over: .tcp).answer.count == 100)
            #expect(try server.stop() == .exited(0))
            collector.signal(SIGTERM)
            _ = try collector.wait(timeout: .seconds(5))
            let yaml = try Self.read(server, "tap", yaml: true)
            #expect(yaml.components(separatedBy: "many.lab.example.\t").count > 100)
        }

        @Test("A collector may come later, end and come again; clients' addresses are cut")
        func restarts() throws {
            let server = try Self.server("{to: \"dnstap:tap.sock\", clients: prefix}")
            _ = try server.client.ask("early.lab.example", .a)
            #expect(eventually { server.log.contains("the query log cannot be written to") })
            let first = try Self.collector(server, to: "first")
            try server.reload()
            _ = try server.client.ask("a.lab.example", .a)
            pause(.milliseconds(300))
            first.signal(SIGTERM)
            _ = try first.wait(timeout: .seconds(5))
            let second = try Self.collector(server, to: "second")
            // Without a reload: the connection that has ended is noticed.
            _ = try server.client.ask("b.lab.example", .a)
            pause(.milliseconds(300))
            #expect(try server.stop() == .exited(0))
            second.signal(SIGTERM)
            _ = try second.wait(timeout: .seconds(5))
            #expect(try Self.read(server, "first").contains("CR 127.0.0.0 UDP"))
            #expect(try Self.read(server, "first").contains("\"a.lab.example.\" IN A"))
            #expect(try Self.read(server, "second").contains("\"b.lab.example.\" IN A"))
            #expect(server.log.components(separatedBy: "cannot be written").count == 2)
        }

        @Test("A collector that never reads costs lines, and no query")
        func stuck() throws {
            let server = try Self.server("off")
            let collector = try Self.collector(server, to: "tap")
            try server.configure(Self.configuration("{to: \"dnstap:tap.sock\"}"))
            try server.reload()
            // It has accepted the stream when it has a first frame.
            _ = try server.client.ask("first.lab.example", .a)
            pause(.milliseconds(300))
            collector.signal(SIGSTOP)
            defer { collector.signal(SIGCONT) }
            let name = try DomainName("www.lab.example")
            let load = PacedLoad(
                rate: 5000, server: Endpoint(port: server.port), isDear: { _ in false }
            ) { _ in Question(name: name, type: .a) }
            pause(.seconds(4))
            let count = try load.stop()
            #expect(count.sent > 10_000 && count.failed == 0)
            // A busy host may lose a query on its way.
            #expect(count.lost < count.sent / 1000, "\(count)")
            #expect(count.longest < .seconds(3), "\(count)")
            #expect(
                eventually { server.log.contains("the collector does not") }, "\(server.log)")
            #expect(
                eventually(within: .seconds(15)) {
                    server.log.contains(#/[0-9]+ lines of the query log were dropped/#)
                }, "\(server.log)")
            #expect(try server.stop() == .exited(0))
        }

        @Test("A reload changes the sink, and what was taken before is written before")
        func change() throws {
            let server = try Self.server("{to: file:q}")
            let collector = try Self.collector(server, to: "tap")
            _ = try server.client.ask("a.lab.example", .a)
            try server.configure(
                "zones: {lab.example: {records: {\"*\": 192.0.2.10}}}\nforward: {}\n"
                    + "log: {queries: {to: \"dnstap:tap.sock\"}}\n")
            try server.reload()
            _ = try server.client.ask("b.lab.example", .a)
            pause(.milliseconds(200))
            try server.configure(
                "zones: {lab.example: {records: {\"*\": 192.0.2.10}}}\nforward: {}\n")
            try server.reload()
            _ = try server.client.ask("c.lab.example", .a)
            #expect(try server.stop() == .exited(0))
            collector.signal(SIGTERM)
            _ = try collector.wait(timeout: .seconds(5))
            let tapped = try Self.read(server, "tap")
            #expect(tapped.contains("b.lab.example") && !tapped.contains("c.lab.example"))
            let written = server.directory.read("q") + tapped
            #expect(written.contains("a.lab.example"))
            #expect(!server.directory.read("q").contains("b.lab.example"))
        }
    }
}
