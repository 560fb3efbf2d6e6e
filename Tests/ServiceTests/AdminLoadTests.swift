import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    /// What clients of the admin pages may do without a cost for those who ask for names.
    @Suite("Bad clients of the admin pages", .aloneOnMachine)
    struct AdminLoadTests {
        private static func start() throws -> (server: Server, client: AdminClient) {
            let port = try freePort()
            let server = try Server("admin: 127.0.0.1:\(port)\nforward: {}\n")
            return (server, AdminClient(port: port, server: server))
        }

        private static let request = Array(
            "GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)

        @Test(
            "What is no request has an answer and an end",
            arguments: [
                ("GARBAGE\r\n\r\n", 400), ("\u{0}\u{1}\u{2}\r\n\r\n", 400),
                ("\n\n\nx y\n\n", 400),
                (String(repeating: "\r\n", count: 50_000), 400),
                ("GET / HTTP/2\r\nHost: a\r\n\r\n", 505), ("GET / HTTP/1.1\r\n\r\n", 400),
                ("POST /api/flush HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", 413),
                ("POST /api/flush HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            ])
        func garbage(text: String, status: Int) throws {
            let (_, client) = try Self.start()
            let response = try #require(AdminResponse(try client.exchange(Array(text.utf8))))
            #expect(response.status == status)
            #expect(response.headers["connection"] == "close")
            #expect(try client.ask("/health").status == 200)
        }

        @Test("Random octets do no harm")
        func randomOctets() throws {
            let (server, client) = try Self.start()
            for _ in 0..<100 {
                let octets = (0..<Int.random(in: 1...400)).map { _ in UInt8.random(in: 0...255) }
                let socket = try client.connect()
                // The server may have closed meanwhile.
                try? socket.send(octets)
            }
            #expect(try client.ask("/health").status == 200)
            #expect(server.process.status == nil)
        }

        @Test(
            "A head without an end is refused, however much follows", arguments: ["a", "a: b\r\n"])
        func endlessHead(part: String) throws {
            let (server, client) = try Self.start()
            let before = try server.memory()
            let text = "GET /" + (part == "a" ? "" : " HTTP/1.1\r\n")
            let octets = Array((text + String(repeating: part, count: 200_000 / part.count)).utf8)
            let response = try #require(AdminResponse(try client.exchange(octets)))
            #expect(response.status == (part == "a" ? 414 : 431))
            // Megabytes that nobody wants end with the connection.
            for _ in 0..<4 {
                let socket = try client.connect()
                let flood = Array(octets[...]) + [UInt8](repeating: 0x61, count: 8 << 20)
                #expect(throws: (any Error).self) { try socket.send(flood) }
            }
            #expect(try client.ask("/health").status == 200)
            #expect(try server.memory() < before + (8 << 20), "\(before)")
        }

        @Test("A body of the length that it says is taken, or refused without being read")
        func bodies() throws {
            let (_, client) = try Self.start()
            let long = try client.ask(
                "/api/flush", method: "POST", body: String(repeating: " ", count: 5_000))
            #expect(long.status == 413)
            let short = try client.ask(
                "/api/flush", method: "POST", body: String(repeating: " ", count: 4_000))
            #expect(short.status == 403)
        }

        @Test("Several requests at once are answered in their order")
        func pipelining() throws {
            let (_, client) = try Self.start()
            let paths = ["/health", "/nothing", "/ready", "/health"]
            let heads = paths.map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\n" }
            let text =
                heads.joined(separator: "\r\n") + "Connection: close\r\n\r\n"
                + "GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let answer = String(
                decoding: try client.exchange(Array(text.utf8)), as: UTF8.self)
            let statuses = answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map {
                String($0.prefix(3))
            }
            #expect(statuses == ["200", "404", "200", "200"])
            #expect(answer.hasSuffix("ok\n"))
        }

        @Test("A request in two parts is one")
        func parts() throws {
            let (_, client) = try Self.start()
            let socket = try client.connect()
            for part in [
                "GET /hea", "lth HTTP/1.1\r", "\nHost: a\r\nConnection: close\r\n\r", "\n",
            ] {
                try socket.send(Array(part.utf8))
                pause(.milliseconds(50))
            }
            let response = try #require(
                AdminResponse(try socket.receiveAll(timeout: .seconds(5))))
            #expect(response.status == 200)
        }

        @Test("Who sends a request too slowly is left")
        func slowHead() throws {
            let (_, client) = try Self.start()
            let socket = try client.connect()
            let clock = ContinuousClock()
            let start = clock.now
            var isOpen = true
            for octet in "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 100) {
                guard isOpen, clock.now - start < .seconds(20) else { break }
                do { try socket.send(Array(String(octet).utf8)) } catch { isOpen = false }
                if try socket.waitUntilReadable(.milliseconds(300)) { isOpen = false }
            }
            let time = clock.now - start
            #expect(!isOpen && time > .seconds(8) && time < .seconds(14), "\(time)")
        }

        @Test("A thousand connections and scrapers that do not read cost no query")
        func manyConnections() throws {
            let (server, client) = try Self.start()
            func load() throws -> PacedLoad.Count {
                let name = try DomainName("localhost")
                let load = PacedLoad(
                    rate: 2_000, server: Endpoint(port: server.port), isDear: { _ in true }
                ) { _ in Question(name: name, type: .a) }
                pause(.seconds(3))
                return try load.stop()
            }
            let alone = try load()
            let memory = try server.memory()

            let idle = try (0..<1_000).map { _ in try client.connect() }
            let blocked = try (0..<40).map { _ in
                let socket = try Socket(.tcp, local: Endpoint(port: 0))
                try socket.set(SOL_SOCKET, SO_RCVBUF, 2_048)
                try socket.connect(to: Endpoint(port: client.port))
                for _ in 0..<200 { try socket.send(Self.request) }
                return socket
            }
            let busy = try load()
            #expect(busy.lost == 0 && busy.failed == 0, "\(busy)")
            #expect(
                busy.longest < max(.milliseconds(300), alone.longest * 3),
                "alone \(alone.longest), with them \(busy.longest)")
            let descriptors = try FileManager.default.contentsOfDirectory(
                atPath: "/proc/\(server.process.pid)/fd")
            #expect(descriptors.count < 200)
            #expect(try server.memory() < memory + (16 << 20))
            // Whoever comes now has an answer.
            #expect(try client.ask("/health").status == 200)
            withExtendedLifetime((idle, blocked)) {}
        }
    }
}
