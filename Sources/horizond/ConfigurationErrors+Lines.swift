import Configuration

extension ConfigurationErrors {
    /// A line for each mistake, as many as are worth reading.
    var lines: [String] { description.split(separator: "\n").map(String.init) }
}
