import DNS
import Testing

extension ServiceTests {
    /// Three servers, one zone: what horizond answers is what Knot DNS and NSD answer, but for the
    /// differences that `Explanation` names.
    @Suite("An authoritative zone, beside Knot DNS and NSD", .aloneOnMachine)
    struct DifferentialTests {
        private static let seed: UInt64 = 1034
        private static let zoneFile = "zones/differential.yaml"

        private static func server(_ zone: GeneratedZone) throws -> Server {
            try Server(
                """
                zones: {\(GeneratedZone.apex): {file: \(zoneFile), mode: authoritative}}
                forward: {unused.example: {to: ["127.0.0.1:9"]}}

                """, files: [zoneFile: zone.octoDNS])
        }

        @Test("Generated questions get the same answers", arguments: Transport.allCases)
        func answers(transport: Transport) throws {
            let zone = try GeneratedZone(seed: Self.seed)
            let questions = try GeneratedQuestions(about: zone, seed: Self.seed).all
                .enumerated().filter { transport == .udp || $0.offset % 6 == 0 }.map(\.element)
            let server = try Self.server(zone)
            let peers = try PeerServer.Kind.allCases.map { try PeerServer($0, zone: zone) }
            #expect(questions.count >= (transport == .udp ? 3000 : 500))

            let ours = try AskedServer(port: server.port, over: transport)
            let theirs = try peers.map { try AskedServer(port: $0.port, over: transport) }
            var explained: [String: Int] = [:]
            var unexplained: [String] = []
            for question in questions {
                let answer = ComparedAnswer(try ours.ask(question.query))
                for (peer, asked) in zip(peers, theirs) {
                    let other = ComparedAnswer(try asked.ask(question.query))
                    guard answer != other else { continue }
                    let verdict = Explanation.explain(question, answer, other, of: peer.kind)
                    if verdict.isExplained {
                        for name in verdict.by { explained[name, default: 0] += 1 }
                    } else {
                        let lines = answer.differences(from: other).joined(separator: "\n  ")
                        unexplained.append("\(question), \(peer.kind.rawValue)\n  \(lines)")
                    }
                }
            }
            let examples = unexplained.prefix(20).joined(separator: "\n")
            #expect(unexplained.isEmpty, "\(unexplained.count) of \(questions.count):\n\(examples)")
            // An explanation that nothing needs would only hide a fault.
            guard transport == .udp else { return }
            for explanation in Explanation.all {
                for peer in explanation.peers {
                    #expect(explained["\(explanation.name), \(peer.rawValue)"] != nil)
                }
            }
        }
    }
}
