import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("A storm of reloads", .aloneOnMachine)
    struct ReloadStormTests {
        private static let length = Duration.seconds(4)
        private static let interval = Duration.milliseconds(20)
        /// How much more memory the server may have afterwards.
        private static let memoryLimit = 24 << 20

        private static func configuration(_ address: String, _ upstreams: [ScriptedUpstream])
            -> String
        {
            let servers = upstreams.map { "\"127.0.0.1:\($0.port)\"" }.joined(separator: ", ")
            return """
                control: control.sock
                zones: {lab.example: {records: {"*": \(address)}}}
                forward: {.: {to: [\(servers)], cache: 30}}

                """
        }

        /// An upstream that is silent for three tenths of a second of every six.
        private static func flapping() throws -> ScriptedUpstream {
            let start = ContinuousClock.now
            return try ScriptedUpstream { query in
                let phase = Int((ContinuousClock.now - start) / .milliseconds(300))
                let record = Record(query.question.name, .a, ttl: 300, [203, 0, 113, 99])
                return phase % 2 == 0 ? [.init(query.reply([record]))] : []
            }
        }

        @Test(
            "Fifty a second, good and bad in turn, lose no query, and the last one is served; also while one upstream of two comes and goes, and tools are stuck",
            arguments: [false, true])
        func storm(hasFaults: Bool) throws {
            let upstreams =
                try (hasFaults ? [Self.flapping()] : []) + [ScriptedUpstream.answering()]
            let server = try Server(Self.configuration("192.0.2.1", upstreams))
            let tools = try (0..<(hasFaults ? 8 : 0)).map { _ in
                let tool = try ControlSocket(path: server.controlPath)
                try tool.send(octets: Array(#"{"version":1,"comm"#.utf8))
                return tool
            }
            defer { withExtendedLifetime(tools) {} }
            // Every other name is of the server's own zone, and each of the others is new.
            let load = PacedLoad(
                rate: 1000, server: Endpoint(port: server.port), isDear: { $0 / 8 % 2 == 0 }
            ) { number in
                let zone = number / 8 % 2 == 0 ? "lab.example" : "example.net"
                return Question(name: try DomainName("n\(number).\(zone)"), type: .a)
            }
            pause(.milliseconds(500))
            let before = try server.memory()
            let end = ContinuousClock.now + Self.length
            var number = 0
            while ContinuousClock.now < end {
                number += 1
                let isGood = number % 2 == 0
                try server.configure(
                    Self.configuration("192.0.2.\(number % 200)", upstreams)
                        + (isGood ? "" : "nonsense: \(number)\n"))
                server.process.signal(SIGHUP)
                // Else the server would wait for whoever reads what it tells.
                try server.notifications.drain()
                pause(Self.interval)
            }
            try server.configure(Self.configuration("192.0.2.250", upstreams))
            #expect(
                try eventually {
                    server.process.signal(SIGHUP)
                    try server.notifications.drain()
                    return try server.client.ask("www.lab.example", .a).data(.a) == ["192.0.2.250"]
                })
            let count = try load.stop()
            #expect(count.sent > 2000 && count.lost == 0 && count.failed == 0, "\(count)")
            #expect(number > 50, "\(number) signals")
            for (what, least) in [("reloaded: ", 10), ("the reload failed", 10)] {
                let times = server.log.components(separatedBy: what).count - 1
                #expect(times >= least, "\(what) \(times) times")
            }
            var taken = 0
            let isFlat = try eventually {
                taken = try server.memory() - before
                return taken < Self.memoryLimit
            }
            #expect(isFlat, "\(taken) octets")
            #expect(try server.stop() == .exited(0))
        }
    }
}
