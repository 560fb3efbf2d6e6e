import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite(
        "A wire with faults between the server and its upstream", .aloneOnMachine,
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct FaultyWireTests {
        private static let names = 200
        private static let interval = Duration.milliseconds(20)
        /// How long a stub resolver waits (resolv.conf(5), `timeout`).
        private static let patience = Duration.seconds(5)

        /// A host's number and the one address that is its.
        private static func host(_ number: Int) -> (name: String, address: String) {
            ("h\(number).faults.example", "203.0.\(number / 250).\(number % 250)")
        }

        private static let zone =
            PublicZones.head("faults.example.")
            + (0..<names).map { "h\($0) A \(host($0).address)\n" }.joined()

        /// What became of as many queries as there are names.
        struct Outcome: Sendable {
            var answered = 0
            /// SERVFAIL.
            var failed = 0
            /// Anything else but the host's address.
            var wrong = 0
            var times: [Duration] = []

            var description: String {
                let shares = [500, 900, 990, 1000].map { share in
                    times.isEmpty ? "-" : "\(times[(times.count - 1) * share / 1000])"
                }
                return "\(answered) of \(names) answered, \(failed) SERVFAIL, \(wrong) wrong; "
                    + "50, 90, 99, 100 % within \(shares.joined(separator: ", "))"
            }
        }

        /// Asks for every host once, steadily.
        private static func ask(_ client: Client) throws -> Outcome {
            let socket = try Socket(.udp, local: Endpoint(client.source, 0))
            try socket.connect(to: client.server)
            var outcome = Outcome()
            var sent: [ContinuousClock.Instant] = []
            let start = ContinuousClock.now
            var answers = 0
            while answers < names {
                let now = ContinuousClock.now
                let due = start + interval * sent.count
                if sent.count < names, now >= due {
                    let question = Question(
                        name: try DomainName(host(sent.count).name), type: .a)
                    try socket.send(Query(question: question, id: UInt16(sent.count)).octets)
                    sent.append(now)
                    continue
                }
                let end = sent.count < names ? due : (sent.last ?? start) + patience
                guard now < end else { break }
                let rest = min(end - now, .milliseconds(20))
                guard let octets = try socket.receive(timeout: rest) else { continue }
                let response = try Response(octets)
                let number = Int(response.header.id)
                answers += 1
                let time = ContinuousClock.now - sent[number]
                if response.rcode == .serverFailure {
                    outcome.failed += 1
                } else if response.data(.a) == [host(number).address] {
                    outcome.answered += time <= patience ? 1 : 0
                    outcome.times.append(time)
                } else {
                    outcome.wrong += 1
                }
            }
            outcome.times.sort()
            return outcome
        }

        /// A wire, how many of a hundred queries get their answer at least, and within which time half
        /// of them do at most.
        private struct Wire: Sendable {
            let what: String
            let faults: FaultyLink.Faults
            let least: Int
            let median: Duration
        }

        /// Of exchanges that lose 30 % each way half are whole, and a lone upstream is asked six times in four
        /// seconds: so 98 of a hundred queries are answered, and most of them after a repetition. The figures
        /// leave room for a machine that does other work, too.
        private static let wires = [
            Wire(what: "no faults", faults: .init(), least: 100, median: .milliseconds(100)),
            Wire(what: "loss", faults: .init(loss: 0.3), least: 90, median: .seconds(1)),
            Wire(
                what: "delay", faults: .init(delay: .milliseconds(250)), least: 100,
                median: .milliseconds(900)),
            Wire(
                what: "reordering", faults: .init(reordering: 0.25), least: 100,
                median: .milliseconds(200)),
            Wire(
                what: "duplication", faults: .init(duplication: 0.25), least: 100,
                median: .milliseconds(100)),
            Wire(
                what: "all",
                faults: .init(
                    loss: 0.3, reordering: 0.25, duplication: 0.25, delay: .milliseconds(250)),
                least: 88, median: .seconds(2)),
        ]

        @Test("No answer is wrong, most come in time, and local and cached names notice nothing")
        func faults() throws {
            let outcomes = try sideBySide(Self.wires) { wire in
                let network = try HomeNetwork(faultyWAN: true)
                let knot = try KnotUpstream(
                    zones: ["faults.example.": Self.zone], in: network.outside)
                let server = try network.serve(
                    """
                    zones: {lab.example: {records: {"*": 192.0.2.10}}}
                    forward: {.: {to: ["\(HomeNetwork.Address.outside.v4)"], cache: 1h}}

                    """)
                let client = try network.client
                _ = try network.clients.inside { try client.ask("www.example.com", .a) }
                try network.wan?.set(wire.faults)
                let calm = try ["www.lab.example", "www.example.com"].map { name in
                    try network.clients.inside { Pulse(client, name) }
                }
                let outcome = try network.clients.inside { try Self.ask(client) }
                let figures = try calm.map { try $0.stop() }
                #expect(try server.stop() == .exited(0))
                withExtendedLifetime(knot) {}
                return (outcome, figures)
            }
            for (wire, (outcome, figures)) in zip(Self.wires, outcomes) {
                // Each query has an answer, SERVFAIL if none could be had: silence is for the dead.
                let heard = outcome.answered + outcome.failed
                #expect(
                    outcome.wrong == 0 && heard == Self.names,
                    "\(wire.what): \(outcome.description)")
                #expect(
                    outcome.answered * 100 >= wire.least * Self.names,
                    "\(wire.what): \(outcome.description)")
                let median = outcome.times.isEmpty ? .zero : outcome.times[outcome.times.count / 2]
                #expect(median < wire.median, "\(wire.what): \(outcome.description)")
                for figure in figures { #expect(figure.areCalm, "\(wire.what): \(figure)") }
                if ProcessInfo.processInfo.environment["HORIZOND_FIGURES"] != nil {
                    print("\(wire.what): \(outcome.description)")
                    for figure in figures { print("  local or cached: \(figure)") }
                }
            }
        }
    }
}
