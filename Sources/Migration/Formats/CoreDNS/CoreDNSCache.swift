import DNS

/// CoreDNS's `cache` as the key `cache` of a rule. Every duration is read, brought within what a rule
/// takes, and written anew.
struct CoreDNSCache {
    private var maximum: UInt32
    private var minimum: UInt32?
    private var negativeMaximum: UInt32
    private var failures: UInt32?
    private var stale: UInt32?
    private var prefetches = false

    private static let maximumDuration: UInt32 = 0x7fff_ffff
    /// RFC 9520 §3.2.
    private static let maximumFailures: UInt32 = 300
    private static let maximumStale: UInt32 = 7 * 86_400

    /// `ttl` is the limit that stands behind the plugin's name. CoreDNS's own are an hour, and half
    /// an hour for denials.
    init(ttl: UInt32?) {
        maximum = min(ttl ?? 3_600, Self.maximumDuration)
        negativeMaximum = min(ttl ?? 1_800, Self.maximumDuration)
    }

    /// Takes an option over; false when it says nothing here.
    mutating func take(
        _ option: CorefileDirective, _ site: inout ForeignSite, _ id: StatementID
    ) -> Bool {
        let words = option.words
        func seconds(_ index: Int) -> UInt32? {
            UInt32(decimal: words[index]).map { min($0, Self.maximumDuration) }
        }
        func limited(_ number: UInt32, to limit: UInt32) -> UInt32 {
            if number > limit {
                site.note(id, "\(option.name) of \(Self.text(limit)), the longest here")
            }
            return min(number, limit)
        }
        switch option.name {
        case "success" where words.count > 2:
            guard let number = seconds(2) else { return false }
            let least = words.count > 3 ? seconds(3) : nil
            guard words.count == 3 || least != nil else { return false }
            (maximum, minimum) = (number, least)
        case "denial" where words.count > 2:
            guard let number = seconds(2) else { return false }
            negativeMaximum = number
        case "servfail" where words.count > 1:
            guard let number = GoDuration.seconds(words[1]) else { return false }
            failures = limited(number, to: Self.maximumFailures)
        case "serve_stale":
            guard let number = words.count > 1 ? GoDuration.seconds(words[1]) : 3_600 else {
                return false
            }
            stale = limited(number, to: Self.maximumStale)
        case "prefetch": prefetches = true
        default: return false
        }
        return true
    }

    static func reason(against option: CorefileDirective) -> String {
        ["success", "denial", "servfail", "serve_stale"].contains(option.name)
            ? "a duration is wanted" : "\(option.name.quoted) has no counterpart here"
    }

    /// The limit alone.
    var short: String { "\(maximum)" }

    var value: String {
        var parts = ["max: \(Self.text(maximum))"]
        // Of the two CoreDNS takes the smaller one.
        if let minimum { parts.append("min: \(Self.text(min(minimum, maximum)))") }
        parts.append("negative-max: \(Self.text(negativeMaximum))")
        if let failures { parts.append("failures: \(Self.text(failures))") }
        if let stale { parts.append("stale: \(stale > 0 ? Self.text(stale) : "off")") }
        if prefetches { parts.append("prefetch: true") }
        return "{\(parts.joined(separator: ", "))}"
    }

    private static func text(_ seconds: UInt32) -> String {
        for (unit, sign) in [(3_600, "h"), (60, "m")] as [(UInt32, String)]
        where seconds >= unit && seconds.isMultiple(of: unit) { return "\(seconds / unit)\(sign)" }
        return "\(seconds)"
    }
}
