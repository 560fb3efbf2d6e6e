/// A place in a file, both numbers from 1 on; a column is a character.
struct YAMLMark: Hashable, Sendable {
    let line: Int
    let column: Int
}

/// A scalar as text: whether `010` or `yes` is a number or a truth value is its reader's matter.
struct YAMLScalar: Sendable {
    let text: String
    /// Whether it stands without quotes and is no block scalar.
    let isPlain: Bool
    let mark: YAMLMark

    /// Whether nothing is written, or `null` or `~` in plain.
    var isNull: Bool { isPlain && (text.isEmpty || text == "~" || text == "null") }
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
struct YAMLError: Error, Equatable {
    let mark: YAMLMark?
    let problem: String
    let expected: String?

    init(_ mark: YAMLMark?, _ problem: String, expected: String? = nil) {
        self.mark = mark
        self.problem = problem
        self.expected = expected
    }
}
