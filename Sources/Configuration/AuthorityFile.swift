import DNS

/// The setting `tls-ca`: a file with certificates of authorities that are trusted beside those of the
/// system. Only that it has certificates was checked; who can read them says what is wrong with them.
package struct AuthorityFile: Equatable, Sendable {
    /// Its octets, certificates in PEM (RFC 7468).
    package let pem: [UInt8]
    private let path: String
    /// Where the setting names it.
    private let file: String
    private let mark: YAMLMark

    /// All authorities of the Web take 0.3 MiB.
    private static let maximumSize = 16 << 20

    static let expected = "a file with certificates in PEM"

    /// Reads the file that the setting names; reports why it cannot be used, and is then nil.
    init?(_ node: YAMLNode, in file: ConfigurationFile) {
        guard let scalar = file.scalar(node, expected: Self.expected),
            let resolved = file.secretPath(scalar)
        else { return nil }
        let other = file.other(resolved)
        do throws(YAMLError) {
            pem = try RegularFile.contents(other.path, maximumSize: Self.maximumSize)
        } catch {
            file.error(
                scalar.mark,
                "cannot read \(other.path.quotedPath): \(error.problem)",
                expected: Self.expected)
            return nil
        }
        guard pem.contains(Array("-----BEGIN CERTIFICATE-----".utf8)) else {
            file.error(
                scalar.mark, "no certificate in \(other.path.quotedPath)", expected: Self.expected)
            return nil
        }
        other.note(ContentHash(pem))
        path = other.path
        self.file = file.path
        mark = scalar.mark
    }

    /// What is reported of a configuration when the file turns out to be of no use.
    package func errors(_ problem: String) -> ConfigurationErrors {
        ConfigurationErrors(
            ConfigurationError(
                file: file, line: mark.line, column: mark.column,
                problem: "cannot use \(path.quotedPath): \(problem)", expected: Self.expected,
                suggestion: nil))
    }
}
