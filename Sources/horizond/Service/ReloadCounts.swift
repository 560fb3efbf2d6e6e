import Foundation

/// How the reloads since the start went. What was read at the start was read well, else there would be no
/// service.
struct ReloadCounts: Equatable, Sendable {
    private(set) var succeeded = 0
    private(set) var failed = 0
    /// Whether what is served is what the files said when they were read last.
    private(set) var lastWentWell = true
    /// When a configuration was last taken, in seconds since 1970.
    private(set) var lastTakenAt = Date().timeIntervalSince1970
    /// When the last reload ended; nil before the first.
    private(set) var lastEndedAt: Double?

    mutating func ended(well: Bool) {
        let now = Date().timeIntervalSince1970
        if well { succeeded += 1 } else { failed += 1 }
        if well { lastTakenAt = now }
        lastWentWell = well
        lastEndedAt = now
    }
}
