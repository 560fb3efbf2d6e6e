import ArgumentParser
import Configuration
import DNS
import Foundation
import Migration

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn another server's configuration into one of this server's.",
        discussion: """
            Several files are read as one configuration. A report on standard error says of each of \
            their lines what became of it, and what of the public record passes by it today. Exits \
            with 0 when the result is a good configuration, and with 1 when it is not.
            """)

    @Option(help: "The format of the files, when their names and contents do not tell it.")
    var from: ForeignFormat?

    @Option(
        name: .shortAndLong,
        help: "The directory for horizond.yaml and zones/. Without it all is printed.",
        completion: .directory)
    var output: String?

    @Option(help: "Where the report goes, in place of standard error.", completion: .file())
    var report: String?

    @Option(help: "The address of Gateways that have none in their manifests.")
    var gatewayAddress: String?

    @Argument(help: "Files of another server.", completion: .file())
    var files: [String]

    func validate() throws {
        if let gatewayAddress, IPAddress(gatewayAddress) == nil {
            throw ValidationError(
                "--gateway-address \(gatewayAddress) is no address; such are 192.168.10.50 and fd00::50"
            )
        }
    }

    func run() throws {
        do {
            let importer = Importer(
                paths: files, format: from, gatewayAddress: gatewayAddress.flatMap { IPAddress($0) }
            )
            let target = ImportTarget(directory: output)
            let (site, lines) = try ProgressLine.during("import") { progress throws(ImportError) in
                let site = try importer.run(progress)
                try target.write(site, progress)
                progress?.begin("composing the report")
                return (site, site.report.lines)
            }
            target.show(site)
            try write(report: lines + [site.report.summary], site.report.summary)
            try target.check()
        } catch let error as ImportError {
            StandardError.write("horizond import: \(error)")
            throw ExitCode(ExitStatus.failed)
        }
    }

    /// Writes the report's lines to its file, and then the `summary` alone to standard error.
    private func write(report lines: [String], _ summary: String) throws {
        guard let path = report else {
            return StandardError.write(lines.joined(separator: "\n"))
        }
        try ImportTarget.write(lines.map { $0 + "\n" }.joined(), to: path)
        StandardError.write(summary)
    }
}

extension ForeignFormat: ExpressibleByArgument {}
