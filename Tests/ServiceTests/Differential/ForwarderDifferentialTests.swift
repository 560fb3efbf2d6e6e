import DNS
import Testing

extension ServiceTests {
    /// Three forwarders, one upstream: what horizond answers is what dnsmasq and unbound answer, but
    /// for the differences that `ForwarderExplanation` names.
    @Suite("Forwarding, beside dnsmasq and unbound")
    struct ForwarderDifferentialTests {
        private static let seed: UInt64 = 1035
        private static let questionCount = 2000

        @Test("Generated questions get the same answers")
        func answers() throws {
            let zone = ForwardedZone(seed: Self.seed)
            let knot = try KnotUpstream(zones: [
                ForwardedZone.apex: PublicZones.head(ForwardedZone.apex) + zone.text
            ])
            let server = try Server(
                "forward: {.: \"127.0.0.1:\(knot.port)\"}\nhttps-records: pass\n")
            let peers = try ForwarderPeer.Kind.allCases.map {
                try ForwarderPeer($0, upstream: knot.port, probe: ForwardedZone.apex)
            }
            func asked(_ port: UInt16) throws -> [Transport: AskedServer] {
                try Transport.allCases.reduce(into: [:]) {
                    $0[$1] = try AskedServer(port: port, over: $1)
                }
            }
            let ours = try asked(server.port)
            let theirs = try peers.map { try asked($0.port) }
            let questions = try ForwardedQuestions(
                about: zone, seed: Self.seed, count: Self.questionCount
            ).all
            var kinds: [ForwardedAnswer.Kind: Int] = [:]
            var explained: [String: Int] = [:]
            var unexplained: [String] = []
            for question in questions {
                func ask(_ servers: [Transport: AskedServer]) throws -> ForwardedAnswer {
                    let server = try #require(servers[question.transport])
                    return ForwardedAnswer(try server.ask(question.query))
                }
                let answer = try ask(ours)
                kinds[answer.kind, default: 0] += 1
                for (peer, servers) in zip(peers, theirs) {
                    let other = try ask(servers)
                    guard answer != other else { continue }
                    let verdict = ForwarderExplanation.explain(
                        question, answer, other, of: peer.kind)
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
            for kind in ForwardedAnswer.Kind.allCases {
                #expect(kinds[kind, default: 0] >= 30, "\(kind): \(kinds)")
            }
            // An explanation that nothing needs would only hide a fault.
            for explanation in ForwarderExplanation.all {
                for peer in explanation.peers {
                    let name = "\(explanation.name), \(peer.rawValue)"
                    #expect(explained[name] != nil, "\(name)")
                }
            }
        }
    }
}
