import DNS
import Foundation

/// A sample of another server's configuration, imported by the program as its users do it, and served
/// by the program.
struct ImportedServer {
    let server: Server
    /// What `horizond import` wrote to standard error.
    let report: String

    var client: Client { server.client }

    static let samples = Server.repository + "/Tests/MigrationTests/Samples"

    /// Copies the sample of that name to `directory`, its lines changed by `change`; nil drops one.
    static func copy(
        _ sample: String, to directory: TemporaryDirectory, change: (String) -> String? = { $0 }
    ) throws {
        let root = samples + "/" + sample
        for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
            guard let text = try? String(contentsOfFile: root + "/" + path, encoding: .utf8)
            else { continue }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            try directory.write(
                lines.compactMap { change(String($0)) }.joined(separator: "\n"), to: path)
        }
    }

    /// Imports these files of `directory` and serves the result, on the test's own port. What the
    /// sample listens on is left out, and `more` is added.
    init(_ files: [String], of directory: TemporaryDirectory, more: String = "") throws {
        let output = directory.file("imported")
        let (report, status) = try run(
            [try Server.binary, "import", "--output", output] + files.map { directory.file($0) })
        guard status == .exited(0) else { throw Failure("import: \(status) \(report)") }
        self.report = report
        var configuration = ""
        var isListen = false
        for line in directory.read("imported/horizond.yaml").split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if line == "listen:" { isListen = true } else if line.isEmpty { isListen = false }
            if !isListen { configuration += line + "\n" }
        }
        var zones: [String: String] = [:]
        for path in (try? FileManager.default.subpathsOfDirectory(atPath: output)) ?? []
        where path.hasPrefix("zones/") && path.hasSuffix(".yaml") {
            zones[path] = directory.read("imported/" + path)
        }
        server = try Server(configuration + more, files: zones)
    }
}

/// The server that a sample is from, loaded with it.
struct ImportedPeer {
    let port: UInt16
    private let process: ChildProcess

    var client: Client { Client(server: Endpoint(port: port)) }

    /// Starts `arguments` and waits until they answer `probe`.
    init(
        _ arguments: [String], port: UInt16, in directory: TemporaryDirectory, probe: String
    ) throws {
        self.port = port
        guard FileManager.default.isExecutableFile(atPath: arguments[0]) else {
            throw Failure("no \(arguments[0]); .ci/packages test installs it")
        }
        process = try ChildProcess(arguments, output: directory.file("peer.log"))
        let client = Client(server: Endpoint(port: port))
        let isUp = eventually(within: .seconds(10)) {
            (try? client.ask(probe, .a, timeout: .milliseconds(200)))?.answer.isEmpty == false
        }
        guard isUp else {
            throw Failure("\(arguments[0]) did not come up: \(directory.read("peer.log"))")
        }
    }

    static func dnsmasq(
        _ file: String, port: UInt16, in directory: TemporaryDirectory, probe: String
    ) throws -> ImportedPeer {
        try ImportedPeer(
            [
                "/usr/sbin/dnsmasq", "--conf-file=\(directory.file(file))",
                "--keep-in-foreground", "--user=\(NSUserName())", "--pid-file=",
                "--log-facility=\(directory.file("peer.log"))",
            ], port: port, in: directory, probe: probe)
    }
}

extension Response {
    /// The answer section without TTLs, as a set.
    var answeredData: Set<String> {
        Set(
            answer.map { record in
                let words = record.comparedLine.split(separator: " ")
                return "\(words[0]) \(words[1]) \(words[3])"
            })
    }
}
