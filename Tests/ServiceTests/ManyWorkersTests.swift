import DNS
import Glibc
import Testing

extension ServiceTests {
    /// Dispatch has 255 threads for such queues, and a worker that was woken keeps its own for a turn.
    @Suite("As many workers as the configuration takes")
    struct ManyWorkersTests {
        private static let configuration = """
            workers: 256
            zones: {lab.example: {records: {"*": 192.0.2.10}}}

            """

        /// Asks from so many ports that each worker's socket is met.
        private static func ask(_ server: Server, times: Int) throws {
            for _ in 0..<times {
                let answer = try server.client.ask(
                    "www.lab.example", .a, timeout: .seconds(1))
                try #require(answer.data(.a) == ["192.0.2.10"])
            }
        }

        @Test("Every query is answered, whichever worker it comes to")
        func everyWorkerAnswers() throws {
            let server = try Server(Self.configuration)
            try Self.ask(server, times: 4000)
            #expect(try server.stop() == .exited(0))
        }

        @Test("A reload does not wait for a worker to give its thread back")
        func reload() throws {
            let server = try Server(Self.configuration.replacing("256", with: "255"))
            try Self.ask(server, times: 4000)
            let (_, time) = try elapsed { try server.reload() }
            #expect(time < .seconds(1))
            #expect(try server.stop() == .exited(0))
        }
    }
}
