import ArgumentParser
import DNS
import Foundation
import Nameserver

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Look for public records that leak, and for what is hidden.",
        discussion: """
            Asks for every owned name in every view what clients get and what the public zone says. \
            LEAK is a public record beside an address from here; ASTRAY a host of the public MX or \
            SRV records that is another one here; h3 a public name whose HTTPS record advertises \
            HTTP/3; hidden what clients here never see, which is what an overlay is for. Upstreams \
            are asked at most 50 questions a second.

            Exits with 0 when nothing leaks, and with 1 when something does or some name could not \
            be checked.
            """)

    @Option(help: "This view alone.")
    var view: String?

    @Option(help: "This zone alone.", transform: DomainName.argument)
    var zone: DomainName?

    @Option(help: "The most names that are asked for; of more a sample is taken.")
    var limit = 1000

    @Option(help: "Show at most so many lines of a kind.")
    var lines = 100

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ConfigurationOption

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is a number from 1 on") }
        guard lines >= 0 else { throw ValidationError("--lines is a number from 0 on") }
    }

    func run() throws {
        let worker = try StandaloneWorker(options.load())
        try check(worker.snapshot)
        let auditor = Auditor(worker.inquirer, worker.snapshot)
        let scope = Auditor.Scope(view: view, zone: zone, limit: limit)
        let report = ProgressLine.during("audit") { auditor.audit(scope, progress: $0) }
        guard let report else { throw ExitCode(ExitStatus.failed) }
        if json {
            print(try JSONOutput.text(report))
        } else {
            for line in report.lines(limit: lines) { print(line) }
        }
        if !report.isClean { throw ExitCode(ExitStatus.failed) }
    }

    /// What was named has to be there, or nothing would be checked and all seem well.
    private func check(_ snapshot: Snapshot) throws {
        let views = snapshot.views.map(\.name)
        if let view, !views.contains(view) {
            throw ValidationError(
                "there is no view \(view.quoted); there are: \(views.joined(separator: ", "))")
        }
        if let zone, !snapshot.views.contains(where: { $0.overlays.contains(zone) }) {
            throw ValidationError("no view has an overlay \(zone.lineDescription)")
        }
    }
}
