import DNS
import Nameserver

/// What a request for the page's data asks, once its parameters are read.
struct ActivityRequest {
    /// A parameter that cannot be, in words.
    typealias Mistake = QueryFilter.Mistake

    private let parameters: [String: String]

    init(_ parameters: [String: String]) { self.parameters = parameters }

    /// nil for a parameter without a value, too: a form sends all its fields.
    private func text(_ name: String) -> String? {
        parameters[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A time in seconds since 1970.
    func time(_ name: String) throws(Mistake) -> Double? {
        guard let text = text(name) else { return nil }
        guard let time = Double(text), time.isFinite else {
            throw Mistake(description: "\(name): \(text.quoted) is no time in seconds since 1970")
        }
        return time
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws(Mistake) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Mistake(
                description: "\(name): expected a number from \(range.lowerBound) to "
                    + "\(range.upperBound), found \(text.quoted)")
        }
        return number
    }

    /// `views` are those that there are.
    func filter(views: [String]) throws(Mistake) -> LineFilter {
        var filter = LineFilter(
            queries: try QueryFilter(
                view: text("view"), client: text("client"), name: text("name"), views: views))
        if let text = text("source") {
            guard let source = AnswerSource(rawValue: text.lowercased()) else {
                let all = AnswerSource.allCases.map(\.rawValue).joined(separator: ", ")
                throw Mistake(description: "source: expected one of \(all), found \(text.quoted)")
            }
            filter.source = source.rawValue
        }
        filter.rcode = text("rcode")?.uppercased()
        if let text = text("q") {
            guard text.utf8.count <= LineFilter.maximumText else {
                throw Mistake(
                    description: "q: expected at most \(LineFilter.maximumText) octets, found "
                        + "\(text.utf8.count)")
            }
            filter.text = Array(text.lowercased().utf8)
        }
        return filter
    }
}

/// Which lines of the live log are wanted.
struct LineFilter: Sendable {
    var queries: QueryFilter
    /// nil for all; so with the others.
    var source: String?
    var rcode: String?
    /// In small letters: part of what a line shows, in octets, which are searched a hundred times faster
    /// than letters.
    var text: [UInt8]?

    /// No name is longer.
    static let maximumText = 255

    func matches(_ line: QueryLine) -> Bool {
        if let source, line.source != source { return false }
        if let rcode, line.rcode != rcode { return false }
        if let text {
            let shown = [line.name, line.client ?? "", line.type, line.source, line.rcode]
            guard shown.contains(where: { Self.isPart(text, of: $0) }) else { return false }
        }
        return queries.matches(line)
    }

    private static func isPart(_ text: [UInt8], of shown: String) -> Bool {
        guard shown.utf8.count >= text.count else { return false }
        return Array(shown.lowercased().utf8).contains(text)
    }
}
