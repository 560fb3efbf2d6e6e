/// A place in a file, both numbers from 1 on; a column is a character.
package struct YAMLMark: Hashable, Sendable {
    package let line: Int
    package let column: Int
}

/// A scalar as text: whether `010` or `yes` is a number or a truth value is its reader's matter.
package struct YAMLScalar: Sendable {
    package let text: String
    /// Whether it stands without quotes and is no block scalar.
    package let isPlain: Bool
    package let mark: YAMLMark

    /// Whether nothing is written, or `null` or `~` in plain.
    package var isNull: Bool { isPlain && (text.isEmpty || text == "~" || text == "null") }
}

/// What a reader meets in a file.
enum YAMLEvent {
    case scalar(YAMLScalar)
    case mappingStart(YAMLMark)
    case mappingEnd
    case sequenceStart(YAMLMark)
    case sequenceEnd
    case end
}

/// Why a file cannot be read to its end. Without a mark it is about the file as a whole.
package struct YAMLError: Error, Equatable {
    let mark: YAMLMark?
    package let problem: String
    let expected: String?

    init(_ mark: YAMLMark?, _ problem: String, expected: String? = nil) {
        self.mark = mark
        self.problem = problem
        self.expected = expected
    }
}
