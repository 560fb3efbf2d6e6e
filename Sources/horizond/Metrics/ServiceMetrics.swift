import Admin
import Configuration
import Nameserver

/// All that the metrics tell, as it was at one moment. Labels come from the configuration or from fixed
/// sets: no client makes a new one.
struct ServiceMetrics: Sendable {
    let report: StatisticsReport
    /// Queries and responses by kind, of all workers.
    let counts: QueryCounts
    let configuration: Configuration
    let status: ServiceStatus
    let audits: AuditStatistics
    let queryLogLinesLost: UInt64
    let memory: Memory

    /// How it is with memory.
    struct Memory: Sendable {
        let cacheLimit: Int
        let cacheSize: Int
        /// nil where the kernel tells none.
        let bound: MemoryBound?
    }

    /// In the order in which they are read.
    var families: [MetricFamily] {
        queryFamilies + cacheFamilies + upstreamFamilies + forwardingFamilies + policyFamilies
            + transportFamilies + serviceFamilies
            + (ProcessStatistics(startedAt: status.startedAt)?.families ?? [])
            + (configuration.admin.hasCoreDNSNames ? CoreDNSMetrics(self).families : [])
    }

    /// In a fixed order.
    var upstreams: [Upstream] {
        report.upstreams.sorted { "\($0.address)" < "\($1.address)" }
    }

    func counter(
        _ name: String, _ help: String, _ counter: (WorkerStatistics) -> UInt64
    ) -> MetricFamily {
        MetricFamily(.counter, name, help, value: report.sum(counter))
    }

    /// A counter for each value of one label.
    func counters(
        _ name: String, _ help: String, by label: String,
        _ counters: KeyValuePairs<String, (WorkerStatistics) -> UInt64>
    ) -> MetricFamily {
        var family = MetricFamily(.counter, name, help)
        for (value, counter) in counters { family.add(report.sum(counter), [label: value]) }
        return family
    }

    func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) -> MetricFamily {
        MetricFamily(.gauge, name, help, value: value)
    }
}
