import DNS

/// One mistake or doubt in a configuration: where it is, what was found, what is expected.
/// Prints as `FILE:LINE:COLUMN: what was found; expected what is expected`.
package struct ConfigurationError: Hashable, Sendable {
    /// The path as the configuration gives it, joined to that of the file that names it.
    package let file: String
    /// From 1 on; nil when the file as a whole is meant.
    package let line: Int?
    /// The character in the line, from 1 on; nil when that is not known.
    package let column: Int?
    /// What was found.
    package let problem: String
    package let expected: String?
    /// What was probably meant.
    package let suggestion: String?

    package var message: String {
        problem + (expected.map { "; expected \($0)" } ?? "")
            + (suggestion.map { "; did you mean \($0)?" } ?? "")
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// One line, whatever the names of files and keys are made of.
    package var description: String {
        let place = [line, column].compactMap { $0.map { ":\($0)" } }.joined()
        return "\(file)\(place): \(message)".escapingUnprintable
    }
}

/// Every mistake in all files of a configuration, by file and line.
package struct ConfigurationErrors: Error, Equatable, Sendable {
    /// Printing stops here: more than a few screens help nobody.
    package static let maximumPrinted = 100

    /// The mistakes, at most `Diagnostics.maximumKept`.
    package let errors: [ConfigurationError]
    /// How many there are, those not kept included.
    package let count: Int
    package let warnings: [ConfigurationError]
}

extension ConfigurationErrors {
    /// One mistake, of a configuration that could be read.
    init(_ error: ConfigurationError) {
        self.init(errors: [error], count: 1, warnings: [])
    }

    /// One mistake of a file as a whole.
    package init(file: String, problem: String) {
        self.init(
            ConfigurationError(
                file: file, line: nil, column: nil, problem: problem, expected: nil,
                suggestion: nil))
    }
}

extension ConfigurationErrors: CustomStringConvertible {
    /// A line for each mistake.
    package var description: String {
        var lines = errors.prefix(Self.maximumPrinted).map(\.description)
        if count > lines.count { lines.append("… and \(count - lines.count) more") }
        return lines.joined(separator: "\n")
    }
}
