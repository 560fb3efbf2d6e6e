import Dispatch
import Nameserver

/// What all workers have counted.
extension Service {
    /// Logs it.
    func reportStatistics() {
        gatherStatistics { [log] report in
            for line in report.lines { log.notice("\(line)") }
        }
    }

    /// Asks all workers, and calls `done` on this queue when they have told it.
    func gatherStatistics(_ done: @escaping @Sendable (StatisticsReport) -> Void) {
        statisticsWanted.append(done)
        guard statisticsWanted.count == 1 else { return }
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
        let wanted = statisticsWanted
        statistics = []
        statisticsWanted = []
        for done in wanted { done(report) }
    }
}
