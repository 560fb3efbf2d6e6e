import Configuration
import Dispatch
import Glibc
import Logging
import Nameserver
import Transport

/// The running server: workers, signals, the service manager.
///
/// @unchecked Sendable: its state is touched on the control queue alone; other queues only carry it
/// back there.
final class Service: @unchecked Sendable {
    /// How long SIGTERM waits for queries in flight.
    private static let drainSeconds = 4
    /// How often it is looked whether the last query on an old snapshot has ended.
    private static let retirementInterval = DispatchTimeInterval.milliseconds(100)
    /// How often files with nameserver lines are looked at. They are short, so that reading one costs
    /// hardly more than asking for its date, and tells more.
    static let followingSeconds = 2

    let path: String
    let secrets: ProcessSecrets
    let log: Logger
    let workers: [Worker]
    let shared: Worker.Shared
    /// What the workers have told so far for one report.
    var statistics: [WorkerStatistics] = []
    /// Who waits for that report.
    var statisticsWanted: [@Sendable (StatisticsReport) -> Void] = []
    /// Monotonic nanoseconds.
    let startedAt = MonotonicClock.now()
    let published: Published
    let registry: UpstreamRegistry
    private let events: EventLog
    let control: DispatchQueue
    private let signals: Signals
    /// Answers at the control socket, as long as the service runs.
    private var controlServer: ControlServer?
    private let passedControlSocket: Int32?
    private let ended = DispatchSemaphore(value: 0)
    /// Makes small changes of what is served and frees old snapshots, so that neither stops the
    /// control queue.
    let background = DispatchQueue(label: "reload", qos: .default)
    /// Waits for the answers to questions of the program's own.
    let inquiries = DispatchQueue(label: "inquiries", qos: .default, attributes: .concurrent)
    var configuration: Configuration
    private var listeners: Listeners
    var status: ServiceStatus
    /// These run as long as the service.
    var nameserverTimer: (any DispatchSourceTimer)?
    /// nil while no view follows the host's interfaces.
    var interfaceMonitor: InterfaceMonitor?
    /// The networks of the interfaces, as they were told last.
    var networks: [InterfaceNetworks]
    var toldClients = ToldClients()
    var rateTimer: (any DispatchSourceTimer)?
    var watchdogTimer: (any DispatchSourceTimer)?
    /// Whether the workers have been asked for a sign of life and have not all given one.
    var isProbing = false
    /// What is served no more, until no query is on it.
    private var retired: [Served] = []
    /// Whether a snapshot is being made, of the files or for other nameservers.
    var isReloading = false
    private var reloadAgain = false
    /// When the reload under way began, as `ReloadOutcome` tells it.
    private var reloadBegan: Int64 = 0
    /// Whether a plan is being made.
    var isPlanning = false
    /// Runs while the configuration wants audits.
    var auditTimer: (any DispatchSourceTimer)?
    var isAuditing = false
    /// What the audits found.
    var auditStatistics = AuditStatistics()
    private var farewells = 0
    private var hasEnded = false

    /// Opens the sockets, but for those `passed` by the service manager. Throws when an address cannot be
    /// had.
    init(
        _ loaded: LoadedConfiguration, passed: PassedSockets, path: String,
        secrets: ProcessSecrets, log: Logger
    ) throws(TransportError) {
        let configuration = loaded.configuration
        control = DispatchQueue(label: "control", qos: .default)
        signals = Signals(queue: control)
        self.path = path
        self.secrets = secrets
        self.log = log
        self.configuration = configuration
        networks = loaded.interfaces.networks
        status = ServiceStatus(configuration)
        registry = UpstreamRegistry(cookieKey: secrets.upstreamCookieKey)
        raiseDescriptorLimit()
        let count = configuration.workers ?? availableProcessors()
        published = Published(
            Served(
                snapshot: Snapshot(
                    configuration, networks: networks, upstreams: registry, secrets),
                tls: loaded.tls))
        events = EventLog(logger: log, logsErrors: configuration.log.errors)
        let queryLog = QueryLog(events)
        queryLog.configure(isJournaled: configuration.log.queries)
        let cache = ResponseCache(size: configuration.cacheSize, seed: secrets.tableSeed)
        CacheFile(configuration)?.load(into: cache, log)
        shared = Worker.Shared(
            published: published, cache: cache, forwarding: Forwarder.Shared(cache: cache),
            events: events, queryLog: queryLog, limits: TransportLimits(configuration.tcp),
            turn: Worker.turn(ofEachOf: count))
        var workers: [Worker] = []
        for index in 0..<count { workers.append(try Worker(index: index, shared: shared)) }
        self.workers = workers
        listeners = Listeners(workers: count, fromUnits: passed.fromUnits)
        for complaint in passed.complaints { log.warning(complaint, .listening) }
        passedControlSocket = passed.control
        let kept = Self.dropUnwanted(passed, configuration)
        listen(try listeners.start(configuration, stored: kept))
        // The workers have descriptors of their own.
        for socket in kept { socket.close() }
    }

    /// Closes what an earlier process has left for addresses that are not wanted any more: it could be
    /// in the way of others, and nobody would read what is sent there.
    private static func dropUnwanted(
        _ passed: PassedSockets, _ configuration: Configuration
    ) -> [BoundSocket] {
        let wanted = configuration.listen.map { SocketAddress(ip: $0.address, port: $0.port) }
        let (kept, dropped) = passed.stored.reduce(into: ([BoundSocket](), Set<String>())) {
            if wanted.contains(where: $1.socket.serves) {
                $0.0.append($1.socket)
            } else {
                $1.socket.close()
                $0.1.insert($1.name)
            }
        }
        if !dropped.isEmpty { Systemd.removeStored(dropped) }
        return kept
    }

    /// Serves until SIGTERM or SIGINT. (Not with dispatchMain: the main queue's threads ask for a
    /// higher priority, which a service may not have.)
    func run() {
        control.async { [self] in start() }
        ended.wait()
    }

    /// Begins to answer, and tells the service manager when every worker does.
    private func start() {
        log.report(configuration.warnings)
        let mailboxes = workers.map(\.mailbox)
        let running = DispatchGroup()
        for worker in workers {
            worker.start(mailboxes: mailboxes)
            running.enter()
            worker.mailbox.post(.report { running.leave() })
        }
        // A reader of our output or a client that went away is an error of that write alone.
        _ = signal(SIGPIPE, SIG_IGN)
        signals.on(SIGHUP) { [unowned self] in reload() }
        signals.on(SIGUSR1) { [unowned self] in reportStatistics() }
        for number in [SIGTERM, SIGINT] { signals.on(number) { [unowned self] in stop() } }
        startFollowingNameservers()
        followInterfaces(for: configuration)
        updateClients()
        let controlServer = ControlServer(controlCommands, log: log)
        if let passedControlSocket { controlServer.listen(on: passedControlSocket) }
        controlServer.listen(at: configuration.control.path)
        self.controlServer = controlServer
        scheduleAudits()
        running.notify(queue: control) { [self] in
            let addresses = configuration.listen.map { "\($0)" }.joined(separator: ", ")
            log.notice(
                "horizond \(Version.current) serves \(status.text) on \(addresses)", .serving)
            status.counted(0, at: MonotonicClock.now())
            Systemd.notify("READY=1", Systemd.status(status.text))
            startMeasuringRate()
            startWatchdog()
        }
    }

    // MARK: Reload

    /// Reads everything anew, off this queue; several requests while it runs become one more.
    private func reload() {
        guard !isReloading else {
            reloadAgain = true
            return
        }
        isReloading = true
        reloadBegan = ReloadOutcome.now()
        Systemd.notify("RELOADING=1", "MONOTONIC_USEC=\(reloadBegan)")
        let (path, secrets, registry, previous) = (path, secrets, registry, configuration)
        YieldingThread.run { [self] in
            let result = Result { () throws(ConfigurationErrors) in
                let loaded = try LoadedConfiguration(
                    path: path, seed: secrets.tableSeed, previous: previous)
                let snapshot = Snapshot(
                    loaded.configuration, networks: loaded.interfaces.networks,
                    upstreams: registry, secrets)
                return (loaded.configuration, Served(snapshot: snapshot, tls: loaded.tls))
            }
            control.async { [self] in finishReload(result) }
            FreeMemory.returnToSystem()
        }
    }

    private func finishReload(_ result: Result<(Configuration, Served), ConfigurationErrors>) {
        var errors: [String] = []
        switch result {
        case .success(let (configuration, served)):
            do throws(TransportError) {
                try serve(configuration, served)
                status.reloaded(configuration)
                log.notice("reloaded: \(ServiceStatus.summary(configuration))", .reloaded)
            } catch {
                errors = ["\(error)"]
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
        let old = published.publish(withCurrentClients(served, of: configuration))
        listen(change)
        if listeners.hasUnwanted { closeUnwantedListeners() }
        events.configure(logsErrors: configuration.log.errors)
        shared.queryLog.configure(isJournaled: configuration.log.queries)
        controlServer?.listen(at: configuration.control.path)
        let limits = TransportLimits(configuration.tcp)
        for worker in workers { worker.mailbox.post(.limits(limits)) }
        log.report(configuration.warnings)
        noteWhatNeedsRestart(configuration)
        self.configuration = configuration
        scheduleFollowing()
        updateClients()
        scheduleAudits()
        retire(old)
    }

    /// Frees a snapshot when no query is on it any more, which is mostly at once, for a million
    /// records take as much memory as those that replace them.
    func retire(_ served: Served) {
        retired.append(served)
        // A worker without queries lets go of it too when it is woken.
        for worker in workers { worker.mailbox.post(.report {}) }
        if retired.count == 1 { scheduleRetirement() }
    }

    private func scheduleRetirement() {
        control.asyncAfter(deadline: .now() + Self.retirementInterval) { [self] in
            let unused = retired.indices.filter { isKnownUniquelyReferenced(&retired[$0].snapshot) }
            let freed = unused.reversed().map { retired.remove(at: $0) }
            if !freed.isEmpty { free(freed) }
            if !retired.isEmpty { scheduleRetirement() }
        }
    }

    /// Frees snapshots in the background: a million records take a while.
    private func free(_ served: consuming [Served]) {
        background.async { [served] in
            withExtendedLifetime(served) {}
        }
        // Queued behind it, when the closure above and what it held are gone.
        background.async { FreeMemory.returnToSystem() }
    }

    private func listen(_ change: Listeners.Change) {
        for (address, descriptors) in change.toStore {
            Systemd.store(descriptors, as: PassedSockets.storedName(address))
        }
        for (worker, sockets) in zip(workers, change.opened) {
            worker.mailbox.post(.listen(sockets))
        }
        for address in change.withoutIPv6 {
            log.warning("not listening on \(address): this host has no IPv6", .listening)
        }
        for address in change.absent {
            log.warning(
                "no interface has \(address.ip) yet; \(address) is answered once one does",
                .listening)
        }
        for socket in change.unused {
            log.warning(
                "the passed socket \(socket) is for no address of \"listen\": nobody answers there",
                .listening)
        }
    }

    /// Closes the addresses that are still not wanted when the queries on them have been answered.
    private func closeUnwantedListeners() {
        farewells += 1
        let end = DispatchTime.now() + .seconds(Listeners.farewellSeconds)
        control.asyncAfter(deadline: end) { [self, farewells] in
            // A later reload has its own end to wait for.
            guard farewells == self.farewells else { return }
            let addresses = listeners.takeUnwanted()
            // First, so that nothing is sent to a socket that nobody reads any more.
            Systemd.removeStored(addresses.map(PassedSockets.storedName))
            for worker in workers { worker.mailbox.post(.close(addresses)) }
        }
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

    // MARK: Stop

    /// Answers what is in flight, closes everything and lets `run` return.
    private func stop() {
        Systemd.notify("STOPPING=1", Systemd.status("stopping"))
        log.notice("stopping", .stopping)
        let deadline = MonotonicClock.now() + Int64(Self.drainSeconds) * 1_000_000_000
        let stopped = DispatchGroup()
        for worker in workers {
            stopped.enter()
            worker.mailbox.post(.stop(deadline: deadline) { stopped.leave() })
        }
        stopped.notify(queue: control) { [self] in end() }
        // A worker that does not end in time does not keep the process.
        control.asyncAfter(deadline: .now() + .seconds(Self.drainSeconds + 1)) { [self] in end() }
    }

    /// Saves the cache and lets `run` return; the first time alone.
    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        controlServer?.stop()
        CacheFile(configuration)?.save(shared.cache, log)
        ended.signal()
    }
}
