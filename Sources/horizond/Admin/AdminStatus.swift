import Foundation

/// What `/api/status` says: the statistics of `horizond stats`, and how the server is.
struct AdminStatus: Encodable {
    let statistics: ServiceStatistics
    let status: ServiceStatus
    /// Why the server is not ready.
    let problems: [String]
    let host: String
    let views: [String]

    private enum Key: CodingKey {
        case ready, problems, startedAt, time, host, views, lastReloadOK, lastReloadAt
    }

    /// One object: the statistics' fields and those here. Times are seconds since 1970.
    func encode(to encoder: any Encoder) throws {
        try statistics.encode(to: encoder)
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(problems.isEmpty, forKey: .ready)
        try fields.encode(problems, forKey: .problems)
        try fields.encode(status.startedAt.timeIntervalSince1970, forKey: .startedAt)
        try fields.encode(Date().timeIntervalSince1970, forKey: .time)
        try fields.encode(host, forKey: .host)
        try fields.encode(views, forKey: .views)
        let reloads = status.reloads
        // null before the first reload.
        try fields.encode(
            reloads.lastEndedAt.map { _ in reloads.lastWentWell }, forKey: .lastReloadOK)
        try fields.encode(reloads.lastEndedAt, forKey: .lastReloadAt)
    }
}
