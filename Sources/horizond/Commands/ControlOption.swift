import ArgumentParser
import Configuration
import Foundation

/// How the commands that ask a running server find it.
struct ControlOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The running server's control socket.",
            discussion:
                "By default what the configuration says, or else /run/horizond/control.sock.",
            valueName: "path"))
    var control: String?

    @OptionGroup var configuration: ConfigurationOption

    /// The server's socket. Throws when the configuration says that there is none.
    var client: ControlClient {
        get throws {
            if let control { return ControlClient(path: control) }
            switch ControlSetting.read(path: configuration.config) {
            case .path(let path): return ControlClient(path: path)
            case .standard, nil: return ControlClient(path: ControlSetting.defaultPath)
            case .off:
                throw ControlClient.Failure(
                    "\(configuration.config) says `control: off`: there is no socket to ask")
            }
        }
    }

    /// The server that serves this very configuration; nil when a file was given that names no socket,
    /// for then that file is meant, and not what some server has.
    var serverOfThisConfiguration: ControlClient? {
        if let control { return ControlClient(path: control) }
        switch ControlSetting.read(path: configuration.config) {
        case .path(let path): return ControlClient(path: path)
        case .standard, nil:
            return configuration.given == nil
                ? ControlClient(path: ControlSetting.defaultPath) : nil
        case .off: return nil
        }
    }

    /// Asks the server, and ends with a line on the standard error stream when that fails. What takes
    /// long has a title to wait by.
    func ask<Request: ControlRequest>(
        _ request: Request, showing title: String? = nil,
        _ take: (_ line: Request.Line, _ text: Data) throws -> Void
    ) throws {
        do {
            guard let title else { return try client.ask(request, take) }
            try ProgressLine.during(title) { _ in try client.ask(request, take) }
        } catch let failure as ControlClient.Failure {
            StandardError.write("horizond: \(failure)")
            throw ExitCode(ExitStatus.failed)
        }
    }
}
