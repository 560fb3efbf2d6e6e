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

    init(_ kind: Kind, zone: GeneratedZone) throws {
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
            Self.configuration(kind, port: port, directory: directory), to: "conf")
        process = try ChildProcess([program] + options, output: directory.file("log"))
        let client = Client(server: Endpoint(port: port))
        let started = eventually(within: .seconds(10)) {
            let soa = try? client.ask(GeneratedZone.apex, .soa, timeout: .milliseconds(200))
            return soa?.rcode == .noError && soa?.answer.isEmpty == false
        }
        guard started else { throw Failure("\(kind) did not come up: \(directory.read("log"))") }
    }

    private static func configuration(
        _ kind: Kind, port: UInt16, directory: TemporaryDirectory
    ) -> String {
        switch kind {
        case .knot:
            KnotUpstream.configuration(
                port: port, directory: directory,
                zones: [(GeneratedZone.apex, directory.file("zone"))])
        case .nsd:
            // No rate limit, no change of user, nothing written outside the directory.
            """
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
}
