extension Substring {
    /// The words of a line, without a comment from `#` on. One of `quotes` holds a word with blanks
    /// together. With `firstEndsAtColon`, `name:value` without a blank is the words `name:` and `value`.
    func words(quotes: Set<Character>, firstEndsAtColon: Bool = false) -> [String] {
        var words: [String] = []
        var rest = self
        while let first = rest.first, first != "#" {
            if first.isWhitespace {
                rest.removeFirst()
            } else if quotes.contains(first) {
                let text = rest.dropFirst().prefix { $0 != first }
                words.append(String(text))
                rest = rest[text.endIndex...].dropFirst()
            } else {
                var word = rest.prefix { !$0.isWhitespace }
                if firstEndsAtColon, words.isEmpty, let colon = word.firstIndex(of: ":") {
                    word = word[...colon]
                }
                words.append(String(word))
                rest = rest[word.endIndex...]
            }
        }
        return words
    }
}
