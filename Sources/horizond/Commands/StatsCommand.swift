import ArgumentParser
import Foundation

struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "What the running server has counted since its start.",
        discussion: "Takes a second, in which the rate is measured; --json does not.")

    /// How long queries are counted for the rate, in seconds.
    private static let interval = 1.0

    @Flag(help: "One line of JSON.") var json = false
    @OptionGroup var options: ControlOption

    func run() throws {
        guard !json else {
            return try options.ask(StatisticsRequest()) { _, text in
                print(String(decoding: text, as: UTF8.self))
            }
        }
        var before: UInt64 = 0
        let start = ContinuousClock.now
        try options.ask(StatisticsRequest()) { line, _ in before = line.queries.all }
        Thread.sleep(forTimeInterval: Self.interval)
        try options.ask(StatisticsRequest()) { line, _ in
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            print(line.text(rate: Double(line.queries.all &- before) / seconds))
        }
    }
}
