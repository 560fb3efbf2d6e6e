import ArgumentParser
import Configuration
import Foundation

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read the configuration and every zone file, and report all mistakes at once.",
        discussion: "Exits with 0 when all is well and with 78 when it is not.")

    @OptionGroup var options: ConfigurationOption

    func run() throws {
        let configuration = try options.load().configuration
        for warning in configuration.warnings { StandardError.write("warning: \(warning)") }
        print("\(options.config): ok, \(ServiceStatus.summary(configuration))")
    }
}
