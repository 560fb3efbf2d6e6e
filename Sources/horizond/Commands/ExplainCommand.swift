import ArgumentParser
import DNS
import Foundation
import Nameserver

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what a client gets for a name, and why.",
        discussion: """
            Shows the answers to A, AAAA, HTTPS and --type with the view, the line of the zone file \
            or forward rule that decided, the upstream, what a policy removed, and what browsers \
            make of it. Asks the running server, which knows its cache and its upstreams; without \
            one, or with --offline, what the configuration says, and the upstreams themselves.
            """)

    @Argument(help: "The name.", transform: DomainName.argument)
    var name: DomainName

    @Option(
        name: .shortAndLong, help: "One more type, such as TXT or TYPE257.", transform: Self.type)
    var type: RRType?

    @Option(help: "The client's address; 127.0.0.1 without it.", transform: Self.address)
    var client: IPAddress = .v4(0x7f00_0001)

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Read the configuration, and leave the running server alone.")
    var offline = false

    @OptionGroup var options: ControlOption

    func run() throws {
        let explanation = try askServer() ?? explainAlone()
        if json {
            print(try JSONOutput.text(explanation))
        } else {
            for line in explanation.lines { print(line) }
        }
    }

    /// What the running server says; nil when there is none to ask.
    private func askServer() throws -> Explanation? {
        guard !offline, let server = options.serverOfThisConfiguration else { return nil }
        let request = ExplainRequest(
            name: "\(name)", type: type.map { "\($0)" }, client: "\(client)")
        var explanation: Explanation?
        do {
            try server.ask(request) { line, _ in explanation = line }
        } catch let failure as ControlClient.Failure {
            if failure.isSilence {
                StandardError.write("horizond: \(failure); --offline explains without it")
                throw ExitCode(ExitStatus.failed)
            }
            if !failure.isWithoutServer { StandardError.write("horizond: \(failure)") }
            return nil
        }
        return explanation
    }

    private func explainAlone() throws -> Explanation {
        let worker = try StandaloneWorker(options.configuration.load())
        let explainer = Explainer(
            worker.inquirer, worker.snapshot, worker.registry, isFromServer: false)
        return explainer.explain(name, type, for: client)
    }

    @Sendable private static func type(_ text: String) throws -> RRType {
        guard let type = RRType(mnemonic: text.uppercased()) else {
            throw ValidationError("no record type; such are TXT, MX and TYPE257")
        }
        return type
    }

    @Sendable private static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else {
            throw ValidationError("no address; such are 192.168.10.7 and fd00::7")
        }
        return address
    }
}
