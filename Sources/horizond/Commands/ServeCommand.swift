import ArgumentParser
import Configuration
import Dispatch
import Foundation
import Glibc
import Transport

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answer queries until told to stop.",
        discussion: """
            SIGHUP reloads the configuration and the zones; when they are not valid, the old ones \
            go on being served. SIGTERM and SIGINT answer what is in flight, and end.
            """)

    @OptionGroup var options: ConfigurationOption

    @Option(
        help: ArgumentHelp(
            "The user to go on as, for who starts it as root.",
            discussion: "Of root's rights it keeps that to bind ports below 1024.",
            valueName: "name"))
    var user: String?

    func run() throws {
        let log = ServiceLog.standard()
        do {
            try user.map(Rights.become)
        } catch {
            log.patient.error("\(error)", .privileges)
            throw ExitCode(ExitStatus.failed)
        }
        // Not before: each thread has rights of its own. A reload that is asked for meanwhile comes after the
        // start, for what is read now may be of before.
        let signals = Signals(queue: DispatchQueue(label: "control", qos: .default))
        signals.hold(SIGHUP, SIGUSR1)
        FreeMemory.mapLargeBlocks()
        try requireDescriptors(log)
        let service = try makeService(log, signals)
        FreeMemory.returnToSystem()
        service.run()
    }

    /// The fewest descriptors to start with: Dispatch ends the process, or loses its signals, when it has
    /// none for itself.
    private static let fewestDescriptors: UInt64 = 64

    /// Takes all the descriptors that the system allows; throws when they are too few for any service.
    private func requireDescriptors(_ log: ServiceLog) throws {
        raiseDescriptorLimit()
        guard let limit = descriptorLimit(), limit < Self.fewestDescriptors else { return }
        log.patient.error(
            "the process may have \(limit) descriptors, and needs \(Self.fewestDescriptors) at least: "
                + "raise LimitNOFILE= of the unit, or `ulimit -n`", .descriptors)
        throw ExitCode(ExitStatus.failed)
    }

    /// The service with what the configuration says. A function of its own, since nothing but the
    /// service may hold a configuration that a reload replaces.
    private func makeService(_ log: ServiceLog, _ signals: Signals) throws -> Service {
        let secrets = ProcessSecrets()
        let configuration: LoadedConfiguration
        do {
            configuration = try ProgressLine.during(options.config) {
                progress throws(ConfigurationErrors) in
                try LoadedConfiguration(
                    path: options.config, seed: secrets.tableSeed, isForService: true,
                    progress: progress)
            }
        } catch {
            log.patient.report(error)
            throw ExitCode(ExitStatus.badConfiguration)
        }
        do {
            return try Service(
                configuration, passed: PassedSockets(Systemd.takePassedDescriptors()),
                path: options.config, secrets: secrets, log: log, signals: signals)
        } catch {
            log.patient.error("\(error)", .listening)
            throw ExitCode(ExitStatus.failed)
        }
    }
}
