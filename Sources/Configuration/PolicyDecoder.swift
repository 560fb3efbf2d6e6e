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
        return integer(number, in: 2...ForwardRule.maximumUpstreams).map { .parallel($0) }
    }
}
