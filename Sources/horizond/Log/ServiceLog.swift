import DNS
import Foundation
import Logging

/// Where the program's events go: to the journal natively when systemd started it, else one line an
/// event to the standard error stream.
struct ServiceLog {
    /// Waits until a line is written, however long that takes: for a queue that does nothing else.
    let direct: Logger
    /// For all others.
    let patient: Logger

    static func standard() -> ServiceLog {
        let label = "horizond"
        let handler: any LogHandler =
            Journal.isStandardError ? JournalLogHandler(label: label) : LineLogHandler()
        return ServiceLog(
            direct: Logger(label: label) { _ in handler },
            patient: Logger(label: label) { _ in PatientLogHandler(handler) })
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
