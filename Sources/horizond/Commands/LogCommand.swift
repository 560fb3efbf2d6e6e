import ArgumentParser
import Foundation
import Glibc

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Which queries the running server gets, how it answers them, and why.",
        discussion: """
            Without --follow the last lines are shown that somebody followed, or that were logged \
            (`log: {queries: all}`): the server keeps no queries that nobody asked for.
            """)

    @Flag(name: .shortAndLong, help: "Show what comes, until interrupted.") var follow = false
    @Option(
        name: .customShort("n"),
        help: ArgumentHelp("How many lines of before.", valueName: "lines"))
    var last: Int?
    @Option(help: ArgumentHelp("Only this client: an address or a prefix.", valueName: "client"))
    var client: String?
    @Option(
        help: ArgumentHelp(
            "Only this name; *.NAME for all below it, .NAME for both.", valueName: "name"))
    var name: String?
    @Option(help: ArgumentHelp("Only clients of this view.", valueName: "view")) var view: String?
    @Flag(help: "A line of JSON each.") var json = false
    @OptionGroup var options: ControlOption

    func validate() throws {
        guard last ?? 0 >= 0 else { throw ValidationError("-n is a number from 0 on") }
    }

    func run() throws {
        let request = LogRequest(
            follow: follow, last: last ?? (follow ? 0 : QueryFollowers.maximumKept), client: client,
            name: name, view: view)
        // See no-color.org.
        let wantsNoColor = ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty == false
        let colored = isatty(STDOUT_FILENO) == 1 && !wantsNoColor
        var isEmpty = true
        func show(_ line: LogLine, _ text: Data) {
            isEmpty = false
            Self.write(json ? text : Data(Self.text(line, colored: colored).utf8))
        }
        try follow ? self.follow(request, show) : options.ask(request, show)
        if isEmpty {
            StandardError.write(
                "horizond: no such queries are kept; --follow shows those that come from now on")
        }
    }

    /// Follows one server after the other: it may be restarted while someone looks.
    private func follow(_ request: LogRequest, _ show: (LogLine, Data) throws -> Void) throws {
        var isFollowing = false
        while true {
            do {
                try options.client.ask(request, connected: { isFollowing = true }, show)
                return
            } catch let failure as ControlClient.Failure {
                guard failure.isWithoutServer, isFollowing else {
                    StandardError.write("horizond: \(failure)")
                    throw ExitCode(ExitStatus.failed)
                }
                Thread.sleep(forTimeInterval: Self.patience)
            }
        }
    }

    /// How long a server that has gone is waited for before it is looked for again, in seconds.
    private static let patience = 0.5

    private static func text(_ line: LogLine, colored: Bool) -> String {
        switch line {
        case .query(let query): query.text(colored: colored)
        case .lost(let count):
            TerminalStyle(isOn: colored).dim(
                "… \(count) \(count == 1 ? "query" : "queries") not shown: "
                    + "they come faster than they are read")
        }
    }

    /// At once, and not when a buffer is full.
    private static func write(_ line: Data) {
        do {
            try FileHandle.standardOutput.write(contentsOf: line + Data("\n".utf8))
        } catch {
            // Whoever read it has gone.
            Foundation.exit(ExitStatus.failed)
        }
    }
}
