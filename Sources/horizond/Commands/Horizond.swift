import ArgumentParser
import Configuration
import Foundation

/// The program: one binary, a command for each thing it does.
@main
struct Horizond: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "horizond",
        abstract: "A split-horizon DNS server for home labs and small sites.",
        discussion: """
            Names that you own are answered from zone files, and nothing of the public record \
            leaks past them; everything else is forwarded and cached.

            Exit codes: 0 done, 1 failed, 2 wrong usage, 78 bad configuration.
            """,
        version: Version.line,
        subcommands: [
            ServeCommand.self, CheckCommand.self, ReloadCommand.self, ExplainCommand.self,
            PlanCommand.self, AuditCommand.self, ImportCommand.self, StatsCommand.self,
            LogCommand.self, FlushCommand.self, VersionCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if !message.isEmpty {
                // Help that was asked for is output; help after a mistake is an error's text.
                let output = code == .success ? FileHandle.standardOutput : .standardError
                try? output.write(contentsOf: Data((message + "\n").utf8))
            }
            Foundation.exit(code == .validationFailure ? ExitStatus.usage : code.rawValue)
        }
    }
}

/// The exit codes that the command line's users rely on.
enum ExitStatus {
    static let failed: Int32 = 1
    static let usage: Int32 = 2
    /// EX_CONFIG of sysexits.h; the unit file keeps systemd from restarting after it.
    static let badConfiguration: Int32 = 78
}

/// What `serve` and `check` have in common.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: .init(
            "The configuration file (default: \(Self.standard)).", valueName: "file"),
        completion: .file())
    var given: String?

    private static let standard = "/etc/horizond/horizond.yaml"

    var config: String { given ?? Self.standard }

    /// What the file says; prints its mistakes and ends when there are any.
    func load() throws -> LoadedConfiguration { try Self.load(config) }

    /// What the file at `path` says; prints its mistakes and ends when there are any.
    static func load(
        _ path: String, previous: Configuration? = nil
    ) throws -> LoadedConfiguration {
        do {
            return try ProgressLine.during(path) { progress throws(ConfigurationErrors) in
                try LoadedConfiguration(
                    path: path, seed: 0, previous: previous, progress: progress)
            }
        } catch {
            for line in error.lines { StandardError.write(line) }
            if path == standard, !FileManager.default.fileExists(atPath: path) {
                StandardError.write("horizond: --config FILE reads another file")
            }
            throw ExitCode(ExitStatus.badConfiguration)
        }
    }
}
