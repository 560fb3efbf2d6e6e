import ArgumentParser
import Foundation
import Glibc

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have the service reload, and wait for the end.",
        discussion: """
            The unit's ExecReload=; use it as: systemctl reload horizond. Exits with 1, and says what \
            is wrong, when the configuration was not taken over.
            """)

    /// How often it is looked whether the reload has ended.
    private static let pollSeconds = 0.01
    /// Longer than any reload; systemd ends this command sooner (TimeoutStartSec=).
    private static let maximumSeconds = 600.0

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let server = environment["MAINPID"].flatMap(pid_t.init), server > 0,
            let path = ReloadOutcome.path
        else {
            throw ValidationError(
                "this is what systemd calls: use `systemctl reload horizond`; a server that runs "
                    + "without systemd reloads on SIGHUP")
        }
        let asked = ReloadOutcome.now()
        guard kill(server, SIGHUP) == 0 else { throw fail("no process \(server) to signal") }
        let outcome = try wait(for: server, path, since: asked)
        guard !outcome.errors.isEmpty else { return }
        // The server has written them to the journal by itself, each with its place.
        if !Journal.isStandardError { outcome.errors.forEach(StandardError.write) }
        throw ExitCode(ExitStatus.failed)
    }

    private func wait(for server: pid_t, _ path: String, since asked: Int64) throws -> ReloadOutcome
    {
        for _ in 0..<Int(Self.maximumSeconds / Self.pollSeconds) {
            if let outcome = ReloadOutcome.read(path), outcome.began >= asked { return outcome }
            guard kill(server, 0) == 0 else { throw fail("the server has ended") }
            Thread.sleep(forTimeInterval: Self.pollSeconds)
        }
        throw fail("the server does not say how the reload went")
    }

    private func fail(_ text: String) -> ExitCode {
        StandardError.write("horizond: \(text)")
        return ExitCode(ExitStatus.failed)
    }
}
