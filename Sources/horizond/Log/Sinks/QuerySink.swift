import Logging

/// Where the lines of the query log go. It is called on the log's queue and returns soon; what it cannot
/// take it counts.
protocol QuerySink: Sendable {
    func take(_ queries: [LoggedQuery])
    /// Begins anew with its file or collector, as at a reload.
    func reopen()
    /// Writes what it has, and takes nothing more.
    func close()
}

/// A query for a sink: what its worker noted, and the line that tells it.
struct LoggedQuery: Sendable {
    let record: QueryRecord
    let line: QueryLine
}

/// The program's own log as a sink.
struct JournalSink: QuerySink {
    let events: EventLog
    let dropped: DroppedLines

    func take(_ queries: [LoggedQuery]) {
        var lost = 0
        for query in queries where !events.query(query.line) { lost += 1 }
        dropped.add(lost)
    }

    func reopen() {}
    func close() {}
}
