import Dispatch
import Nameserver

/// What all workers have counted, in the log.
extension Service {
    /// Logs what all workers have counted, when they have told it.
    func reportStatistics() {
        guard statistics.isEmpty else { return }
        for worker in workers {
            worker.mailbox.post(
                .statistics { [self] told in control.async { [self] in add(told) } })
        }
    }

    private func add(_ told: WorkerStatistics) {
        statistics.append(told)
        guard statistics.count == workers.count else { return }
        let report = StatisticsReport(
            workers: statistics, upstreams: registry.all, cache: shared.cache.statistics,
            inFlight: shared.forwarding.inFlight)
        for line in report.lines { log.notice("\(line)") }
        statistics = []
    }
}
