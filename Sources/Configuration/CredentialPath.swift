import DNS
import Foundation

extension ConfigurationFile {
    /// The path of a file that may hold a secret: as any other path, or `credential:NAME` for what the
    /// service manager passes to the service alone (systemd.exec(5), LoadCredential=). nil, with an error
    /// at the setting, when it passes none; with a warning for other processes than the service.
    func secretPath(_ scalar: YAMLScalar) -> String? {
        guard scalar.text.hasPrefix(Self.credentialPrefix) else { return resolve(scalar.text) }
        let name = String(scalar.text.dropFirst(Self.credentialPrefix.count))
        guard !name.isEmpty, !name.contains("/") else {
            error(scalar.mark, "bad name of a credential", expected: "such as credential:cookies")
            return nil
        }
        guard let directory = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] else {
            guard isForService else {
                warning(
                    scalar.mark,
                    "\(scalar.text.quoted) is passed to the service alone, and not looked at here")
                return nil
            }
            error(
                scalar.mark, "no credentials are passed to this process",
                expected: "LoadCredential=\(name):PATH in the unit; "
                    + "elsewhere CREDENTIALS_DIRECTORY says where they are")
            return nil
        }
        return directory + "/" + name
    }

    private static let credentialPrefix = "credential:"
}
