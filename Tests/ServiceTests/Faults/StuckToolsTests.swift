import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    /// Whoever only looks on must not be able to slow down those who ask.
    @Suite("Logs and tools that are stuck", .aloneOnMachine)
    struct StuckToolsTests {
        private static let name = "www.lab.example"
        /// How much more memory a hundred stuck tools may cost.
        private static let memoryLimit = 32 << 20
        private static let count = 100

        private static func configuration(_ address: String = "192.0.2.10") -> String {
            "control: control.sock\nzones: {lab.example: {records: {\"*\": \(address)}}}\n"
        }

        @Test(
            "A standard error stream that nobody reads stops no answer, reload, sign of life or stop"
        )
        func standardError() throws {
            let log = try StuckPipe()
            let server = try Server(
                Self.configuration(), environment: ["WATCHDOG_USEC": "1000000"], output: log.path)
            log.fill()
            let pulse = Pulse(server.client, Self.name)
            for number in 11...13 {
                try server.configure(Self.configuration("192.0.2.\(number)"))
                try server.reload()
                #expect(try server.client.ask(Self.name, .a).data(.a) == ["192.0.2.\(number)"])
            }
            server.notifications.forget()
            #expect(
                try server.notifications.wait(for: "WATCHDOG", "1", timeout: .seconds(5)))
            #expect(try server.command("stats").status == .exited(0))
            let figures = try pulse.stop()
            #expect(figures.areCalm, "\(figures)")
            // What was said meanwhile comes when somebody reads.
            var text = ""
            let isTold = eventually {
                text += log.drain()
                return text.components(separatedBy: "reloaded: ").count == 4
            }
            #expect(isTold, "\(text.replacing(".", with: ""))")
            log.fill()
            #expect(try server.stop() == .exited(0))
        }

        /// What happens to one who asks while `body` goes on.
        private static func pulse(
            _ server: Server, sourceLocation: SourceLocation = #_sourceLocation,
            _ body: () throws -> Void
        ) throws {
            let before = try server.memory()
            let pulse = Pulse(server.client, name)
            try body()
            let figures = try pulse.stop()
            #expect(figures.areCalm, "\(figures)", sourceLocation: sourceLocation)
            let taken = try server.memory() - before
            #expect(taken < memoryLimit, "\(taken) octets", sourceLocation: sourceLocation)
        }

        @Test(
            "Tools that send half a request and stay, or read no answer, keep nobody out for long")
        func controlSocket() throws {
            let server = try Server(Self.configuration())
            for (request, times) in [
                (#"{"version":1,"comm"#, 1), (#"{"version":1,"command":"stats"}"# + "\n", 500),
            ] {
                try Self.pulse(server) {
                    var tools: [ControlSocket] = []
                    for _ in 0..<Self.count {
                        let tool = try ControlSocket(path: server.controlPath)
                        // A tool too many is refused, and may be so before it has asked.
                        for _ in 0..<times { guard (try? tool.send(request)) != nil else { break } }
                        tools.append(tool)
                    }
                    pause(.milliseconds(1200))
                    let (output, status) = try server.command("stats")
                    #expect(status == .exited(0), "\(output)")
                    withExtendedLifetime(tools) {}
                }
            }
            try server.stop()
        }

        @Test("Browsers that ask for pages and read nothing keep nobody out for long")
        func adminPages() throws {
            let port = try freePort()
            let server = try Server(Self.configuration() + "admin: 127.0.0.1:\(port)\n")
            let pages = AdminClient(port: port, server: nil)
            let request = Array("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8)
            try Self.pulse(server) {
                var browsers: [Socket] = []
                for _ in 0..<Self.count {
                    let browser = try pages.connect()
                    try browser.set(SOL_SOCKET, SO_RCVBUF, 2048)
                    for _ in 0..<20 { guard (try? browser.send(request)) != nil else { break } }
                    browsers.append(browser)
                }
                #expect(eventually { (try? pages.ask("/health"))?.status == 200 })
                withExtendedLifetime(browsers) {}
            }
            try server.stop()
        }

        private static let silentCollector = """
            import socket, sys
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(sys.argv[1])
            listener.listen(8)
            connections = []
            while True:
                connections.append(listener.accept())
            """

        @Test(
            "A query log at a pipe, which is refused, or at a collector that never reads, costs lines alone"
        )
        func querySink() throws {
            let pipe = try StuckPipe()
            let directory = try TemporaryDirectory()
            let collector = try ChildProcess(
                ["/usr/bin/python3", "-c", Self.silentCollector, directory.file("tap.sock")],
                output: directory.file("log"))
            let file = FileManager.default
            #expect(eventually { file.fileExists(atPath: directory.file("tap.sock")) })
            for (sink, complaint) in [
                ("file:" + pipe.path, "it is no regular file"),
                ("dnstap:" + directory.file("tap.sock"), "the collector does not answer"),
            ] {
                let server = try Server(
                    Self.configuration() + "log: {queries: {to: \"\(sink)\"}}\n")
                try Self.pulse(server) {
                    let load = try Load([Self.name], server: Endpoint(port: server.port))
                    #expect(eventually { server.log.contains(complaint) }, "\(server.log)")
                    pause(.milliseconds(500))
                    let count = load.stop()
                    #expect(count.sent == count.answered && count.failed == 0, "\(count)")
                }
                #expect(try server.stop() == .exited(0))
            }
            #expect(collector.status == nil)
        }
    }
}
