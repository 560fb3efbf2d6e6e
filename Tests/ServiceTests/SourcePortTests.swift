import DNS
import Synchronization
import Testing

extension ServiceTests {
    @Suite("Source ports and IDs, beside unbound's")
    struct SourcePortTests {
        /// What an upstream sees of 10,000 questions, each for another name.
        private struct Sample {
            let ids: [UInt16]
            let ports: [UInt16]

            static let queries = 10_000

            /// `start` gives a server that asks the port given, and a client of it.
            init(_ start: (UInt16) throws -> (server: AnyObject, client: Client)) throws {
                let seen = Mutex<[(id: UInt16, port: UInt16)]>([])
                let upstream = try ScriptedUpstream { query in
                    if query.transport == .udp, let source = query.source {
                        seen.withLock { $0.append((query.header.id, source.port)) }
                    }
                    return [.init(query.reply())]
                }
                let (server, client) = try start(upstream.port)
                let load = try Load(
                    (0..<Self.queries).map { "n\($0).example.net" }, server: client.server)
                let areAllAsked = eventually(within: .seconds(60)) {
                    seen.withLock { $0.count } >= Self.queries
                }
                withExtendedLifetime(server) { _ = load.stop() }
                guard areAllAsked else { throw Failure("only \(seen.withLock { $0.count }) asked") }
                let first = seen.withLock { $0.prefix(Self.queries) }
                ids = first.map(\.id)
                ports = first.map(\.port)
            }

            /// Queries whose port and ID are together those of an earlier one.
            var repeatedPairs: Int {
                ids.count - Set(zip(ids, ports).map { UInt32($0) << 16 | UInt32($1) }).count
            }
        }

        @Test("IDs repeat as chance has it, a port serves 32 queries there and one with unbound")
        func comparison() throws {
            let own = try Sample { port in
                let server = try Server(
                    "workers: 1\nforward: {.: {to: [\"127.0.0.1:\(port)\"], cache: off}}\n")
                return (server, server.client)
            }
            let unbound = try Sample { port in
                let server = try UnboundForwarder(to: port)
                return (server, server.client)
            }
            for sample in [own, unbound] {
                // 10,000 draws from 65,536 give 9273 different ones, and a deviation of 25: six of
                // them are met once in 500 million runs.
                #expect((9273 - 150...9273 + 150).contains(Set(sample.ids).count))
                // Chance repeats one of so many pairs in 80 runs.
                #expect(sample.repeatedPairs <= 3)
                #expect(sample.ports.allSatisfy { $0 >= 1024 })
            }
            // The 16 sockets are replaced every two seconds, too.
            #expect((304...800).contains(Set(own.ports).count))
            #expect(Set(unbound.ports).count > 8500)
        }
    }
}
