import DNS
import Nameserver

// The key `cache` of a forward rule.
extension ConfigurationFile {
    private static let cacheKeys = [
        "max", "min", "negative-max", "failures", "stale", "prefetch",
    ]
    /// RFC 9520 §3.2: a failure must not be kept for longer.
    private static let maximumFailures: UInt32 = 300
    /// RFC 8767 §5 suggests one to three days; older data are hardly of use.
    private static let maximumStale: UInt32 = 7 * 86_400

    /// `30`, a duration that caps every TTL; `off` or `0`; or the parts.
    func cacheLifetimes(_ node: YAMLNode) -> CacheLifetimes? {
        var lifetimes = CacheLifetimes.standard
        guard case .mapping = node else {
            if node.scalar?.text == "off" { return .off }
            let expected =
                "a duration such as 30s, \"off\", or a mapping of \(Spelling.list(Self.cacheKeys))"
            guard let maximum = duration(node, expected: expected) else { return nil }
            return maximum > 0 ? Self.lifetimes(upTo: maximum) : .off
        }
        guard
            let keyed = KeyedNode(
                node, keys: Self.cacheKeys,
                expected: "a duration or \(Spelling.list(Self.cacheKeys))", in: self)
        else { return nil }
        if let maximum = keyed["max"].flatMap({ duration($0) }) {
            lifetimes = Self.lifetimes(upTo: maximum)
        }
        if let node = keyed["min"], let minimum = duration(node) {
            if minimum > lifetimes.maximum {
                error(
                    node.mark, "min of \(minimum) s over max of \(lifetimes.maximum) s",
                    expected: "at most \(lifetimes.maximum)")
            }
            lifetimes.minimum = minimum
        }
        if let negative = keyed["negative-max"].flatMap({ duration($0) }) {
            lifetimes.negativeMaximum = negative
        }
        if let failures = keyed["failures"].flatMap({
            duration($0, atMost: Self.maximumFailures, "5m")
        }) {
            lifetimes.failures = failures
        }
        if let stale = keyed["stale"].flatMap({ staleLifetime($0) }) { lifetimes.stale = stale }
        if let prefetches = keyed["prefetch"].flatMap({ boolean($0) }) {
            lifetimes.prefetches = prefetches
        }
        return lifetimes.maximum > 0 ? lifetimes : .off
    }

    /// Those that `cache: MAXIMUM` stands for.
    private static func lifetimes(upTo maximum: UInt32) -> CacheLifetimes {
        var lifetimes = CacheLifetimes.standard
        lifetimes.maximum = maximum
        lifetimes.minimum = min(lifetimes.minimum, maximum)
        lifetimes.negativeMaximum = maximum
        return lifetimes
    }

    private func staleLifetime(_ node: YAMLNode) -> UInt32? {
        guard node.scalar?.text != "off" else { return 0 }
        return duration(
            node, atMost: Self.maximumStale, "7d, or off",
            expected: "a duration such as 1d, or \"off\"")
    }

    /// A duration with a maximum, which a message calls `limit`.
    private func duration(
        _ node: YAMLNode, atMost maximum: UInt32, _ limit: String,
        expected: String = Self.durationForms
    ) -> UInt32? {
        guard let seconds = duration(node, expected: expected) else { return nil }
        guard seconds <= maximum else {
            error(
                node.mark, "\((node.scalar?.text ?? "").quoted) is too long",
                expected: "at most \(limit)")
            return nil
        }
        return seconds
    }
}
