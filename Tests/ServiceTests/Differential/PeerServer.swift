import DNS
import Foundation

/// Another authoritative server with the same zone: Debian's knotd or nsd, on loopback, from a
/// directory of its own.
final class PeerServer: Sendable {
    enum Kind: String, CaseIterable {
        case knot = "Knot DNS"
        case nsd = "NSD"
    }

    let kind: Kind
    let port: UInt16
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// With `cookieSecret`, 32 hexadecimal digits, it answers with server cookies.
    init(_ kind: Kind, zone: GeneratedZone, cookieSecret: String? = nil) throws {
        self.kind = kind
        directory = try TemporaryDirectory()
        port = try freePort()
        try directory.write(zone.zoneFile, to: "zone")
        let program = kind == .knot ? "/usr/sbin/knotd" : "/usr/sbin/nsd"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw Failure("no \(program); .ci/packages test installs it")
        }
        let options: [String]
        switch kind {
        case .knot: options = ["-c", directory.file("conf")]
        // In the foreground.
        case .nsd: options = ["-d", "-c", directory.file("conf")]
        }
        try directory.write(
            Self.configuration(kind, port: port, directory: directory, cookieSecret: cookieSecret),
            to: "conf")
        process = try ChildProcess([program] + options, output: directory.file("log"))
        let client = Client(server: Endpoint(port: port))
        let started = eventually(within: .seconds(10)) {
            let soa = try? client.ask(GeneratedZone.apex, .soa, timeout: .milliseconds(200))
            return soa?.rcode == .noError && soa?.answer.isEmpty == false
        }
        guard started else { throw Failure("\(kind) did not come up: \(directory.read("log"))") }
    }

    private static func configuration(
        _ kind: Kind, port: UInt16, directory: TemporaryDirectory, cookieSecret: String?
    ) -> String {
        switch kind {
        case .knot:
            let configuration = KnotUpstream.configuration(
                port: port, directory: directory,
                zones: [(GeneratedZone.apex, directory.file("zone"))])
            return cookieSecret.map { adding(cookieSecret: $0, toKnot: configuration) }
                ?? configuration
        case .nsd:
            // No rate limit, no change of user, nothing written outside the directory.
            return """
                server:
                    ip-address: 127.0.0.1@\(port)
                    do-ip6: no
                    server-count: 1
                    username: ""
                    chroot: ""
                    zonesdir: "\(directory.path)"
                    pidfile: "\(directory.file("pid"))"
                    xfrdfile: "\(directory.file("xfrd"))"
                    zonelistfile: "\(directory.file("zonelist"))"
                    xfrdir: "\(directory.path)"
                    database: ""
                    logfile: "\(directory.file("log"))"
                    minimal-responses: yes
                    round-robin: no
                    answer-cookie: \(cookieSecret == nil ? "no" : "yes")
                    \(cookieSecret.map { "cookie-secret: \"\($0)\"" } ?? "")
                    rrl-ratelimit: 0
                    rrl-whitelist-ratelimit: 0
                remote-control:
                    control-enable: no
                zone:
                    name: \(GeneratedZone.apex)
                    zonefile: zone

                """
        }
    }

    /// The configuration of a knotd that answers with server cookies, and with BADCOOKIE to a client
    /// cookie alone.
    private static func adding(cookieSecret: String, toKnot configuration: String) -> String {
        configuration.replacing(
            "template:\n  - id: default\n",
            with: """
                mod-cookies:
                  - id: default
                    secret: 0x\(cookieSecret)
                template:
                  - id: default
                    global-module: mod-cookies/default

                """)
    }
}
