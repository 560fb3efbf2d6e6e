import DNS
import Foundation
import Logging

/// Where the program's events go: to the journal natively when systemd started it, else one line an
/// event to the standard error stream.
enum ServiceLog {
    static func standard() -> Logger {
        LoggingSystem.bootstrap { label in
            if Journal.isStandardError { return JournalLogHandler(label: label) }
            return LineLogHandler()
        }
        return Logger(label: "horizond")
    }
}

/// One line an event: time, level, message. What a terminal would obey is escaped, and so is what would
/// begin another line: whatever a message tells of, nobody forges one.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = Date().ISO8601Format()
        StandardError.write("\(time) \(event.level): \("\(event.message)".escapingUnprintable)")
    }
}
