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
    /// Who waits for metrics.
    var metricsWanted: [@Sendable (String) -> Void] = []
    /// Monotonic nanoseconds.
    let startedAt = MonotonicClock.now()
    let published: Published
    let registry: UpstreamRegistry
    let events: EventLog
    let memoryGuard: MemoryGuard
    /// What reading the configuration at the start took.
    let loadCost: LoadCost
    let control: DispatchQueue
    let cacheKeeper: CacheKeeper
    private let signals: Signals
    /// Answers at the control socket, as long as the service runs.
    var controlServer: ControlServer?
    private let passedControlSocket: Int32?
    /// The admin pages, as long as the service runs.
    var adminPages: AdminPages?
    private let ended = DispatchSemaphore(value: 0)
    /// Makes small changes of what is served and frees old snapshots, so that neither stops the
    /// control queue.
    let background = DispatchQueue(label: "reload", qos: .default)
    var configuration: Configuration
    var listeners: Listeners
    var status: ServiceStatus
    /// These run as long as the service.
    var nameserverTimer: (any DispatchSourceTimer)?
    /// nil while no view follows the host's interfaces.
    var interfaceMonitor: InterfaceMonitor?
    /// The networks of the interfaces, as they were told last.
    var networks: [InterfaceNetworks]
    var toldClients = ToldClients()
    var rateTimer: (any DispatchSourceTimer)?
    /// What the admin pages show of the past.
    let activity = Activity()
    /// nil while nobody can look.
    var activityTimer: (any DispatchSourceTimer)?
    var watchdogTimer: (any DispatchSourceTimer)?
    /// Whether the workers have been asked for a sign of life and have not all given one.
    var isProbing = false
    /// What is served no more, until no query is on it.
    var retired: [Served] = []
    /// Whether a snapshot is being made, of the files or for other nameservers.
    var isReloading = false
    var reloadAgain = false
    /// Who waits for the end of the reload that begins next; told what was wrong.
    var reloadsWanted: [@Sendable ([String]) -> Void] = []
    /// When the reload under way began, as `ReloadOutcome` tells it.
    var reloadBegan: Int64 = 0
    /// Whether a plan is being made.
    var isPlanning = false
    /// Runs while the configuration wants audits.
    var auditTimer: (any DispatchSourceTimer)?
    var isAuditing = false
    /// What the audits found.
    var auditStatistics = AuditStatistics()
    var farewells = 0
    private(set) var isStopping = false
    private var hasEnded = false

    /// Opens the sockets, but for those `passed` by the service manager. Throws when an address cannot be
    /// had. `signals` have the queue that becomes the service's own.
    init(
        _ loaded: LoadedConfiguration, passed: PassedSockets, path: String,
        secrets: ProcessSecrets, log: ServiceLog, signals: Signals
    ) throws(TransportError) {
        let configuration = loaded.configuration
        control = signals.queue
        self.signals = signals
        self.path = path
        self.secrets = secrets
        self.log = log.patient
        self.configuration = configuration
        networks = loaded.interfaces.networks
        loadCost = loaded.cost
        status = ServiceStatus(configuration)
        registry = UpstreamRegistry(cookieKey: secrets.upstreamCookieKey)
        let count = Self.workers(configuration.workers, processors: availableProcessors())
        published = Published(
            Served(
                snapshot: Snapshot(
                    configuration, networks: networks, upstreams: registry, secrets),
                tls: loaded.tls))
        events = EventLog(logger: log.direct, logsErrors: configuration.log.errors)
        let queryLog = QueryLog(events)
        queryLog.configure(configuration.log.queries, identity: configuration.server.id)
        let cache = ResponseCache(
            size: configuration.cacheSize, limit: MemoryGuard.firstLimit(), seed: secrets.tableSeed)
        memoryGuard = MemoryGuard(cache, events: events)
        memoryGuard.fitCache()
        cacheKeeper = CacheKeeper(configuration, cache, log.patient)
        shared = Worker.Shared(
            published: published, cache: cache, forwarding: Forwarder.Shared(cache: cache),
            events: events, queryLog: queryLog,
            limits: TransportLimits(configuration.tcp, workers: count),
            turn: Worker.turn(ofEachOf: count), paces: PaceTable(secret: secrets.limitKey),
            shares: ClientShares(secret: secrets.limitKey))
        var workers: [Worker] = []
        for index in 0..<count { workers.append(try Worker(index: index, shared: shared)) }
        self.workers = workers
        listeners = Listeners(workers: count, fromUnits: passed.fromUnits)
        for complaint in passed.complaints { log.patient.warning(complaint, .listening) }
        passedControlSocket = passed.control
        let kept = Self.dropUnwanted(passed, configuration)
        listen(try listeners.start(configuration, stored: kept))
        // The workers have descriptors of their own.
        for socket in kept { socket.close() }
        // Not before: a start that fails leaves the file alone.
        cacheKeeper.start()
    }

    /// How many workers answer: as many as are asked for, or one a processor, of which a host may have more
    /// than there may be workers.
    static func workers(_ count: Int?, processors: Int) -> Int {
        count ?? min(processors, Configuration.maximumWorkers)
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
        complainOfRoot()
        // First, so that what is counted begins with the first query.
        configureActivity()
        memoryGuard.start()
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
        adminPages = AdminPages(adminRoutes, log: log)
        adminPages?.configure(configuration.admin)
        scheduleAudits()
        running.notify(queue: control) { [self] in
            let addresses = configuration.listen.filter(listeners.isListening).map { "\($0)" }
                .joined(separator: ", ")
            log.notice(
                "horizond \(Version.current) serves \(status.text) on \(addresses)", .serving)
            status.counted(0, at: MonotonicClock.now())
            Systemd.notify("READY=1", Systemd.status(status.text))
            startMeasuringRate()
            startWatchdog()
        }
    }

    /// Does not give the rights up by itself: which user to become, and whether that one can read the files,
    /// only the host knows.
    private func complainOfRoot() {
        guard geteuid() == 0 else { return }
        log.warning(
            "runs as root, whose every right a fault in it would have, and needs but the capability "
                + "CAP_NET_BIND_SERVICE for ports below 1024: start it by its systemd unit, which has "
                + "a user for it, or with --user NAME", .privileges)
    }

    /// Answers what is in flight, closes everything and lets `run` return.
    private func stop() {
        // Whoever sends the signal twice is not told twice.
        guard !isStopping else { return }
        isStopping = true
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
        adminPages?.stop()
        shared.queryLog.finish()
        cacheKeeper.finish()
        ended.signal()
    }
}
