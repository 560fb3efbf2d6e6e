extension String {
    /// A message quotes no more of a value than fits its line.
    private static let quotedLength = 60
    /// The longest path (Linux's PATH_MAX).
    private static let quotedPathLength = 4_096

    /// The text between quotation marks for a message: one line, cut when it is long.
    public var quoted: String { quoted(upTo: Self.quotedLength) }

    /// A path between quotation marks, which must not be cut.
    public var quotedPath: String { quoted(upTo: Self.quotedPathLength) }

    private func quoted(upTo length: Int) -> String {
        let isLong = unicodeScalars.count > length
        let text = String(unicodeScalars.prefix(length)).escapingUnprintable
        return "\"\(text)\(isLong ? "…" : "")\""
    }
}
