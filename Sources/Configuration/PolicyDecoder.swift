import DNS
import Nameserver

/// The words that the key `policy` of a forward rule begins with.
private enum PolicyWord: String, CaseIterable {
    case sequential, random, fastest, parallel

    /// What the word alone stands for: `parallel` asks two at a time, the least that it can.
    var policy: UpstreamPolicy {
        switch self {
        case .sequential: .sequential
        case .random: .random
        case .fastest: .fastest
        case .parallel: .parallel(2)
        }
    }
}

extension ConfigurationFile {
    /// The key `policy` of a forward rule: a word, or `{parallel: N}`.
    func upstreamPolicy(_ node: YAMLNode) -> UpstreamPolicy? {
        guard case .mapping = node else {
            if let scalar = node.scalar, let number = Self.parallelNumber(scalar.text) {
                unknown(
                    "policy", scalar, among: PolicyWord.allCases.map(\.rawValue),
                    suggestion: "{parallel: \(number)}")
                return nil
            }
            return choice(node, what: "policy", of: PolicyWord.self).map(\.policy)
        }
        let words = PolicyWord.allCases.map(\.rawValue)
        let expected = "{parallel: N}, or one of: \(Spelling.list(words))"
        guard let keyed = KeyedNode(node, keys: ["parallel"], expected: expected, in: self) else {
            return nil
        }
        guard let number = keyed["parallel"] else {
            if !keyed.hasUnknownKeys { wrongKind(node, expected: expected) }
            return nil
        }
        return integer(number, in: Self.parallelNumbers).map { .parallel($0) }
    }

    /// How many upstreams may be asked at once.
    private static var parallelNumbers: ClosedRange<Int> { 2...ForwardRule.maximumUpstreams }

    /// The N of `parallel N`, `parallel:N` or `parallel=N`.
    private static func parallelNumber(_ text: String) -> Int? {
        let parts = text.split { " :=".contains($0) }
        guard parts.count == 2, parts[0] == PolicyWord.parallel.rawValue else { return nil }
        return Int(decimal: parts[1]).flatMap { parallelNumbers.contains($0) ? $0 : nil }
    }
}
