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
    /// How long an old snapshot is kept: longer than any query in flight on it.
    private static let retirementSeconds = 30
    /// How often files with nameserver lines are looked at. They are short, so that reading one costs
    /// hardly more than asking for its date, and tells more.
    private static let followingSeconds = 2

    private let path: String
    private let secrets: ProcessSecrets
    private let log: Logger
    private let workers: [Worker]
    private let shared: Worker.Shared
    /// What the workers have told so far for one report.
    private var statistics: [WorkerStatistics] = []
    private let published: Published
    private let registry: UpstreamRegistry
    private let events: EventLog
    private let control: DispatchQueue
    private let signals: Signals
    private let ended = DispatchSemaphore(value: 0)
    /// Reads configurations and frees old snapshots, so that neither stops the control queue.
    private let background = DispatchQueue(label: "reload", qos: .default)
    private var configuration: Configuration
    private var listeners: Listeners
    private var status: ServiceStatus
    /// Runs as long as the service.
    private var nameserverTimer: (any DispatchSourceTimer)?
    /// Whether a snapshot is being made, of the files or for other nameservers.
    private var isReloading = false
    private var reloadAgain = false
    private var farewells = 0
    private var hasEnded = false

    /// Opens the sockets. Throws when an address cannot be had.
    init(
        _ loaded: LoadedConfiguration, path: String, secrets: ProcessSecrets, log: Logger
    ) throws(TransportError) {
        let configuration = loaded.configuration
        control = DispatchQueue(label: "control", qos: .default)
        signals = Signals(queue: control)
        self.path = path
        self.secrets = secrets
        self.log = log
        self.configuration = configuration
        status = ServiceStatus(configuration)
        registry = UpstreamRegistry(cookieKey: secrets.upstreamCookieKey)
        raiseDescriptorLimit()
        let count = configuration.workers ?? availableProcessors()
        published = Published(
            Served(
                snapshot: Snapshot(configuration, upstreams: registry, secrets), tls: loaded.tls))
        events = EventLog(
            logger: log, logsErrors: configuration.log.errors,
            logsQueries: configuration.log.queries)
        let cache = ResponseCache(size: configuration.cacheSize, seed: secrets.tableSeed)
        CacheFile(configuration)?.load(into: cache, log)
        shared = Worker.Shared(
            published: published, cache: cache, forwarding: Forwarder.Shared(cache: cache),
            events: events, limits: TransportLimits(configuration.tcp))
        var workers: [Worker] = []
        for index in 0..<count { workers.append(try Worker(index: index, shared: shared)) }
        self.workers = workers
        listeners = Listeners(workers: count)
        listen(try listeners.change(to: configuration, isStart: true))
    }

    /// Serves until SIGTERM or SIGINT. (Not with dispatchMain: the main queue's threads ask for a
    /// higher priority, which a service may not have.)
    func run() {
        control.async { [self] in start() }
        ended.wait()
    }

    /// Begins to answer, and tells the service manager when every worker does.
    private func start() {
        for warning in configuration.warnings { log.warning("\(warning)") }
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
        running.notify(queue: control) { [self] in
            let addresses = configuration.listen.map { "\($0)" }.joined(separator: ", ")
            log.notice("horizond \(Version.current) serves \(status.text) on \(addresses)")
            Systemd.notify("READY=1", Systemd.status(status.text))
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
        Systemd.notify("RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.now() / 1000)")
        let (path, secrets, registry, previous) = (path, secrets, registry, configuration)
        background.async { [self] in
            let result = Result { () throws(ConfigurationErrors) in
                let loaded = try LoadedConfiguration(
                    path: path, seed: secrets.tableSeed, previous: previous)
                let snapshot = Snapshot(loaded.configuration, upstreams: registry, secrets)
                return (loaded.configuration, Served(snapshot: snapshot, tls: loaded.tls))
            }
            control.async { [self] in finishReload(result) }
        }
    }

    private func finishReload(_ result: Result<(Configuration, Served), ConfigurationErrors>) {
        switch result {
        case .success(let (configuration, served)):
            do throws(TransportError) {
                try serve(configuration, served)
                status.reloaded(configuration)
                log.notice("reloaded: \(ServiceStatus.summary(configuration))")
            } catch {
                reloadFailed(["\(error)"])
            }
        case .failure(let errors):
            reloadFailed(errors.lines)
        }
        Systemd.notify("READY=1", Systemd.status(status.text))
        endReload()
    }

    private func endReload() {
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
        let old = published.publish(served)
        listen(change)
        if listeners.hasUnwanted { closeUnwantedListeners() }
        events.configure(
            logsErrors: configuration.log.errors, logsQueries: configuration.log.queries)
        let limits = TransportLimits(configuration.tcp)
        for worker in workers { worker.mailbox.post(.limits(limits)) }
        for warning in configuration.warnings { log.warning("\(warning)") }
        noteWhatNeedsRestart(configuration)
        self.configuration = configuration
        scheduleFollowing()
        retire(old)
    }

    /// Frees a snapshot when no query is on it any more, in the background: freeing a million records
    /// takes a while.
    private func retire(_ served: Served) {
        background.asyncAfter(deadline: .now() + .seconds(Self.retirementSeconds)) {
            withExtendedLifetime(served) {}
        }
    }

    private func listen(_ change: Listeners.Change) {
        for (worker, sockets) in zip(workers, change.opened) {
            worker.mailbox.post(.listen(sockets))
        }
        for address in change.withoutIPv6 {
            log.warning("not listening on \(address): this host has no IPv6")
        }
        for address in change.absent {
            log.warning("no interface has \(address.ip) yet; \(address) is answered once one does")
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
            for worker in workers { worker.mailbox.post(.close(addresses)) }
        }
    }

    private func reloadFailed(_ errors: [String]) {
        for line in errors { log.error(line) }
        log.error("the reload failed; what was served before is still served")
        status.reloadFailed(errors)
    }

    private func noteWhatNeedsRestart(_ new: Configuration) {
        if new.workers != configuration.workers {
            log.warning("workers: the change takes effect at the next restart")
        }
        if new.cacheSize != configuration.cacheSize {
            log.warning("cache-size: the change takes effect at the next restart")
        }
    }

    // MARK: Nameservers

    private func startFollowingNameservers() {
        let timer = DispatchSource.makeTimerSource(queue: control)
        timer.setEventHandler { [unowned self] in followNameservers() }
        nameserverTimer = timer
        scheduleFollowing()
        timer.activate()
    }

    /// Lets an idle server sleep when there is no file to follow.
    private func scheduleFollowing() {
        let next = DispatchTime.now() + .seconds(Self.followingSeconds)
        nameserverTimer?.schedule(
            deadline: configuration.nameserverFiles.isEmpty ? .distantFuture : next,
            repeating: .seconds(Self.followingSeconds), leeway: .milliseconds(500))
    }

    /// Puts servers in place that files name by now, and nothing else: the rest of the configuration
    /// may be half-written.
    private func followNameservers() {
        // A reload reads these files too.
        guard !isReloading else { return }
        var configuration = configuration
        let news = configuration.rereadNameservers()
        for line in news.silences { log.warning(line) }
        guard !news.changes.isEmpty else {
            self.configuration = configuration
            return
        }
        isReloading = true
        let (changed, secrets, registry) = (configuration, secrets, registry)
        background.async { [self] in
            let snapshot = Snapshot(changed, upstreams: registry, secrets)
            control.async { [self] in
                let served = Served(snapshot: snapshot, tls: published.served.tls)
                retire(published.publish(served))
                self.configuration = changed
                status.nameserversChanged(changed)
                for line in news.changes { log.notice(line) }
                Systemd.notify(Systemd.status(status.text))
                endReload()
            }
        }
    }

    // MARK: Statistics

    /// Logs what all workers have counted, when they have told it.
    private func reportStatistics() {
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
            workers: statistics, upstreams: registry.all, cached: shared.cache.count,
            inFlight: shared.forwarding.inFlight)
        for line in report.lines { log.notice("\(line)") }
        statistics = []
    }

    // MARK: Stop

    /// Answers what is in flight, closes everything and lets `run` return.
    private func stop() {
        Systemd.notify("STOPPING=1", Systemd.status("stopping"))
        log.notice("stopping")
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
        CacheFile(configuration)?.save(shared.cache, log)
        ended.signal()
    }
}
