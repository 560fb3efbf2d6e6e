import DNS
import Glibc
import Testing

extension ServiceTests.TCPTests {
    /// `Benchmarks/connections/run` has ten thousand.
    @Suite("Two thousand TCP connections that rest", .aloneOnMachine)
    struct ManyConnectionsTests {
        typealias TCPTests = ServiceTests.TCPTests
        private static let count = 2000
        private static let limits =
            "tcp: {connections: 3000, idle-timeout: 1m, first-query-timeout: 1m}\n"

        /// From as many clients as it takes: each has 50.
        private static func connect(_ server: Server) throws -> [TCPClient] {
            let limit = try run(["/usr/bin/prlimit", "--pid=\(getpid())", "--nofile=8192:"])
            #expect(limit.status == .exited(0), "\(limit.output)")
            return try (0..<count).map { try TCPClient(server, from: "127.0.1.\($0 / 50 + 1)") }
        }

        /// Octets of the server's memory for each connection, while UDP and new clients are served.
        private static func taken(
            _ server: Server, by connections: () throws -> [TCPClient]
        ) throws -> Int {
            #expect(try TCPClient(server).isServed(TCPTests.local))
            let before = try server.memory()
            let clients = try connections()
            #expect(try eventually { try server.sockets() > count })
            let taken = (try server.memory() - before) / count
            for _ in 0..<20 {
                #expect(
                    try server.client.ask(TCPTests.local, .a).data(.a) == ["192.168.10.50"])
                #expect(try TCPClient(server).isServed(TCPTests.local))
            }
            for client in clients { #expect(client.end(within: .zero) == .open) }
            return taken
        }

        @Test("Idle after an answer: less than 2 KiB each, and others are served")
        func idle() throws {
            let server = try TCPTests.server(Self.limits)
            let taken = try Self.taken(server) {
                let clients = try Self.connect(server)
                for client in clients { #expect(client.isServed(TCPTests.local)) }
                return clients
            }
            #expect(taken < 2 << 10, "\(taken) octets a connection")
        }

        @Test("Half of a query, an octet at a time: less than 2 KiB each, and others are served")
        func slow() throws {
            let server = try TCPTests.server(Self.limits)
            let query = try TCPClient.framed(TCPTests.local, 1)
            let taken = try Self.taken(server) {
                let clients = try Self.connect(server)
                for octet in query.dropLast() {
                    for client in clients { try client.send([octet]) }
                }
                return clients
            }
            #expect(taken < 2 << 10, "\(taken) octets a connection")
        }
    }
}
