import DNS
import Foundation

/// Debian's dnspython as the other implementation; a script holds lines of a file against it.
enum Dnspython {
    /// Debian's own Python, since another one in PATH would not have the package.
    private static let python = "/usr/bin/python3"
    private static let script =
        Server.repository + "/Tests/ServiceTests/Scripts/dnspython_peer.py"

    /// What dnspython makes of something: its own form of it, or what is wrong.
    enum Verdict {
        case agrees(String)
        case differs(String)
    }

    /// The verdicts on the lines, one for each that asks for one.
    static func verdicts(on lines: [[String]], count: Int) throws -> [Verdict] {
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Failure("no \(python); .ci/packages test installs python3-dnspython")
        }
        let directory = try TemporaryDirectory()
        let text = lines.map { $0.joined(separator: "\t") + "\n" }.joined()
        try directory.write(text, to: "lines")
        let (output, status) = try run(
            [python, script, directory.file("lines")],
            environment: ["PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"])
        let verdicts = output.split(separator: "\n").compactMap { line -> Verdict? in
            let fields = line.split(separator: "\t", maxSplits: 1).map(String.init)
            guard fields.count == 2 else { return nil }
            return fields[0] == "ok" ? .agrees(fields[1]) : .differs(fields[1])
        }
        guard status == .exited(0), verdicts.count == count else {
            throw Failure("dnspython gave \(verdicts.count) of \(count) verdicts: \(output)")
        }
        return verdicts
    }
}
