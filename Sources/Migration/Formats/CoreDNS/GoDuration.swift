/// A duration as Go's programs read it: `1h30m`, `500ms`, `0`.
enum GoDuration {
    private static let nanoseconds: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3_600e9,
    ]

    /// The whole seconds, a part of one as one; nil for what is no duration.
    static func seconds(_ text: String) -> UInt32? {
        if text == "0" { return 0 }
        var rest = text[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { $0.isLetter }
            rest = rest[unit.endIndex...]
            guard let number = Double(digits), let factor = nanoseconds[String(unit)] else {
                return nil
            }
            total += number * factor / 1e9
        }
        return UInt32(min(total.rounded(.up), Double(UInt32.max)))
    }
}
