import DNS

/// The setting `control`: where the control socket is.
package enum ControlSetting: Equatable, Sendable {
    /// In the service's runtime directory, if it has one.
    case standard
    case off
    case path(String)

    /// What a Unix socket's address has room for (unix(7)).
    package static let maximumPathLength = 107
    /// The key in the main file.
    static let key = "control"

    /// What the main file at `path` says, without a look at anything else of the configuration: a tool
    /// asks that may not read all of it. nil when this cannot be read.
    package static func read(path: String) -> ControlSetting? {
        let file = ConfigurationFile(path, Diagnostics(isForService: false))
        guard let reader = try? YAMLReader(path: path),
            (try? reader.enterMapping(expected: "settings")) != nil
        else { return nil }
        while let entry = try? reader.nextEntry() {
            if entry.key.text == key { return file.control(entry.value) }
        }
        return .standard
    }
}

extension ConfigurationFile {
    /// A path, relative to the directory that this file is in, or `off`.
    func control(_ node: YAMLNode) -> ControlSetting? {
        let expected = "a path such as /run/horizond/control.sock, or off"
        guard let path = scalar(node, expected: expected) else { return nil }
        guard path.text != "off" else { return .off }
        let isNo = ["false", "no", "none"].contains(path.text)
        guard
            let resolved = self.path(
                path, expected: expected, suggestion: isNo ? "off".quoted : nil)
        else { return nil }
        guard resolved.utf8.count <= ControlSetting.maximumPathLength else {
            error(
                path.mark, "a path of \(resolved.utf8.count) octets",
                expected: "at most \(ControlSetting.maximumPathLength), the most for a socket")
            return nil
        }
        return .path(resolved)
    }
}
