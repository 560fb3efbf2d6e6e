import ArgumentParser
import Configuration
import Foundation

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say which answers another configuration would change.",
        discussion: """
            Compares what two configurations answer, name by name and view by view, whatever their \
            files look like. A name such as *.example.com stands for all below example.com that \
            have no line of their own. Service names such as _8443._https.NAME follow their host.
            """)

    @Option(help: "The configuration as it is now.", completion: .file())
    var from: String

    @Option(help: "Show at most so many answers, and count the rest.")
    var limit = 100

    @Flag(help: "Exit with 1 when something changes.")
    var exitCode = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ConfigurationOption

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit is a number from 0 on") }
    }

    func run() throws {
        let plan = try makePlan()
        if json {
            print(try JSONOutput.text(plan))
        } else {
            for line in plan.lines { print(line) }
        }
        if exitCode, !plan.isEmpty { throw ExitCode(ExitStatus.failed) }
    }

    private func makePlan() throws -> Plan {
        let before = try ConfigurationOption.load(from)
        let after = try ConfigurationOption.load(options.config, previous: before.configuration)
        return Planner(limit: limit).plan(from: Planner.Side(before), to: Planner.Side(after))
    }
}
