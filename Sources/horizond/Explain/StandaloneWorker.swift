import Configuration
import DNS
import Logging
import Nameserver
import Transport

/// A worker that no client reaches: for commands that want to know what a configuration answers, where
/// no server runs.
struct StandaloneWorker {
    /// The answers of one command.
    private static let cacheSize = 1 << 20

    let snapshot: Snapshot
    let registry: UpstreamRegistry
    let inquirer: Inquirer
    private let worker: Worker

    init(_ loaded: LoadedConfiguration) throws(TransportError) {
        let secrets = ProcessSecrets()
        let configuration = loaded.configuration
        registry = UpstreamRegistry(cookieKey: secrets.upstreamCookieKey)
        snapshot = Snapshot(
            configuration, networks: loaded.interfaces.networks, upstreams: registry, secrets)
        let cache = ResponseCache(size: Self.cacheSize, seed: secrets.tableSeed)
        let log = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        let events = EventLog(logger: log, logsErrors: false)
        worker = try Worker(
            index: 0,
            shared: Worker.Shared(
                published: Published(Served(snapshot: snapshot, tls: loaded.tls)), cache: cache,
                forwarding: Forwarder.Shared(cache: cache),
                events: events, queryLog: QueryLog(events),
                limits: TransportLimits(configuration.tcp, workers: 1),
                turn: Worker.turn(ofEachOf: 1),
                paces: PaceTable(secret: secrets.limitKey),
                shares: ClientShares(secret: secrets.limitKey)))
        worker.start(mailboxes: [worker.mailbox])
        inquirer = Inquirer(mailbox: worker.mailbox)
    }
}
