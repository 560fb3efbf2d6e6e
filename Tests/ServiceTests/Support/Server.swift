import DNS
import Foundation
import Glibc

/// The built program, serving a configuration of its own in a directory of its own.
final class Server: Sendable {
    let directory: TemporaryDirectory
    let port: UInt16
    let process: ChildProcess
    let notifications: NotifySocket

    /// The release program: `HORIZOND_BINARY`, or what `make build` left.
    static var binary: String {
        get throws {
            let built = ProcessInfo.processInfo.environment["HORIZOND_BINARY"] ?? releaseProduct
            guard FileManager.default.isExecutableFile(atPath: built) else {
                throw Failure("no program at \(built); `make test` builds it")
            }
            return built
        }
    }

    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    private static let releaseProduct = repository + "/.build/release/horizond"

    /// Starts the program and waits until it is ready. `configuration` is all but `listen:`, which
    /// is loopback's two addresses or, with `wildcard`, all, unless it begins with one of its own;
    /// without `admin:` there are no admin pages,
    /// whose port two servers would fight for. `files` are written beside it.
    /// `namespace` is where the program runs; nil for that of the tests.
    init(
        _ configuration: String, files: [String: String] = [:],
        environment: [String: String] = [:], wildcard: Bool = false,
        in namespace: NetworkNamespace? = nil
    ) throws {
        directory = try TemporaryDirectory()
        port = try freePort()
        for (name, text) in files { try directory.write(text, to: name) }
        try Self.write(configuration, port: port, to: directory, wildcard: wildcard)
        notifications = try NotifySocket(path: directory.file("notify"))
        process = try ChildProcess(
            (namespace?.entrance ?? []) + [
                try Self.binary, "serve", "--config", directory.file("horizond.yaml"),
            ],
            environment: ["NOTIFY_SOCKET": directory.file("notify")]
                .merging(environment) { $1 },
            output: directory.file("log"))
        let isOver = try eventually(within: .seconds(10)) {
            try notifications.drain()
            return notifications.isReady || process.status != nil
        }
        guard isOver, notifications.isReady else {
            throw Failure("the server did not come up: \(directory.read("log"))")
        }
    }

    private static func write(
        _ configuration: String, port: UInt16, to directory: TemporaryDirectory,
        wildcard: Bool = false
    ) throws {
        let listen =
            configuration.hasPrefix("listen:")
            ? ""
            : wildcard
                ? "listen: [\"0.0.0.0:\(port)\", \"[::]:\(port)\"]\n"
                : "listen: [\"127.0.0.1:\(port)\", \"[::1]:\(port)\"]\n"
        let isAboutAdmin = configuration.hasPrefix("admin:") || configuration.contains("\nadmin:")
        // At the end, for the lines of the configuration keep their numbers.
        try directory.write(
            listen + configuration + (isAboutAdmin ? "" : "\nadmin: off\n"), to: "horizond.yaml")
    }

    var client: Client { Client(server: Endpoint(port: port)) }

    /// What the program wrote to standard error so far.
    var log: String { directory.read("log") }

    /// Replaces the configuration; `reload` makes the program read it.
    func configure(_ configuration: String) throws {
        try Self.write(configuration, port: port, to: directory)
    }

    /// Sends SIGHUP and waits until the program says that the reload has ended.
    func reload() throws {
        notifications.forget()
        process.signal(SIGHUP)
        guard try notifications.wait(for: "RELOADING", "1", timeout: .seconds(5)),
            try notifications.wait(for: "READY", "1", timeout: .seconds(5))
        else { throw Failure("no end of the reload was reported: \(log)") }
    }

    /// Sends SIGTERM and waits for the end.
    @discardableResult
    func stop() throws -> ChildProcess.ExitStatus {
        process.signal(SIGTERM)
        return try process.wait(timeout: .seconds(8))
    }
}
