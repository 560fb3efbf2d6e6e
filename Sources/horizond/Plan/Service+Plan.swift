import Configuration
import Foundation
import Nameserver

/// Asks the server what a configuration would change of what it serves.
struct PlanRequest: ControlRequest {
    static let command = "plan"
    static let keys = ["config", "limit"]
    /// Zones of any size are read and compared.
    var patience: Int? { nil }
    /// The path of the configuration, absolute; nil for the server's own.
    var config: String?
    /// The most lines of answers.
    let limit: Int

    struct Line: Codable, Sendable {
        /// What is wrong with the configuration; then there is no plan.
        let mistakes: [String]
        var plan: Plan?
    }
}

extension Service {
    /// More lines than anybody reads, and fewer than a reader may leave unread.
    private static let maximumPlanLines = 10_000

    /// Compares what is served with what a reload would serve, off this queue, one at a time: each holds
    /// a second configuration in memory.
    func tellPlan(_ request: PlanRequest, _ reply: ControlReply<PlanRequest.Line>) {
        control.async { [self] in
            // The messages about a file tell something of it.
            let asked = request.config ?? path
            let isOwn = Self.standard(asked) == Self.standard(path)
            guard isOwn || reply.user == 0 else {
                return reply.fail(
                    "the server reads \(path) for everyone, other files for root alone; "
                        + "--from compares two files without it")
            }
            guard !isPlanning else { return reply.fail("another plan is being made") }
            isPlanning = true
            let (path, previous) = (isOwn ? path : asked, configuration)
            let before = Planner.Side(configuration, published.served.snapshot)
            let planner = Planner(limit: min(max(0, request.limit), Self.maximumPlanLines))
            YieldingThread.run { [self] in
                do throws(ConfigurationErrors) {
                    if isOwn { try makeRoomToRead(previous.files) }
                    let loaded = try LoadedConfiguration(
                        path: path, seed: secrets.tableSeed, previous: previous,
                        isForService: true)
                    let plan = planner.plan(from: before, to: Planner.Side(loaded))
                    reply.send(PlanRequest.Line(mistakes: [], plan: plan))
                } catch {
                    reply.send(PlanRequest.Line(mistakes: error.lines))
                }
                reply.end()
                control.async { [self] in isPlanning = false }
                FreeMemory.returnToSystem()
            }
        }
    }

    private static func standard(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
}
