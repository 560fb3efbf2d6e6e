import CTLS
import DNS
import Glibc
import Testing

@testable import Transport

@Suite("Upstreams over TLS: connections")
struct UpstreamTLSConnectionTests {
    @Test("A thousand queries share a connection")
    func pipelines() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        for exchange in UInt64(1)...1000 { try client.send(exchange, to: upstream.upstream()) }
        let connection = try upstream.acceptSecure()
        for _ in 1...1000 { try connection.send(framed(try #require(connection.receiveMessage()))) }
        client.waitForReplies(1000)
        #expect(client.counters.upstreamSocketsOpened == 1)
    }

    @Test("A reply in single octets, new keys among them")
    func octetByOctet() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        let connection = try upstream.acceptSecure()
        let received = try #require(connection.receiveMessage())
        var wire = try connection.keyUpdate()
        wire += try connection.encrypt(framed(received))
        for (index, octet) in wire.enumerated() {
            try connection.peer.send([octet])
            pause(milliseconds: 1)
            // A query in the middle of a message of TLS's own.
            if index == 3 { try client.send(2, to: upstream.upstream()) }
        }
        client.waitForReplies(1)
        try connection.send(framed(try #require(connection.receiveMessage())))
        client.waitForReplies(2)
        #expect(client.counters.upstreamSocketsOpened == 1)
    }

    @Test("The longest replies, several at once")
    func longReplies() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        for exchange in UInt64(1)...4 { try client.send(exchange, to: upstream.upstream()) }
        let connection = try upstream.acceptSecure()
        var replies: [UInt8] = []
        for length in [60_000, 65_535, 12, 16_384] {
            let received = try #require(connection.receiveMessage())
            let filling = (0..<length - min(received.count, length)).map {
                UInt8(truncatingIfNeeded: $0)
            }
            replies += framed(Array((received + filling).prefix(length)))
        }
        try connection.send(replies)
        client.waitForReplies(4)
        client.server.onQueue { _, handler in
            #expect(handler.replies.map(\.octets.count) == [60_000, 65_535, 12, 16_384])
            let long = handler.replies[1].octets
            #expect(long.last == UInt8(truncatingIfNeeded: 65_535 - client.query.count - 1))
        }
    }

    @Test("Queries that the server leaves unread wait, and go out in order")
    func backlog() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        let connection = try upstream.acceptSecure()
        try connection.send(framed(try #require(connection.receiveMessage())))
        client.waitForReplies(1)
        // More than the sockets' buffers take; each has its number at its end.
        let filling = [UInt8](repeating: 0x61, count: 60_000)
        var sent = 0
        client.server.onQueue { loop, _ in
            while sent < 1000 {
                let query = client.query + filling + [UInt8(sent >> 8), UInt8(sent & 0xff)]
                do throws(UpstreamError) {
                    try loop.sendUpstream(
                        query.span, to: try! upstream.upstream(), over: .tcp,
                        exchange: UInt64(2 + sent))
                } catch {
                    #expect(error == .exhausted)
                    break
                }
                sent += 1
            }
        }
        #expect(sent > 0 && sent < 1000, "what waits is bounded")
        for number in 0..<sent {
            let received = try #require(connection.receiveMessage())
            #expect(received.suffix(2) == [UInt8(number >> 8), UInt8(number & 0xff)])
            try connection.send(framed(Array(received.prefix(20))))
        }
        client.waitForReplies(1 + sent)
    }

    @Test(
        "A connection that ends is replaced, and its session goes on",
        arguments: [
            TLS1_3_VERSION, TLS1_2_VERSION,
        ])
    func resumes(version: Int32) throws {
        let upstream = try TLSServer(latest: version)
        let client = try TLSClient()
        defer { client.server.stop() }
        for exchange in UInt64(1)...4 {
            try client.send(exchange, to: upstream.upstream())
            let connection = try upstream.acceptSecure()
            #expect(connection.isResumed == (exchange > 1))
            try connection.send(framed(try #require(connection.receiveMessage())))
            client.waitForReplies(Int(exchange))
            connection.peer.close()
            client.server.waitUntil { loop, _ in loop.counters.upstreamSocketsClosed == exchange }
        }
        #expect(client.counters.upstreamHandshakes == 4)
        #expect(client.counters.upstreamResumptions == 3)
        client.server.onQueue { _, handler in #expect(handler.failures.isEmpty) }
    }

    @Test("A ticket is used once")
    func ticketsAreForOneUse() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        let first = try upstream.acceptSecure()
        try first.send(framed(try #require(first.receiveMessage())))
        client.waitForReplies(1)
        first.peer.close()
        // OpenSSL's server gives two tickets with a handshake; connections that end before any
        // further one comes use them up.
        var resumed: [Bool] = []
        for exchange in UInt64(2)...4 {
            client.server.waitUntil { loop, _ in loop.upstreamStreams.isEmpty }
            try client.send(exchange, to: upstream.upstream())
            let hello = try upstream.listener.accept()
            // The extension pre_shared_key (RFC 8446 §4.2.11) is the last one, with its length.
            let octets = try #require(hello.receive())
            resumed.append(octets.count > 500)
            hello.close()
            client.server.waitUntil { _, handler in handler.failures.count == Int(exchange) - 1 }
            pause(milliseconds: 210)
        }
        #expect(resumed == [true, true, false])
    }

    @Test("A query on a used connection that ends is sent once more on a fresh one")
    func retries() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        let first = try upstream.acceptSecure()
        try first.send(framed(try #require(first.receiveMessage())))
        client.waitForReplies(1)
        try client.send(2, to: upstream.upstream())
        _ = first.receiveMessage()
        first.peer.close()
        let second = try upstream.acceptSecure()
        try second.send(framed(try #require(second.receiveMessage())))
        client.waitForReplies(2)
        #expect(client.counters.upstreamRetries == 1)
    }

    @Test("A server that closes after each reply is asked for each on a connection of its own")
    func closesAfterReply() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        for exchange in UInt64(1)...20 { try client.send(exchange, to: upstream.upstream()) }
        for _ in 1...20 {
            let connection = try upstream.acceptSecure()
            try connection.send(framed(try #require(connection.receiveMessage())))
            connection.peer.close()
        }
        client.waitForReplies(20)
        client.server.onQueue { _, handler in
            #expect(handler.replies.map(\.exchange) == Array(1...20))
            #expect(handler.failures.isEmpty)
        }
        #expect(client.counters.upstreamSocketsOpened == 20)
        #expect(client.counters.upstreamHandshakes == 20)
    }

    @Test("An idle connection is closed in order")
    func idle() throws {
        var limits = TransportLimits()
        limits.upstreamIdleTimeout = 100 * MonotonicClock.nanosecondsPerMillisecond
        let upstream = try TLSServer()
        let client = try TLSClient(limits)
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        let connection = try upstream.acceptSecure()
        try connection.send(framed(try #require(connection.receiveMessage())))
        client.waitForReplies(1)
        #expect(connection.receiveMessage() == nil)
        #expect(connection.sawEnd, "close_notify (RFC 8446 §6.1)")
    }

    @Test("Writing to a server that has gone ends its exchanges, not the process")
    func reset() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        let connection = try upstream.acceptSecure()
        // Unread octets make the kernel answer with a reset.
        _ = connection.receiveMessage()
        try client.send(2, to: upstream.upstream())
        #expect(connection.peer.waits(for: POLLIN))
        connection.peer.close()
        for exchange in UInt64(3)...20 { try? client.send(exchange, to: upstream.upstream()) }
        client.server.waitUntil { _, handler in !handler.failures.isEmpty }
    }

    @Test("An upstream that cannot be connected to is not attempted for each query")
    func storms() throws {
        let upstream = try TLSServer()
        let endpoint = try upstream.upstream()
        upstream.listener.close()
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: endpoint)
        #expect(client.failure() == .refused)
        for exchange in UInt64(2)...100 {
            // At once, with the reason of the last attempt.
            #expect(throws: UpstreamError.refused) { try client.send(exchange, to: endpoint) }
        }
        #expect(client.counters.upstreamSocketsOpened == 1)
    }

    @Test("A server that turns the client away after the handshake is not attempted at once again")
    func turnedAway() throws {
        let upstream = try TLSServer(wantsCertificate: true)
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        #expect(throws: TLSPeer.Refusal.handshake) { try upstream.acceptSecure() }
        let error = UpstreamError.tls("tlsv13 alert certificate required")
        #expect(client.failure() == error)
        #expect(throws: error) { try client.send(2, to: upstream.upstream()) }
        #expect(client.counters.upstreamSocketsOpened == 1)
    }

    @Test("Another context has new connections, without the old one's sessions")
    func changedContext() throws {
        let upstream = try TLSServer()
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        let first = try upstream.acceptSecure()
        let received = try #require(first.receiveMessage())
        let context = try Certificates.context()
        client.server.onQueue { loop, _ in loop.tls = context }
        try client.send(2, to: upstream.upstream())
        let second = try upstream.acceptSecure()
        #expect(!second.isResumed)
        // What was under way still ends well.
        try first.send(framed(received))
        client.waitForReplies(1)
        try second.send(framed(try #require(second.receiveMessage())))
        client.waitForReplies(2)
        #expect(first.receiveMessage() == nil)
        #expect(first.sawEnd)
    }

    @Test("A server that wants new keys again and again, and never reads, is left")
    func unreadKeyUpdates() throws {
        let upstream = try TLSServer()
        // Little room in the kernel for what is not read.
        Syscalls.setReceiveBuffer(upstream.listener.descriptor, octets: 4096)
        let client = try TLSClient()
        defer { client.server.stop() }
        try client.send(1, to: upstream.upstream())
        let connection = try upstream.acceptSecure()
        var isOpen = true
        for _ in 0..<400_000 where isOpen {
            do { try connection.peer.sendAll(connection.keyUpdate()) } catch { isOpen = false }
        }
        guard case .tls = client.failure() else {
            Issue.record("\(String(describing: client.failure()))")
            return
        }
    }
}
