import DNS

/// Debian's unbound, which forwards everything to a port of 127.0.0.1.
final class UnboundForwarder: Sendable {
    let port: UInt16
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    var client: Client { Client(server: Endpoint(port: port)) }

    init(to upstream: UInt16) throws {
        directory = try TemporaryDirectory()
        port = try freePort()
        try directory.write(
            """
            server:
                interface: 127.0.0.1
                port: \(port)
                do-ip6: no
                num-threads: 1
                do-daemonize: no
                username: ""
                chroot: ""
                directory: "\(directory.path)"
                pidfile: ""
                use-syslog: no
                module-config: "iterator"
                do-not-query-localhost: no
            remote-control:
                control-enable: no
            forward-zone:
                name: "."
                forward-addr: 127.0.0.1@\(upstream)

            """, to: "conf")
        process = try ChildProcess(
            ["/usr/sbin/unbound", "-d", "-c", directory.file("conf")],
            output: directory.file("log"))
        let client = client
        let started = eventually(within: .seconds(10)) {
            (try? client.ask("localhost", .a, timeout: .milliseconds(200)))?.rcode == .noError
        }
        guard started else { throw Failure("unbound did not come up: \(directory.read("log"))") }
    }
}
