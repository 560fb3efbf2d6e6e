import Nameserver

/// How many failed queries of an upstream are told one by one before they are only counted.
struct OutageSummary {
    static let windowSeconds = 10
    /// Lines a window and upstream: enough to see which names, too few to flood a log.
    private static let maximumLines = 5

    enum Verdict {
        case tell, tellAndSummarizeLater, count
    }

    private struct Failures {
        var told = 0
        /// Those that were not told: with SERVFAIL, and with the last good answer in its place.
        var failed = 0
        var bridged = 0
    }

    private var failures: [UpstreamAddress: Failures] = [:]

    /// Notes one failure; a window begins with the first and ends with `close`.
    mutating func note(_ upstream: UpstreamAddress, isBridged: Bool) -> Verdict {
        var known = failures[upstream, default: Failures()]
        defer { failures[upstream] = known }
        guard known.told < Self.maximumLines else {
            if isBridged { known.bridged += 1 } else { known.failed += 1 }
            return .count
        }
        known.told += 1
        return known.told == 1 ? .tellAndSummarizeLater : .tell
    }

    /// Ends the window; what became of the failures that were not told, nil when there are none.
    mutating func close(_ upstream: UpstreamAddress) -> String? {
        guard let known = failures.removeValue(forKey: upstream) else { return nil }
        var parts: [String] = []
        if known.failed > 0 { parts.append("SERVFAIL for \(known.failed) more queries") }
        if known.bridged > 0 {
            parts.append(
                "\(parts.isEmpty ? "no good answer, but the last one," : "the last good answer") "
                    + "for \(known.bridged) more queries")
        }
        guard !parts.isEmpty else { return nil }
        return parts.joined(separator: ", ") + " within \(Self.windowSeconds) s"
    }
}
