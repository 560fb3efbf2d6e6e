import CTLS
import DNS
import Glibc
import Testing

@testable import Transport

@Suite("Upstreams over TLS: who is spoken to")
struct UpstreamTLSTests {
    @Test("A server is asked by name, or by address without one", arguments: ["dns.example", nil])
    func exchanges(name: String?) throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream(name))
        let connection = try upstream.acceptSecure()
        #expect(connection.serverName == name)
        let received = try #require(connection.receiveMessage())
        #expect(received.dropFirst(2) == client.query.dropFirst(2))
        try connection.send(framed(received))
        client.waitForReplies(1)
        #expect(client.counters.upstreamHandshakes == 1)
        #expect(client.counters.upstreamResumptions == 0)
    }

    @Test("A wildcard stands for a whole label")
    func wildcard() throws {
        let upstream = try TLSServer("other")
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream("dns.other.example"))
        let connection = try upstream.acceptSecure()
        try connection.send(framed(try #require(connection.receiveMessage())))
        client.waitForReplies(1)
    }

    @Test(
        "A server that does not prove who it is learns no question",
        arguments: [
            (
                "other", "dns.example",
                "certificate is for other.example, *.other.example, 192.0.2.7"
            ),
            ("other", nil, "certificate is for other.example, *.other.example, 192.0.2.7"),
            (
                "other", "a.b.other.example",
                "certificate is for other.example, *.other.example, 192.0.2.7"
            ),
            ("good", "example", "certificate is for dns.example, 127.0.0.1, ::1"),
            ("nameless", "dns.example", "certificate is for nobody"),
            ("expired", "dns.example", "certificate expired"),
            (
                "stranger", "dns.example",
                "certificate is not from a trusted authority: unable to get local issuer certificate"
            ),
        ] as [(String, String?, String)])
    func impostor(certificate: String, name: String?, text: String) throws {
        let upstream = try TLSServer(certificate)
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream(name))
        let connection = try upstream.accept()
        // With TLS 1.3 the server may take the handshake for done before the client's alert comes.
        try? connection.shakeHands()
        #expect(connection.receiveMessage() == nil)
        #expect(connection.sawEnd, "an alert says why")
        #expect(client.failure()?.description == text)
        #expect(client.counters.upstreamHandshakes == 0)
    }

    @Test("The system's authorities alone do not vouch for a stranger")
    func systemAuthorities() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        let system = try TLSContext()
        client.server.onQueue { loop, _ in loop.tls = system }
        try client.send(1, to: upstream.upstream())
        try? upstream.accept().shakeHands()
        guard case .certificate(.untrusted) = client.failure() else {
            Issue.record("\(String(describing: client.failure()))")
            return
        }
    }

    @Test("A server that speaks plain text, or closes, is told apart")
    func noTLS() throws {
        for (answer, text) in [
            (framed(message(1)), "TLS failed: no TLS is spoken there"),
            ([], "TLS failed: connection closed in the handshake"),
        ] {
            let upstream = try TLSServer()
            let client = try TLSClient()
            defer { client.server.stop() }
            try client.send(1, to: upstream.upstream())
            let connection = try upstream.listener.accept()
            let hello = try #require(connection.receive())
            #expect(hello.first == 22, "a handshake record (RFC 8446 §5.1)")
            try connection.sendAll(answer)
            connection.close()
            #expect(client.failure()?.description == text)
        }
    }

    @Test("A server without TLS 1.2 is refused")
    func oldVersion() throws {
        let upstream = try TLSServer(latest: TLS1_1_VERSION)
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        #expect(throws: TLSPeer.Refusal.handshake) { try upstream.acceptSecure() }
        guard case .tls = client.failure() else {
            Issue.record("\(String(describing: client.failure()))")
            return
        }
    }

    @Test("A handshake that does not go on is given up")
    func stalled() throws {
        var limits = TransportLimits()
        limits.upstreamConnectTimeout = 100 * MonotonicClock.nanosecondsPerMillisecond
        let upstream = try TLSServer()
        let client = try TLSClient(limits)
        defer { client.server.stop() }
        for exchange in UInt64(1)...3 { try client.send(exchange, to: upstream.upstream()) }
        let connection = try upstream.listener.accept()
        client.server.waitUntil { _, handler in handler.failures.count == 3 }
        #expect(
            client.failure()?.description
                == "TLS failed: no handshake in time; a port without TLS?")
        _ = connection.receive()
        #expect(connection.isClosedByPeer())
        #expect(client.counters.upstreamSocketsOpened == 1)
    }

    @Test("Where not even TCP is answered, nothing is said of TLS")
    func unanswered() throws {
        var limits = TransportLimits()
        limits.upstreamConnectTimeout = 100 * MonotonicClock.nanosecondsPerMillisecond
        // The one connection that waits to be accepted leaves no room for another.
        let listener = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 0)
        let waiting = try LoopbackPeer(.tcp, to: listener.local)
        defer { waiting.close() }
        let client = try TLSClient(limits)
        defer { client.server.stop() }
        try client.send(1, to: UpstreamEndpoint(listener.local, security: .address))
        #expect(client.failure() == .unreachable)
    }

    @Test("Without a context nothing is sent")
    func withoutContext() throws {
        let upstream = try TLSServer()
        let server = try LoopbackServer(nil)
        defer { server.stop() }
        server.onQueue { loop, _ in
            #expect(throws: UpstreamError.tls("not set up")) {
                try loop.sendUpstream(
                    message(1, "a question").span, to: upstream.upstream(), over: .tcp, exchange: 1)
            }
            #expect(loop.exchanges.openDescriptors == 0)
        }
    }

    @Test("Authorities that cannot be read are named")
    func badAuthorities() throws {
        #expect(throws: TLSContextError.noCertificate) { try TLSContext(authorities: []) }
        #expect(throws: TLSContextError.noCertificate) {
            try TLSContext(authorities: Array("no PEM".utf8))
        }
        #expect(throws: TLSContextError.noCertificate) {
            try TLSContext(
                authorities: Array(
                    String(decoding: Certificates.pem("ca"), as: UTF8.self)
                        .replacing("CERTIFICATE", with: "SOMETHING").utf8))
        }
        let ca = try Certificates.pem("ca")
        #expect(throws: TLSContextError.badCertificate(number: 2, "bad base64 decode")) {
            try TLSContext(
                authorities: ca
                    + "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n".utf8)
        }
        // The same one twice does no harm.
        _ = try TLSContext(authorities: ca + ca)
    }
}
