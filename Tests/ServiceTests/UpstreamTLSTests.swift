import DNS
import Foundation
import Testing

extension SharingTests {
    @Suite("Upstreams over TLS")
    struct UpstreamTLSTests {
        private let name = "www.example.com"

        @Test("An upstream is asked over TLS, with one connection for all queries")
        func answers() throws {
            let upstream = try UnboundUpstream()
            let server = try Server(upstream.configuration() + "workers: 1\n")
            let (output, status) = try run([
                "/usr/bin/dig", "@127.0.0.1", "-p", "\(server.port)", name, "A", "+short",
            ])
            #expect(output == UnboundUpstream.address + "\n" && status == .exited(0))
            for transport in Transport.allCases {
                let response = try server.client.ask(name, .a, over: transport)
                #expect(response.data(.a) == [UnboundUpstream.address])
            }
            #expect(try upstream.counter("num.query.tls") == 3)
            #expect(try upstream.counter("num.query.tls.resume") == 0)
        }

        @Test("An answer of 60,000 octets")
        func long() throws {
            let upstream = try UnboundUpstream()
            let server = try Server(upstream.configuration())
            let response = try server.client.ask("long.example.com", .txt, over: .tcp)
            #expect(response.answer.count == 250 && response.size > 60_000)
            #expect(try server.client.ask("long.example.com", .txt).isTruncated)
        }

        @Test(
            "An upstream that does not prove who it is gets no query, and the log says why",
            arguments: [
                ("good", "other.example", "certificate is for dns.example, 127.0.0.1, ::1"),
                ("expired", "dns.example", "certificate expired"),
                ("stranger", "dns.example", "certificate is not from a trusted authority: "),
            ])
        func impostor(certificate: String, name: String, reason: String) throws {
            let upstream = try UnboundUpstream(certificate)
            let server = try Server(upstream.configuration(name: name))
            let (response, time) = try elapsed { try server.client.ask(self.name, .a) }
            #expect(response.rcode == .serverFailure && time < .seconds(1), "\(time)")
            let line =
                "SERVFAIL \(self.name) A: tls://127.0.0.1:\(upstream.port)#\(name): \(reason)"
            #expect(eventually { server.log.contains(line) }, "\(server.log)")
            #expect(try upstream.counter("num.query.tls") == 0)
        }

        @Test("An upstream that speaks no TLS gets no query in plain text")
        func plainText() throws {
            let upstream = try ScriptedUpstream.answering()
            let certificates = try makeCertificates()
            let server = try Server(
                """
                tls-ca: \(certificates.file("ca.pem"))
                forward: {.: {to: "tls://127.0.0.1:\(upstream.port)#dns.example"}}

                """)
            #expect(try server.client.ask(name, .a).rcode == .serverFailure)
            #expect(try upstream.received(name).isEmpty)
        }

        @Test("When the handshake stalls, the next upstream answers in under a second")
        func stalled() throws {
            let silent = try Socket(.tcp, local: Endpoint(port: 0))
            try silent.listen()
            let upstream = try UnboundUpstream()
            let server = try Server(
                """
                tls-ca: \(upstream.certificates.file("ca.pem"))
                forward:
                  .:
                    to:
                      - tls://127.0.0.1:\(try silent.local().port)#dns.example
                      - tls://127.0.0.1:\(upstream.port)#dns.example
                    cache: off

                """)
            for limit in [1000, 300] {
                let (response, time) = try elapsed { try server.client.ask(name, .a) }
                #expect(response.data(.a) == [UnboundUpstream.address])
                #expect(time < .milliseconds(limit), "\(time)")
            }
        }

        @Test(
            "After the upstream has closed its idle connection, the next query resumes the session")
        func resumes() throws {
            let upstream = try UnboundUpstream(idleMilliseconds: 100)
            let server = try Server(upstream.configuration() + "workers: 1\n")
            for _ in 1...3 {
                #expect(try server.client.ask(name, .a).rcode == .noError)
                pause(.milliseconds(400))
            }
            #expect(try upstream.counter("num.query.tls") == 3)
            #expect(try upstream.counter("num.query.tls.resume") == 2)
        }

        @Test("A thousand connections leave no memory behind")
        func memory() throws {
            let upstream = try UnboundUpstream("other", idleMilliseconds: 1)
            // Each name is an upstream of its own, with its own connections and sessions.
            let rules = (0..<100).map {
                "  d\($0).example.com: {to: \"tls://127.0.0.1:\(upstream.port)#n\($0).other.example\", "
                    + "cache: off}\n"
            }
            let server = try Server(
                "workers: 1\ntls-ca: \(upstream.certificates.file("ca.pem"))\nforward:\n"
                    + rules.joined())
            func ask(rounds: Int) throws {
                for _ in 0..<rounds {
                    for number in 0..<100 {
                        let response = try server.client.ask("d\(number).example.com", .a)
                        #expect(response.rcode == .noError)
                    }
                    // Longer than unbound leaves a connection open at least.
                    pause(.milliseconds(300))
                }
            }
            try ask(rounds: 2)
            let before = try server.memory()
            let connections = try upstream.counter("num.query.tls.resume")
            try ask(rounds: 10)
            #expect(try upstream.counter("num.query.tls.resume") - connections > 900)
            let growth = try server.memory() - before
            // A connection takes some 20 KiB; malloc's own ups and downs are some megabytes.
            #expect(growth < 6 << 20, "\(growth) octets")
        }

        @Test("Other authorities hold from the reload on, and bad ones change nothing")
        func reload() throws {
            let upstream = try UnboundUpstream()
            let certificates = upstream.certificates
            let server = try Server(
                """
                forward: {.: {to: "tls://127.0.0.1:\(upstream.port)", cache: off}}
                tls-ca: trusted.pem

                """, files: ["trusted.pem": certificates.read("unknown-ca.pem")])
            #expect(try server.client.ask(name, .a).rcode == .serverFailure)
            try server.directory.write(certificates.read("ca.pem"), to: "trusted.pem")
            try server.reload()
            #expect(try server.client.ask(name, .a).rcode == .noError)
            let damaged = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"
            try server.directory.write(damaged, to: "trusted.pem")
            try server.reload()
            #expect(try server.client.ask(name, .a).rcode == .noError)
            let error =
                "horizond.yaml:3:9: cannot use \"\(server.directory.file("trusted.pem"))\": "
                + "certificate 1 is damaged: bad base64 decode; "
                + "expected a file with certificates in PEM"
            #expect(eventually { server.log.contains(error) }, "\(server.log)")
            let (output, status) = try run([
                try Server.binary, "check", "--config", server.directory.file("horizond.yaml"),
            ])
            #expect(output.contains(error) && status == .exited(78), "\(output)")
            try server.directory.write(certificates.read("unknown-ca.pem"), to: "trusted.pem")
            try server.reload()
            #expect(try server.client.ask(name, .a).rcode == .serverFailure)
        }
    }
}
