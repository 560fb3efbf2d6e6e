import Configuration
import Dispatch
import Nameserver
import Transport

/// Another configuration in the place of the one that is served.
extension Service {
    /// Reads everything anew, off this queue; several requests while it runs become one more.
    func reload() {
        guard !isStopping else {
            let wanted = reloadsWanted
            reloadsWanted = []
            return refuseReload(wanted)
        }
        guard !isReloading else {
            reloadAgain = true
            return
        }
        isReloading = true
        reloadBegan = ReloadOutcome.now()
        Systemd.notify("RELOADING=1", "MONOTONIC_USEC=\(reloadBegan)")
        let (path, secrets, registry, previous) = (path, secrets, registry, configuration)
        let wanted = reloadsWanted
        reloadsWanted = []
        YieldingThread.run { [self] in
            let result = Result { () throws(ConfigurationErrors) in
                try makeRoomToRead(previous.files)
                let loaded = try LoadedConfiguration(
                    path: path, seed: secrets.tableSeed, previous: previous, isForService: true)
                let snapshot = Snapshot(
                    loaded.configuration, networks: loaded.interfaces.networks,
                    upstreams: registry, secrets)
                return (loaded.configuration, Served(snapshot: snapshot, tls: loaded.tls))
            }
            control.async { [self] in finishReload(result, tell: wanted) }
            FreeMemory.returnToSystem()
        }
    }

    /// What is served ends, and nothing else begins.
    private func refuseReload(_ wanted: [@Sendable ([String]) -> Void]) {
        for tell in wanted { tell(["the server is stopping"]) }
    }

    private func finishReload(
        _ result: Result<(Configuration, Served), ConfigurationErrors>,
        tell wanted: [@Sendable ([String]) -> Void]
    ) {
        guard !isStopping else { return refuseReload(wanted) }
        var errors: [String] = []
        switch result {
        case .success(let (configuration, served)):
            do throws(TransportError) {
                try serve(configuration, served)
                status.reloaded(configuration)
                log.notice("reloaded: \(ServiceStatus.summary(configuration))", .reloaded)
            } catch {
                errors = ["\(error)"]
                // Nobody asks those that it alone names.
                registry.keep(only: published.served.snapshot)
                log.error("\(error)", .listening)
            }
        case .failure(let mistakes):
            errors = mistakes.lines
            log.report(mistakes)
        }
        if !errors.isEmpty {
            log.error(
                "the reload failed; what was served before is still served", .reloadFailed)
            status.reloadFailed(errors)
        }
        Systemd.notify("READY=1", Systemd.status(status.text))
        leaveOutcome(errors)
        for tell in wanted { tell(errors) }
        endReload()
    }

    /// Tells `horizond reload`, after the service manager, which hears from that command at once.
    private func leaveOutcome(_ errors: [String]) {
        guard let path = ReloadOutcome.path else { return }
        do throws(AtomicFile.Failure) {
            try ReloadOutcome(began: reloadBegan, errors: errors).write(to: path)
        } catch {
            log.error(
                "cannot write \(path), so that `systemctl reload` waits in vain: \(error)",
                .reloadFailed)
        }
    }

    func endReload() {
        isReloading = false
        if reloadAgain {
            reloadAgain = false
            reload()
        }
    }

    /// Puts a new configuration in the place of the old one, all of it or nothing.
    private func serve(
        _ configuration: Configuration, _ served: Served
    ) throws(TransportError) {
        let change = try listeners.change(to: configuration)
        followInterfaces(for: configuration)
        let old = publish(served, of: configuration)
        listen(change)
        if listeners.hasUnwanted { closeUnwantedListeners() }
        events.configure(logsErrors: configuration.log.errors)
        shared.queryLog.configure(configuration.log.queries, identity: configuration.server.id)
        controlServer?.listen(at: configuration.control.path)
        adminPages?.configure(configuration.admin)
        let limits = TransportLimits(configuration.tcp, workers: workers.count)
        for worker in workers { worker.mailbox.post(.limits(limits)) }
        log.report(configuration.warnings)
        noteWhatNeedsRestart(configuration)
        self.configuration = configuration
        cacheKeeper.configure(configuration)
        scheduleFollowing()
        updateClients()
        scheduleAudits()
        configureActivity()
        retire(old)
    }

    /// Has workers answer on what `configuration` says, and returns what they answered on before.
    func publish(_ served: Served, of configuration: Configuration) -> Served {
        let old = published.publish(withCurrentClients(served, of: configuration))
        registry.keep(only: served.snapshot)
        return old
    }

    private func noteWhatNeedsRestart(_ new: Configuration) {
        if new.workers != configuration.workers {
            log.warning(
                "workers: the change takes effect at the next restart", .configurationWarning)
        }
        if new.cacheSize != configuration.cacheSize {
            log.warning(
                "cache-size: the change takes effect at the next restart", .configurationWarning)
        }
    }
}
