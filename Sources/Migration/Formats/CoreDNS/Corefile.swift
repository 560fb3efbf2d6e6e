import DNS

/// A line of a Corefile with the lines in its braces.
struct CorefileDirective {
    let words: [String]
    let place: SourcePlace
    var body: [CorefileDirective] = []

    var name: String { words.first ?? "" }
    var arguments: ArraySlice<String> { words.dropFirst() }
    var text: String { words.joined(separator: " ") }
}

/// Cuts a Corefile into its blocks. A brace ends the line that opens a block and stands alone on the
/// one that closes it, as CoreDNS wants it.
struct Corefile {
    struct Problem {
        let place: SourcePlace
        let text: String
    }

    private(set) var blocks: [CorefileDirective] = []
    private(set) var problems: [Problem] = []

    /// Deeper than any plugin's blocks go.
    private static let maximumDepth = 8

    init(_ lines: [SourceLine]) {
        var open: [CorefileDirective] = []
        var keys: [String] = []
        for line in lines {
            var words = line.text.words(quotes: ["\"", "`"])
            guard !words.isEmpty else { continue }
            if words == ["}"] {
                close(&open, line.place)
                continue
            }
            let opens = words.last == "{"
            if opens { words.removeLast() }
            words = keys + words
            keys = []
            // The names of a block may stand on several lines, each but the last with a comma.
            if open.isEmpty, !opens, words.last?.hasSuffix(",") == true {
                keys = words
                continue
            }
            let directive = CorefileDirective(words: words, place: line.place)
            if opens, open.count < Self.maximumDepth {
                open.append(directive)
            } else if let last = open.indices.last {
                open[last].body.append(directive)
            } else {
                blocks.append(directive)
            }
        }
        while !open.isEmpty {
            problems.append(Problem(place: open[open.count - 1].place, text: "no closing brace"))
            close(&open, open[open.count - 1].place)
        }
    }

    private mutating func close(_ open: inout [CorefileDirective], _ place: SourcePlace) {
        guard let directive = open.popLast() else {
            problems.append(Problem(place: place, text: "a brace that closes nothing"))
            return
        }
        if let last = open.indices.last {
            open[last].body.append(directive)
        } else {
            blocks.append(directive)
        }
    }
}
