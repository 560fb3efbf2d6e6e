import DNS

/// Finds the word that was meant.
enum Spelling {
    /// Longer words and lists are not searched: the comparison takes length times length steps.
    private static let maximumLength = 64
    private static let maximumWords = 2_000
    /// As many words as a message lists.
    private static let maximumListed = 20

    /// The one of `words` that `word` is a slip of, in quotation marks; nil when none is near.
    static func suggestion(for word: String, among words: [String]) -> String? {
        let typed = Array(word.lowercased().unicodeScalars)
        guard typed.count <= maximumLength else { return nil }
        // Of a word of one or two letters, every other short one would be a slip.
        let limit = typed.count < 3 ? 0 : max(1, typed.count / 3)
        let best = words.prefix(maximumWords)
            .map { ($0, distance(typed, Array($0.lowercased().unicodeScalars))) }
            .min { $0.1 < $1.1 }
        guard let best, best.1 <= limit else { return nil }
        return best.0.quoted
    }

    /// The words for a message, the first ones only when there are many.
    static func list(_ words: [String]) -> String {
        let listed = words.prefix(maximumListed).joined(separator: ", ")
        return words.count > maximumListed ? listed + ", …" : listed
    }

    /// How many letters must be put in, left out, changed or swapped with their neighbour
    /// (optimal string alignment).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        guard right.count <= maximumLength else { return Int.max }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let change = left[row] == right[column] ? 0 : 1
                var cost = min(last[column] + change, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
