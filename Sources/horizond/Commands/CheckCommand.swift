import ArgumentParser
import Configuration
import Foundation
import Nameserver

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read the configuration and every zone file, and report all mistakes at once.",
        discussion: "Exits with 0 when all is well and with 78 when it is not.")

    @OptionGroup var options: ConfigurationOption

    @Flag(name: .shortAndLong, help: "Say nothing when all is well.")
    var quiet = false

    func run() throws {
        let loaded = try options.load()
        let configuration = loaded.configuration
        guard !quiet else { return }
        for warning in configuration.warnings { StandardError.write("warning: \(warning)") }
        print(
            "\(options.config): ok, \(ServiceStatus.summary(configuration)), "
                + "digest \(configuration.hash)")
        tellClients(configuration, loaded.interfaces)
    }

    /// Says which clients the views have now that follow the host's interfaces.
    private func tellClients(_ configuration: Configuration, _ interfaces: HostInterfaces) {
        guard configuration.followsInterfaces else { return }
        if let failure = interfaces.failure { StandardError.write("warning: \(failure)") }
        var told = ToldClients()
        let clients = ViewClients(configuration.views, networks: interfaces.networks)
        let news = told.news(of: configuration.views, clients)
        for line in news.contests { StandardError.write("warning: \(line)") }
        for line in news.clients { print(line) }
    }
}
