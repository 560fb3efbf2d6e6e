import ArgumentParser
import Configuration
import Foundation

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say which answers another configuration would change.",
        discussion: """
            Compares what the running server answers with what it would answer after a reload, name \
            by name and view by view, whatever the files look like. A name such as *.example.com stands for all below example.com that \
            have no line of their own. Service names such as _8443._https.NAME follow their host.
            """)

    @Option(
        help: "Compare with this configuration, not with what the server serves.",
        completion: .file())
    var from: String?

    @Option(help: "Show at most so many answers, and count the rest.")
    var limit = 100

    @Flag(help: "Exit with 1 when something changes.")
    var exitCode = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ControlOption

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
        guard let from else { return try askServer() }
        let before = try ConfigurationOption.load(from)
        let after = try ConfigurationOption.load(
            server.configuration.config, previous: before.configuration)
        return Planner(limit: limit).plan(from: Planner.Side(before), to: Planner.Side(after))
    }

    /// Has the running server read the file and compare.
    private func askServer() throws -> Plan {
        let path = server.configuration.given.map { URL(fileURLWithPath: $0).path }
        var answer: PlanRequest.Line?
        let request = PlanRequest(config: path, limit: limit)
        try server.ask(request, showing: "the server compares") { line, _ in answer = line }
        for line in answer?.mistakes ?? [] { StandardError.write(line) }
        guard let plan = answer?.plan else { throw ExitCode(ExitStatus.badConfiguration) }
        return plan
    }
}
