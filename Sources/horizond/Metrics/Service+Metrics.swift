import Admin
import Dispatch
import Foundation
import Nameserver

/// What `/metrics` says.
extension Service {
    func metrics() async -> AdminReply {
        AdminReply(contentType: MetricsText.contentType, body: Data(await metricsText().utf8))
    }

    /// The metrics of now in Prometheus's text form. However many ask at a time, the workers are asked and
    /// the text is made once for all of them.
    func metricsText() async -> String {
        await withCheckedContinuation { continuation in
            control.async { [self] in
                metricsWanted.append { continuation.resume(returning: $0) }
                guard metricsWanted.count == 1 else { return }
                gatherStatistics { [self] report in tellMetrics(report) }
            }
        }
    }

    private func tellMetrics(_ report: StatisticsReport) {
        let metrics = ServiceMetrics(
            report: report, counts: report.counts, configuration: configuration,
            status: status,
            audits: auditStatistics, queryLogLinesLost: shared.queryLog.linesLost,
            memory: ServiceMetrics.Memory(
                cacheLimit: shared.cache.limit, cacheSize: shared.cache.size,
                bound: memoryGuard.bound))
        let wanted = metricsWanted
        metricsWanted = []
        background.async {
            let text = MetricsText.of(metrics.families)
            for tell in wanted { tell(text) }
        }
    }
}
