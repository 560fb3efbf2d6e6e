import DNS
import Foundation

/// Debian's unbound as a resolver that is asked over TLS, with a few names of its own.
final class UnboundUpstream: Sendable {
    let port: UInt16
    /// The authorities and certificates of Tests/Fixtures/certificates.
    let certificates: TemporaryDirectory
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    static let address = "203.0.113.10"

    /// Proves itself with the certificate of that name; closes connections that are idle for so
    /// many milliseconds.
    init(_ certificate: String = "good", idleMilliseconds: Int = 30_000) throws {
        directory = try TemporaryDirectory()
        certificates = try makeCertificates()
        port = try freePort()
        let plainPort = try freePort()
        let long = (0..<250).map { number in
            let text = "\(1000 + number)" + String(repeating: "x", count: 235)
            return "    local-data: 'long.example.com. 300 TXT \"\(text)\"'"
        }
        try directory.write(
            """
            server:
                directory: "\(directory.path)"
                chroot: ""
                username: ""
                pidfile: ""
                use-syslog: no
                num-threads: 1
                extended-statistics: yes
                incoming-num-tcp: 400
                tcp-idle-timeout: \(idleMilliseconds)
                interface: 127.0.0.1@\(plainPort)
                interface: 127.0.0.1@\(port)
                tls-port: \(port)
                tls-service-pem: "\(certificates.file(certificate)).pem"
                tls-service-key: "\(certificates.file(certificate)).key"
                local-zone: "example.com." redirect
                local-data: "example.com. 300 A \(Self.address)"
                local-zone: "long.example.com." static
            \(long.joined(separator: "\n"))
            remote-control:
                control-enable: yes
                control-interface: "\(directory.file("control"))"
                control-use-cert: no

            """, to: "unbound.conf")
        process = try ChildProcess(
            ["/usr/sbin/unbound", "-d", "-p", "-c", directory.file("unbound.conf")],
            output: directory.file("log"))
        let client = Client(server: Endpoint(port: plainPort))
        let started = eventually {
            (try? client.ask("www.example.com", .a, timeout: .milliseconds(200)))?.rcode == .noError
        }
        guard started else { throw Failure("unbound did not come up: \(directory.read("log"))") }
    }

    /// One of unbound's counters, such as `num.query.tls`.
    func counter(_ name: String) throws -> Int {
        let (output, _) = try run([
            "/usr/sbin/unbound-control", "-c", directory.file("unbound.conf"), "stats_noreset",
        ])
        let line = output.split(separator: "\n").first { $0.hasPrefix(name + "=") }
        guard let value = line?.split(separator: "=").last.flatMap({ Int($0) }) else {
            throw Failure("no \(name) in: \(output)")
        }
        return value
    }

    /// A configuration that asks this upstream alone, by this name, and keeps nothing.
    func configuration(name: String = "dns.example") -> String {
        """
        tls-ca: \(certificates.file("ca.pem"))
        forward: {.: {to: "tls://127.0.0.1:\(port)#\(name)", cache: off}}

        """
    }
}

/// A directory with the certificates that Tests/Fixtures/certificates/make makes.
func makeCertificates() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let (output, status) = try run([
        Server.repository + "/Tests/Fixtures/certificates/make", directory.path,
    ])
    guard status == .exited(0) else { throw Failure(output) }
    return directory
}
