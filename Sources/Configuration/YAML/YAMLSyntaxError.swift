import DNS

/// A syntax error as libyaml tells it, which says it in the words of YAML's grammar, and what is said of it
/// here: what stands there, and what to write.
struct YAMLSyntaxError {
    /// What libyaml has found, such as `did not find expected key`.
    let problem: String
    let mark: YAMLMark
    /// What it was doing, such as `while parsing a block mapping`, and where that began.
    let context: String?
    let contextMark: YAMLMark
    /// The character that it stopped at.
    let character: Unicode.Scalar

    var error: YAMLError {
        let words = words
        return YAMLError(words.mark, "bad YAML: \(words.problem)", expected: words.expected)
    }

    private typealias Words = (mark: YAMLMark, problem: String, expected: String?)

    private var words: Words {
        switch context.map({ $0.split(separator: " ").dropFirst().joined(separator: " ") }) {
        case "parsing a flow sequence": return unclosed("list", "[", "]")
        case "parsing a flow mapping": return unclosed("mapping", "{", "}")
        case "parsing a flow node", "parsing a block node":
            return (
                mark, "no value begins with this",
                "a value, in quotes when it is an IPv6 address such as \"::1\""
            )
        case "parsing a block mapping":
            return (
                mark, "this does not belong to the mapping that begins on line \(contextMark.line)",
                "the indentation of its other keys, column \(contextMark.column)"
            )
        case "parsing a block collection":
            return (
                mark, "this does not belong to the list that begins on line \(contextMark.line)",
                "\"- \" before each item, all in column \(contextMark.column)"
            )
        case "scanning for the next token": return badStart
        case "scanning an alias":
            return (contextMark, "a \"*\" without quotes", "quotes around it: '*'")
        case "scanning an anchor":
            return (contextMark, "a \"&\" without quotes", "quotes around it: '&'")
        case "scanning a simple key":
            return (
                contextMark, "a line that is no \"NAME: VALUE\"",
                "a colon and a blank behind the name"
            )
        case "scanning a quoted scalar":
            return (contextMark, "a text in quotes that has no end", "the same quotation mark")
        case "parsing a quoted scalar":
            return (
                mark, "a backslash that stands for nothing",
                "'…' in the place of \"…\": there a backslash is one"
            )
        default: return withoutContext
        }
    }

    private func unclosed(_ what: String, _ start: String, _ end: String) -> Words {
        let place = contextMark.line == mark.line ? "" : " on line \(contextMark.line)"
        return (
            mark, "the \(what) that begins with \"\(start)\"\(place) does not go on here",
            "\",\" or \"\(end)\", or quotes around a text with brackets, braces or \": \""
        )
    }

    private var badStart: Words {
        guard character != "\t" else { return (mark, "a tab", "blanks in its place") }
        return (
            mark, "no text begins with \(String(character).quoted)",
            "quotes around a text that does"
        )
    }

    private var withoutContext: Words {
        switch problem {
        case "mapping values are not allowed in this context":
            return (
                mark, "a second \": \" in one value",
                "quotes around a text with \": \", or the indentation of the line above"
            )
        case "block sequence entries are not allowed in this context":
            return (
                mark, "a list that begins in the line of its name",
                "\"- \" in a line of its own, or a list in brackets"
            )
        case "did not find expected <document start>":
            return (
                mark, "this does not belong to what is above",
                "the same indentation for all names of the file"
            )
        default: return (mark, problem + (context.map { " \($0)" } ?? ""), nil)
        }
    }
}
