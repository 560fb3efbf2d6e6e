import Configuration
import DNS
import Foundation
import Nameserver
import Transport

/// What the server counted since its start, and how it is.
struct ServiceStatistics: Codable, Sendable {
    let version: String
    let uptimeSeconds: Int
    /// What is served, in a few words.
    let serves: String
    /// How the last reload went; nil before the first.
    let lastReload: String?
    /// The files that were read, the main one first.
    let files: [String]
    /// Of what stands in them.
    let configurationHash: String
    let queries: Queries
    /// Lines of the query log that its sink never got.
    let queryLogLinesLost: UInt64
    let cache: Cache
    let memory: Memory?
    let forwarding: Forwarding
    let upstreams: [UpstreamServer]
    /// What the last audit found; nil before the first.
    let audit: Audit?

    /// Queries by what became of them: all is the sum of the others.
    struct Queries: Codable, Sendable {
        let all: UInt64
        /// Answered from zones, or by the server itself.
        let zone: UInt64
        let cache: UInt64
        let stale: UInt64
        let upstream: UInt64
        /// No upstream gave an answer in time.
        let failure: UInt64
        /// By a rule, or over a limit with TC alone.
        let refused: UInt64
        let error: UInt64
        /// Dropped over a limit of their client.
        let limited: UInt64
        /// Those that wait for an upstream, whose client has gone, or that were none.
        let unanswered: UInt64
    }

    struct Cache: Codable, Sendable {
        /// Expired ones included.
        let answers: Int
        let octets: Int
        let maximumOctets: Int
        /// What they may take while memory is short; else the same.
        let currentMaximumOctets: Int
        /// Look-ups that found no good answer.
        let misses: UInt64
        let evicted: UInt64
        let refreshed: UInt64
    }

    /// The bound on the process's memory that leaves it least; nil where the kernel tells none.
    struct Memory: Codable, Sendable {
        let bound: String
        let limitOctets: Int
        let usedOctets: Int
    }

    struct Forwarding: Codable, Sendable {
        let sent: UInt64
        let inFlight: Int
        let joined: UInt64
        let failed: UInt64
        let timeouts: UInt64
        let malformed: UInt64
    }

    struct UpstreamServer: Codable, Sendable {
        let address: String
        let state: String
        let sent: UInt64
        let answered: UInt64
        let failed: UInt64
        /// The smoothed time to an answer; nil before the first.
        let milliseconds: Double?
        /// How the last attempt failed, while it fails.
        let failure: String?
    }

    struct Audit: Codable, Sendable {
        /// How many came to their end.
        let audits: Int
        /// When the last one ended, in seconds since 1970.
        let lastEnded: Int
        /// How many names it asked for, and what it found of each kind.
        let names: Int
        let leaks: Int
        let misdirected: Int
        let advertised: Int
        let hidden: Int
        let unanswered: Int
    }

    init(_ report: StatisticsReport, of service: Service) {
        version = Version.current
        uptimeSeconds = Int(
            (MonotonicClock.now() - service.startedAt) / MonotonicClock.nanosecondsPerSecond)
        serves = ServiceStatus.summary(service.configuration)
        lastReload = service.status.lastReload
        files = service.configuration.files.map(\.escapingUnprintable)
        configurationHash = "\(service.configuration.hash)"
        queries = Queries(report)
        cache = Cache(
            answers: report.cache.entries, octets: report.cache.octets,
            maximumOctets: service.shared.cache.size,
            currentMaximumOctets: service.shared.cache.limit,
            misses: report.sum(\.queries.cacheMisses), evicted: report.cache.evictions,
            refreshed: report.sum(\.forwarding.refreshes))
        queryLogLinesLost = report.queryLogDropped
        memory = service.memoryGuard.bound.map {
            Memory(bound: $0.name, limitOctets: $0.limit, usedOctets: $0.used)
        }
        forwarding = Forwarding(
            sent: report.sum(\.forwarding.sent), inFlight: report.inFlight,
            joined: report.sum(\.forwarding.joined),
            failed: report.sum(\.forwarding.failedAttempts),
            timeouts: report.sum(\.forwarding.timeouts),
            malformed: report.sum(\.forwarding.malformed))
        upstreams = report.upstreams.map(UpstreamServer.init).sorted { $0.address < $1.address }
        audit = Audit(service.auditStatistics)
    }
}

extension ServiceStatistics.Audit {
    init?(_ statistics: AuditStatistics) {
        guard let lastEnded = statistics.lastEnded else { return nil }
        func count(_ kind: AuditReport.Kind) -> Int {
            statistics.findings.reduce(0) { $0 + ($1.key.kind == kind ? $1.value : 0) }
        }
        self.init(
            audits: statistics.audits, lastEnded: lastEnded, names: statistics.names,
            leaks: count(.leak), misdirected: count(.misdirected), advertised: count(.advertised),
            hidden: count(.hidden), unanswered: count(.unanswered))
    }
}

extension ServiceStatistics.UpstreamServer {
    init(_ upstream: Upstream) {
        let counts = upstream.counts
        address = "\(upstream.address)"
        state = upstream.stateDescription
        sent = counts.sent
        answered = counts.answered
        failed = counts.failed
        let time = upstream.responseTime
        milliseconds = time > 0 ? Double(time / 10_000) / 100 : nil
        failure = upstream.isFailing ? upstream.failure.map { "\($0)" } : nil
    }
}
