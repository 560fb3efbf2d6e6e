import Dispatch

/// The service manager's watchdog: a sign of life comes only when everything that answers queries or
/// takes orders is alive.
extension Service {
    /// Begins to give signs of life, when the service manager wants them.
    func startWatchdog() {
        guard let microseconds = Systemd.watchdogMicroseconds else { return }
        // Half of what is allowed, as sd_watchdog_enabled(3) recommends, but not without end.
        let interval = DispatchTimeInterval.microseconds(Int(clamping: max(1000, microseconds / 2)))
        let timer = DispatchSource.makeTimerSource(queue: control)
        timer.setEventHandler { [unowned self] in probeWorkers() }
        timer.schedule(
            deadline: .now() + interval, repeating: interval,
            leeway: .microseconds(Int(clamping: microseconds / 20)))
        watchdogTimer = timer
        timer.activate()
    }

    /// Asks every worker for an answer through its own queue. The beat is this queue's answer to theirs:
    /// while one of them is silent there is none, and nobody is asked again.
    private func probeWorkers() {
        guard !isProbing else { return }
        isProbing = true
        let probes = DispatchGroup()
        for worker in workers {
            probes.enter()
            worker.mailbox.post(.report { probes.leave() })
        }
        probes.notify(queue: control) { [self] in
            isProbing = false
            Systemd.notify("WATCHDOG=1")
        }
    }
}
