import CSystemd

/// The service manager, as libsystemd sees it. Without one, nothing happens.
///
/// Unsafe because libsystemd takes C strings; each is valid for the call.
enum Systemd {
    /// Sends lines such as `READY=1` to the service manager (sd_notify(3)).
    static func notify(_ lines: String...) {
        _ = unsafe sd_notify(0, lines.joined(separator: "\n"))
    }

    /// A status text is one line.
    static func status(_ text: String) -> String {
        "STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
