import Dispatch
import Nameserver
import Transport

/// What all workers have counted: in the log when it is asked for, and in the status text.
extension Service {
    /// How often the status text gets another rate. Looking costs a message to each worker.
    static let rateSeconds = 60

    /// Logs it.
    func reportStatistics() {
        gatherStatistics { [self] report in
            for line in report.lines { log.notice(line, .statistics) }
            guard let bound = memoryGuard.bound else { return }
            log.notice(
                "memory: \(bound.used) of \(bound.limit) octets taken (\(bound.name))",
                .statistics)
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
            inFlight: shared.forwarding.inFlight,
            queryLogDropped: shared.queryLog.linesLost)
        let wanted = statisticsWanted
        statistics = []
        statisticsWanted = []
        for done in wanted { done(report) }
    }

    /// Has the status text say how many queries there are in a minute.
    func startMeasuringRate() {
        let timer = DispatchSource.makeTimerSource(queue: control)
        timer.setEventHandler { [unowned self] in measureRate() }
        timer.schedule(
            deadline: .now() + .seconds(Self.rateSeconds), repeating: .seconds(Self.rateSeconds),
            leeway: .seconds(5))
        rateTimer = timer
        timer.activate()
    }

    private func measureRate() {
        gatherStatistics { [self] report in
            let before = status.text
            status.counted(report.sum(\.queries.queries), at: MonotonicClock.now())
            // An idle server has nothing new to say.
            if status.text != before { Systemd.notify(Systemd.status(status.text)) }
        }
    }
}
