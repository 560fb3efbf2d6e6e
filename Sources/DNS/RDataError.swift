/// Why a text is not the RDATA of its type: the field, what was found there and what is expected.
public struct RDataError: Error, Equatable, Sendable {
    /// The field as its RFC calls it, such as `preference`; `data` for the RDATA as a whole.
    public let field: String
    /// The text that was found; nil when the field is missing.
    public let found: String?
    /// What is wrong with it, when what is expected does not say so by itself.
    public let reason: String?
    /// What stands there in a correct record, such as `a number from 0 to 65535`.
    public let expected: String

    public init(_ field: String, found: String?, reason: String? = nil, expected: String) {
        self.field = field
        self.found = found
        self.reason = reason
        self.expected = expected
    }
}

extension RDataError: CustomStringConvertible {
    public var description: String {
        let quoted = found?.quoted ?? "nothing"
        let reason = reason.map { " (\($0))" } ?? ""
        return "\(field): found \(quoted)\(reason), expected \(expected)"
    }
}
