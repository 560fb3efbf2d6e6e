import CSystemd
import Glibc

/// The service manager, as libsystemd sees it. Without one, nothing happens.
///
/// Unsafe because libsystemd takes C strings; each is valid for the call.
enum Systemd {
    /// Sends lines such as `READY=1` to the service manager (sd_notify(3)).
    static func notify(_ lines: String...) {
        _ = unsafe sd_notify(0, lines.joined(separator: "\n"))
    }

    /// Gives copies of descriptors to the service manager, which keeps them for the next process
    /// (systemd.service(5), FileDescriptorStoreMax=). It does not watch them: what happens on a socket
    /// is not its business, and would wake it.
    static func store(_ descriptors: [Int32], as name: String) {
        for start in stride(from: 0, to: descriptors.count, by: maximumDescriptors) {
            let some = Array(descriptors[start...].prefix(maximumDescriptors))
            _ = unsafe sd_pid_notify_with_fds(
                0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)", some, UInt32(some.count))
        }
    }

    /// Descriptors that one message carries, somewhat fewer than the kernel's limit of 253.
    private static let maximumDescriptors = 250

    /// Lets the service manager close what it keeps under these names, and waits until it has.
    static func removeStored(_ names: some Sequence<String>) {
        for name in names { notify("FDSTOREREMOVE=1", "FDNAME=\(name)") }
        _ = sd_notify_barrier(0, patience)
    }

    /// How long the service manager may take to read what it was sent, in microseconds.
    private static let patience: UInt64 = 1_000_000

    /// The descriptors that the service manager has passed, with their names (sd_listen_fds(3)).
    /// They are this process's alone: children get neither them nor word of them.
    ///
    /// Unsafe because libsystemd allocates a NULL-terminated array of C strings, as many as its result
    /// says, which is read within that and freed here.
    static func takePassedDescriptors() -> [(descriptor: Int32, name: String)] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        guard count > 0, let names = unsafe names else { return [] }
        defer { unsafe free(names) }
        return (0..<Int(count)).map { index in
            defer { unsafe free(names[index]) }
            let name = unsafe names[index].map { unsafe String(cString: $0) } ?? ""
            return (SD_LISTEN_FDS_START + Int32(index), name)
        }
    }

    /// How long the service manager waits for a sign of life, in microseconds; nil when it does not
    /// (sd_watchdog_enabled(3)).
    static var watchdogMicroseconds: UInt64? {
        var interval: UInt64 = 0
        return unsafe sd_watchdog_enabled(0, &interval) > 0 ? interval : nil
    }

    /// A status text is one line.
    static func status(_ text: String) -> String {
        "STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
