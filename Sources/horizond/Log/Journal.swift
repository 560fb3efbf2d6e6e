import CSystemd
import DNS
import Foundation
import Logging

/// The systemd journal's native protocol.
enum Journal {
    /// Whether the standard error stream is connected to the journal: systemd then says which
    /// device and inode it is (systemd.exec(5), `$JOURNAL_STREAM`).
    static var isStandardError: Bool {
        guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else {
            return false
        }
        var status = stat()
        guard unsafe fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// Sends one entry of `NAME=value` fields (sd_journal_sendv(3)).
    ///
    /// Unsafe because the call takes an array of pointers: each field's octets are copied into one
    /// buffer that lives until the call returns.
    static func send(_ fields: [(name: String, value: String)]) {
        var octets: [UInt8] = []
        var ranges: [Range<Int>] = []
        for field in fields {
            let start = octets.count
            octets += Array("\(field.name)=\(field.value)".utf8)
            ranges.append(start..<octets.count)
        }
        unsafe octets.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var vectors = unsafe ranges.map {
                unsafe iovec(iov_base: base + $0.lowerBound, iov_len: $0.count)
            }
            _ = unsafe sd_journal_sendv(&vectors, Int32(vectors.count))
        }
    }
}

/// Sends the program's events to the journal, metadata as fields of their own.
struct JournalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let label: String

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = [
            // journalctl would show a message of several lines as such, or as a blob.
            (name: "MESSAGE", value: "\(event.message)".escapingUnprintable),
            (name: "PRIORITY", value: Self.priority(event.level)),
            (name: "SYSLOG_IDENTIFIER", value: label),
        ]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            fields.append((name: Self.name(key), value: "\(value)"))
        }
        Journal.send(fields)
    }

    /// A field that the journal itself knows, or one of ours.
    private static func name(_ key: String) -> String {
        key == EventFields.kindKey ? "MESSAGE_ID" : "HORIZOND_" + key.uppercased()
    }

    /// syslog(3)'s levels.
    private static func priority(_ level: Logger.Level) -> String {
        switch level {
        case .critical: "2"
        case .error: "3"
        case .warning: "4"
        case .notice: "5"
        case .info: "6"
        case .debug, .trace: "7"
        }
    }
}
