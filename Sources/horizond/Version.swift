/// What this program is, also for its Debian package.
enum Version {
    static let current = "0.1.0"

    /// With the program's name, for `--version` and `version`.
    static let line = "horizond \(current)"
}
