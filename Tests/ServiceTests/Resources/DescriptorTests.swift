import DNS
import Foundation
import Testing

extension ServiceTests {
    @Suite("When descriptors run out")
    struct DescriptorTests {
        private let upstream: ScriptedUpstream
        private let server: Server
        private let admin: AdminClient

        /// A server that may have 100 descriptors.
        init() throws {
            upstream = try ScriptedUpstream.answering()
            let port = try freePort()
            server = try Server(
                "workers: 2\ncontrol: control.sock\nadmin: 127.0.0.1:\(port)\n"
                    + "zones:\n  lab.example: {records: {\"*\": 192.0.2.10}}\n"
                    + "forward: {.: {to: \"127.0.0.1:\(upstream.port)\", cache: off}}\n",
                by: ["/usr/bin/prlimit", "--nofile=100:100"])
            admin = AdminClient(port: port)
        }

        private func connect(_ count: Int) throws -> [TCPClient] {
            try (0..<count).map {
                try TCPClient(server, from: "127.0.\(1 + $0 / 200).\($0 % 200 + 1)")
            }
        }

        private func processorTicks() throws -> Int {
            let text = try String(
                contentsOfFile: "/proc/\(server.process.pid)/stat", encoding: .utf8)
            let fields = text.split(separator: " ")
            return (Int(fields[13]) ?? 0) + (Int(fields[14]) ?? 0)
        }

        private func descriptors() throws -> Int {
            try FileManager.default.contentsOfDirectory(
                atPath: "/proc/\(server.process.pid)/fd"
            ).count
        }

        /// The same when all has been used once, and nothing is opened or closed any more.
        private func restingDescriptors() throws -> Int {
            #expect(try isServing("before"))
            // Sockets to upstreams are closed by then.
            pause(.milliseconds(2500))
            var count = try descriptors()
            _ = try eventually {
                pause(.milliseconds(500))
                let before = count
                count = try descriptors()
                return count == before
            }
            return count
        }

        /// Whether all that is not a new TCP connection goes on.
        private func isServing(_ label: String) throws -> Bool {
            try server.client.ask("www.lab.example", .a).answer.count == 1
                && server.client.ask("\(label).example.net", .a).answer.count == 1
                && server.command("stats").status == .exited(0)
                && admin.ask("/health").status == 200
        }

        @Test("More TCP clients than descriptors: the rest is served, and nothing is left behind")
        func reserve() throws {
            let before = try restingDescriptors()
            var clients = try connect(400)
            #expect(try descriptors() <= 100)
            for round in 0..<3 {
                #expect(try isServing("during\(round)"))
                pause(.milliseconds(500))
            }
            let start = try processorTicks()
            pause(.seconds(1))
            #expect(try processorTicks() - start < 20)
            #expect(clients.count == 400)
            clients = []
            #expect(try eventually(within: .seconds(15)) { try descriptors() <= before })
        }

        @Test("A limit that is lowered while it runs: one line of the log, and all comes back")
        func lowered() throws {
            let before = try restingDescriptors()
            let limit = try run([
                "/usr/bin/prlimit", "--pid=\(server.process.pid)", "--nofile=\(before + 8)",
            ])
            #expect(limit.status == .exited(0), "\(limit.output)")
            var clients = try connect(300)
            #expect(try server.client.ask("www.lab.example", .a).answer.count == 1)
            // The sockets of its first seconds are closed by now.
            pause(.milliseconds(2500))
            clients += try connect(300)
            #expect(try server.client.ask("during.example.net", .a).answer.count == 1)
            let start = try processorTicks()
            pause(.seconds(1))
            #expect(try processorTicks() - start < 20)
            #expect(
                server.log.components(separatedBy: "descriptors have run out").count == 2,
                "\(server.log)")
            clients = []
            #expect(try eventually(within: .seconds(5)) { try isServing("after") })
            #expect(try eventually(within: .seconds(15)) { try descriptors() <= before })
        }
    }
}
