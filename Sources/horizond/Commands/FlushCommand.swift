import ArgumentParser

struct FlushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush",
        abstract: "Forget cached answers of the running server: all, or those of a name.",
        discussion: """
            Stale answers and denials go too. An answer is kept under the name that was asked for, not \
            under those that its aliases lead to.
            """)

    @Argument(help: "The name; without it everything goes.") var name: String?
    @Flag(help: "All names below it, too.") var below = false
    @OptionGroup var options: ControlOption

    func validate() throws {
        guard name != nil || !below else {
            throw ValidationError("--below needs a name; without one everything goes")
        }
    }

    func run() throws {
        try options.ask(FlushRequest(name: name, below: below)) { line, _ in
            print("\(line.removed) cached \(line.removed == 1 ? "answer" : "answers") removed")
        }
    }
}
