import Nameserver
import Transport

/// What one worker has counted since it started.
struct WorkerStatistics: Sendable {
    let queries: Counters
    /// Queries and responses by kind.
    let kinds: QueryCounts
    let forwarding: ForwardingCounters
    let answers: UpstreamAnswer.Counters
    let transport: TransportCounters
    /// Queries for names that would open a way around this server.
    let bypasses: [KnownBypass: UInt64]
}

/// The counters of all workers as lines of the log, which SIGUSR1 asks for.
struct StatisticsReport {
    let workers: [WorkerStatistics]
    let upstreams: [Upstream]
    let cache: CacheStatistics
    /// Questions that are in flight.
    let inFlight: Int
    /// Lines of the query log that its file, collector or the journal never got.
    let queryLogDropped: UInt64

    var lines: [String] {
        [queryLine, workerLine, cacheLine, forwardingLine, suspicionLine, logLine]
            + upstreams.sorted { "\($0.address)" < "\($1.address)" }.map(Self.line)
    }

    private var queryLine: String {
        let queries = ServiceStatistics.Queries(self)
        let parts = queries.rows.map { "\($0.count) \($0.name)" }
        return "queries: \(queries.all), of which \(parts.joined(separator: ", "))"
    }

    /// Whether all workers have their share.
    private var workerLine: String {
        let shares = workers.map(\.queries.queries).sorted().map(String.init)
        return "queries of each worker: \(shares.joined(separator: ", "))"
    }

    private var cacheLine: String {
        "cache: \(cache.entries) stored in \(cache.octets) octets, \(cache.evictions) evicted, "
            + "\(sum(\.forwarding.refreshes)) refreshed in time or behind a stale answer"
    }

    private var forwardingLine: String {
        "upstream queries: \(sum(\.forwarding.sent)) sent, \(inFlight) questions in flight, "
            + "\(sum(\.forwarding.joined)) joined; attempts failed: "
            + "\(sum(\.forwarding.failedAttempts)), of which \(sum(\.forwarding.timeouts)) in "
            + "silence, \(sum(\.forwarding.malformed)) malformed"
    }

    private var suspicionLine: String {
        "upstream replies: \(sum(\.transport.upstreamWrongID)) with a wrong ID, "
            + "\(sum(\.transport.upstreamRejected)) rejected, "
            + "\(sum(\.forwarding.suspicious)) questions moved to TCP, "
            + "\(sum(\.answers.unrelatedRecords)) unrelated records dropped, "
            + "\(sum(\.answers.endlessAliases)) endless aliases; over TLS "
            + "\(sum(\.transport.upstreamHandshakes)) handshakes, "
            + "\(sum(\.transport.upstreamResumptions)) resumed"
    }

    private var logLine: String { "query log: \(queryLogDropped) lines dropped" }

    private static func line(_ upstream: Upstream) -> String {
        let counts = upstream.counts
        let milliseconds = Double(upstream.responseTime / 10_000) / 100
        return "upstream \(upstream.address): \(upstream.stateDescription), \(counts.sent) sent, "
            + "\(counts.answered) answered, \(counts.failed) failed, \(milliseconds) ms"
            + (upstream.isFailing ? upstream.failure.map { "; \($0)" } ?? "" : "")
    }

    /// Queries and responses by kind, of all workers.
    var counts: QueryCounts {
        workers.dropFirst().reduce(into: workers[0].kinds) { $0.add($1.kinds) }
    }

    func sum(_ counter: (WorkerStatistics) -> UInt64) -> UInt64 {
        workers.reduce(0) { $0 &+ counter($1) }
    }
}

extension Upstream {
    /// `well`, `failing` (no answer since an attempt failed), `DOWN` (nor to three probes) or `LOOP`.
    var stateDescription: String {
        isLooping ? "LOOP" : isDown ? "DOWN" : isFailing ? "failing" : "well"
    }
}
