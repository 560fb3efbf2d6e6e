import DNS
import Nameserver

/// What `rate-limit` or `response-rate-limit` says.
enum LimitSetting: Equatable {
    case off
    case limit(ClientLimit)
}

/// The keys of one of the two settings.
struct LimitKeys: Sendable {
    static let queries = LimitKeys(
        setting: "rate-limit", rate: "queries", others: ["burst"],
        standard: .queriesOfAnybody, make: { .queries($0) })
    static let responses = LimitKeys(
        setting: "response-rate-limit", rate: "responses", others: ["slip"],
        standard: .responsesToAnybody, make: { .responses($0) })

    let setting: String
    let rate: String
    fileprivate let others: [String]
    /// In a view that serves anybody, when nothing is said.
    fileprivate let standard: ClientLimit
    fileprivate let make: @Sendable (Int) -> ClientLimit

    fileprivate var all: [String] {
        [rate] + others + ["ipv4-prefix", "ipv6-prefix", "allow"]
    }
}

/// Both settings as they stand at one place; nil for what it does not say.
struct LimitSettings {
    private var queries: LimitSetting?
    private var responses: LimitSetting?

    init(_ settings: KeyedNode, in file: ConfigurationFile) {
        queries = settings[LimitKeys.queries.setting].flatMap {
            file.limitSetting($0, .queries)
        }
        responses = settings[LimitKeys.responses.setting].flatMap {
            file.limitSetting($0, .responses)
        }
    }

    /// What holds in a view with these settings of its own.
    func inside(_ view: KeyedNode, _ file: ConfigurationFile) -> LimitSettings {
        var settings = LimitSettings(view, in: file)
        settings.queries = settings.queries ?? queries
        settings.responses = settings.responses ?? responses
        return settings
    }

    /// Sets what holds in a view. One that serves anybody is limited unless it is said to be not: it is what
    /// floods are sent to, and what others are flooded by.
    func set(in view: inout ViewDescription) {
        func limit(_ setting: LimitSetting?, _ keys: LimitKeys) -> ClientLimit? {
            switch setting {
            case .limit(let limit): limit
            case .off: nil
            case nil: view.servesAnybody ? keys.standard : nil
            }
        }
        view.rateLimit = limit(queries, .queries)
        view.responseRateLimit = limit(responses, .responses)
    }
}

extension ConfigurationFile {
    /// A number a second, `off`, or the parts.
    fileprivate func limitSetting(_ node: YAMLNode, _ keys: LimitKeys) -> LimitSetting? {
        let rates = ClientLimit.rates
        guard case .mapping = node else {
            if node.scalar?.text == "off" { return .off }
            let forms =
                "a number of \(keys.rate) a second from \(rates.lowerBound) to "
                + "\(rates.upperBound), \"off\", or a mapping of \(Spelling.list(keys.all))"
            guard let scalar = scalar(node, expected: forms) else { return nil }
            guard let rate = Int(decimal: scalar.text), rates.contains(rate) else {
                let isNo = ["false", "no", "none"].contains(scalar.text)
                error(
                    node.mark, "found \(node.kind)", expected: forms,
                    suggestion: isNo ? "off".quoted : nil)
                return nil
            }
            return .limit(keys.make(rate))
        }
        guard
            let keyed = KeyedNode(
                node, keys: keys.all, expected: "a mapping of \(Spelling.list(keys.all))", in: self)
        else { return nil }
        var limit = keys.standard
        if let rate = keyed[keys.rate].flatMap({ integer($0, in: rates) }) {
            limit = keys.make(rate)
        }
        if let burst = keyed["burst"].flatMap({ integer($0, in: ClientLimit.bursts) }) {
            limit.burst = burst
        }
        if let slip = keyed["slip"].flatMap({ integer($0, in: 0...10) }) { limit.slip = slip }
        if let length = keyed["ipv4-prefix"].flatMap({ integer($0, in: 8...32) }) {
            limit.ipv4Length = length
        }
        if let length = keyed["ipv6-prefix"].flatMap({ integer($0, in: 16...128) }) {
            limit.ipv6Length = length
        }
        limit.allowed = keyed["allow"].map { allowedClients($0) } ?? []
        return .limit(limit)
    }

    private func allowedClients(_ node: YAMLNode) -> [AddressPrefix] {
        let expected = "prefixes such as [192.168.7.0/24, \"fd00::/8\"]"
        guard let items = items(node, expected: expected) else { return [] }
        guard items.count <= Self.maximumAllowed else {
            error(
                node.mark, "\(items.count) prefixes", expected: "at most \(Self.maximumAllowed)")
            return []
        }
        var prefixes: [AddressPrefix] = []
        for item in items {
            guard let scalar = scalar(item, expected: expected),
                let prefix = prefix(scalar, expected: expected)
            else { continue }
            if prefixes.contains(prefix) { error(scalar.mark, "duplicate prefix \(prefix)") }
            prefixes.append(prefix)
        }
        return prefixes
    }
}
