import Configuration
import DNS

/// A rule of AdGuard Home's `user_rules`, as far as it says what a name's answer is.
enum AdGuardRule: Equatable {
    case comment
    /// `192.168.10.62 tv.vanillax.me`, as in `/etc/hosts`.
    case hosts(IPAddress, [String])
    /// `|x^$dnsrewrite=…` for one name, `||x^$dnsrewrite=…` also for every name below it.
    case rewrite(String, isBelow: Bool, answer: String)
    /// It gives an answer, but not one that can stand in a zone.
    case refused(String)
    /// Anything else: what is blocked, and what is not.
    case blocking

    init(_ text: String) {
        let text = text.trimmed
        if text.isEmpty || text.hasPrefix("!") || text.hasPrefix("#") {
            self = .comment
        } else if let modifiers = text.firstRange(of: "$"), text.contains("dnsrewrite") {
            self = Self.rewrite(text[..<modifiers.lowerBound], text[modifiers.upperBound...])
        } else {
            self = Self.hosts(text)
        }
    }

    private static func hosts(_ text: String) -> AdGuardRule {
        let words = text.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
        guard words.count > 1, let address = IPAddress(words[0]) else { return .blocking }
        // The customary way to block a name.
        guard !address.isUnspecified, !address.isLoopback else { return .blocking }
        return .hosts(address, words.dropFirst().map(String.init))
    }

    private static func rewrite(_ pattern: Substring, _ modifiers: Substring) -> AdGuardRule {
        guard !pattern.hasPrefix("@@") else { return .blocking }
        let parts = modifiers.split(separator: ",").filter { $0 != "important" }
        guard parts.count == 1, parts[0].hasPrefix("dnsrewrite=") else {
            return .refused(
                "a rewrite for some clients or types only: \"views\", or a zone's records")
        }
        let domain = pattern.drop { $0 == "|" }
        let bars = pattern.count - domain.count
        guard bars == 1 || bars == 2, domain.hasSuffix("^") else {
            return .refused("a rewrite by a pattern: list the names in a zone")
        }
        guard let answer = answer(parts[0].dropFirst("dnsrewrite=".count)) else {
            return .refused("a rewrite to no address or name: write the record in a zone")
        }
        return .rewrite(String(domain.dropLast()), isBelow: bars == 2, answer: answer)
    }

    /// The answer itself, or the third part of `NOERROR;TYPE;ANSWER`. A word in capitals is a code.
    private static func answer(_ value: Substring) -> String? {
        let parts = value.split(separator: ";", omittingEmptySubsequences: false)
        if parts.count == 3, parts[0] == "NOERROR", ["A", "AAAA", "CNAME"].contains(parts[1]) {
            return String(parts[2])
        }
        let isCode = value.allSatisfy { $0.isUppercase }
        return parts.count == 1 && !isCode ? String(value) : nil
    }
}
