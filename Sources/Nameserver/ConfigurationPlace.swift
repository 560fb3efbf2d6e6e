/// A line of a configuration file. What a configuration says keeps its place, so that an answer can be
/// explained by the line that it comes from.
package struct ConfigurationPlace: Hashable, Sendable {
    /// The path as messages show it.
    package let file: String
    /// From 1 on.
    package let line: Int
    /// The character in the line, from 1 on; nil where it is not kept.
    package let column: Int?

    package init(file: String, line: Int, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension ConfigurationPlace: CustomStringConvertible {
    package var description: String { "\(file):\(line)" }
}
