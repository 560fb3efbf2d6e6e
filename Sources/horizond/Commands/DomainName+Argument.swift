import ArgumentParser
import DNS

extension DomainName {
    /// A name on the command line.
    @Sendable static func argument(_ text: String) throws -> DomainName {
        do {
            return try DomainName(text)
        } catch {
            // What is quoted before it is the text.
            throw ValidationError("\(error)")
        }
    }
}
