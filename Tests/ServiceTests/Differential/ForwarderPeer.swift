import DNS
import Foundation

/// Another forwarder in front of the same upstream: Debian's dnsmasq or unbound, on loopback, from a
/// directory of its own.
final class ForwarderPeer: Sendable {
    enum Kind: String, CaseIterable {
        case dnsmasq
        case unbound
    }

    let kind: Kind
    let port: UInt16
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// Starts it, and waits until it answers `probe` without an error.
    init(_ kind: Kind, upstream: UInt16, probe: String) throws {
        self.kind = kind
        directory = try TemporaryDirectory()
        port = try freePort()
        let arguments: [String]
        switch kind {
        case .dnsmasq: arguments = Self.dnsmasq(port: port, upstream: upstream, in: directory)
        case .unbound:
            try directory.write(
                Self.unbound(port: port, upstream: upstream, in: directory), to: "conf")
            // In the foreground.
            arguments = ["/usr/sbin/unbound", "-d", "-c", directory.file("conf")]
        }
        guard FileManager.default.isExecutableFile(atPath: arguments[0]) else {
            throw Failure("no \(arguments[0]); .ci/packages test installs it")
        }
        process = try ChildProcess(arguments, output: directory.file("output"))
        let client = Client(server: Endpoint(port: port))
        let isUp = eventually(within: .seconds(10)) {
            (try? client.ask(probe, .soa, timeout: .milliseconds(200)))?.rcode == .noError
        }
        guard isUp else { throw Failure("\(kind) did not come up: \(directory.read("output"))") }
    }

    /// A dnsmasq that passes on what its upstream says and keeps nothing; it logs into `log`.
    static func dnsmasq(
        port: UInt16, upstream: UInt16, in directory: TemporaryDirectory
    ) -> [String] {
        [
            "/usr/sbin/dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--port=\(port)",
            "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
            "--no-poll", "--server=127.0.0.1#\(upstream)", "--cache-size=0",
            "--edns-packet-max=1232", "--user=\(NSUserName())", "--pid-file=",
            "--log-facility=\(directory.file("log"))",
        ]
    }

    /// An unbound that iterates nothing and validates nothing: all goes to the upstream.
    private static func unbound(
        port: UInt16, upstream: UInt16, in directory: TemporaryDirectory
    ) -> String {
        """
        server:
            interface: 127.0.0.1
            port: \(port)
            access-control: 127.0.0.0/8 allow
            outgoing-interface: 127.0.0.1
            do-not-query-localhost: no
            do-ip6: no
            num-threads: 1
            username: ""
            chroot: ""
            directory: "\(directory.path)"
            pidfile: ""
            use-syslog: no
            logfile: "\(directory.file("log"))"
            module-config: "iterator"
            unblock-lan-zones: yes
            insecure-lan-zones: yes
            qname-minimisation: no
            minimal-responses: no
            rrset-roundrobin: no
            edns-buffer-size: 1232
            max-udp-size: 1232
            harden-large-queries: no
            use-caps-for-id: no
        remote-control:
            control-enable: no
        forward-zone:
            name: "."
            forward-addr: 127.0.0.1@\(upstream)

        """
    }
}
