import DNS
import Testing

@testable import Transport

@Suite("TCP connections of clients")
struct StreamServerTests {
    @Test("A query is answered with its length before it", arguments: ListeningSocketsTests.hosts)
    func answers(host: String) throws {
        let server = try LoopbackServer(host)
        defer { server.stop() }
        var target = server.address
        if target.isWildcard {
            target.ip = try #require(IPAddress(target.isIPv6 ? "::1" : "127.0.0.1"))
        }
        let client = try LoopbackPeer(.tcp, to: target)
        try client.send(framed(message(1)))
        #expect(client.receiveMessage() == message(1))
        let local = try client.local
        server.onQueue { _, handler in
            #expect(handler.queries.first?.transport == .tcp)
            #expect(handler.queries.first?.client == local)
        }
    }

    @Test("Several messages in one segment are all answered, in one write")
    func answersPipelined() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        let queries = (UInt16(0)..<50).map { message($0) }
        try client.send(queries.flatMap(framed))
        let answers = try #require(client.receive())
        #expect(answers == queries.flatMap(framed))
    }

    @Test("Answers that fill more than one write all come, in their order")
    func answersPipelinedAtLength() throws {
        let long = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        let server = try LoopbackServer { .now(Array($0[..<12]) + long) }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send((UInt16(0)..<100).flatMap { framed(message($0)) })
        for id in UInt16(0)..<100 {
            #expect(client.receiveMessage() == Array(message(id)[..<12]) + long)
        }
        server.onQueue { loop, _ in #expect(loop.counters.tcpSent == 100) }
    }

    @Test("An answer that comes late leaves before those to later queries of its connection")
    func keepsOrderBehindLateAnswers() throws {
        let server = try LoopbackServer { $0[1] == 1 ? .later : .now($0) }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        server.waitUntil { _, handler in handler.paths.count == 1 }
        server.onQueue { loop, handler in
            // Queued in the round that reads the second query.
            handler.onRoundBegan = { [unowned loop, unowned handler] in
                handler.onRoundBegan = {}
                let (path, query) = handler.paths[0]
                loop.send(query.span, to: path)
            }
            try? client.send(framed(message(2)))
        }
        #expect(client.receive() == framed(message(1)) + framed(message(2)))
    }

    @Test("A query that comes octet by octet is answered")
    func readsOctets() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        Syscalls.setNoDelay(client.descriptor)
        for octet in framed(message(5)) + framed(message(6)) {
            try client.send([octet])
            pause(milliseconds: 1)
        }
        #expect(client.receiveMessage() == message(5))
        #expect(client.receiveMessage() == message(6))
    }

    @Test("The longest message and answer pass whole")
    func passesLongMessages() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        let long = (0..<StreamFrames.maximumMessage).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        try client.send(framed(long) + framed(message(2)))
        #expect(client.receiveMessage() == long)
        #expect(client.receiveMessage() == message(2))
    }

    @Test("Answers may come in another order than their queries")
    func answersOutOfOrder() throws {
        let server = try LoopbackServer { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)) + framed(message(2)))
        server.waitUntil { _, handler in handler.paths.count == 2 }
        server.answer(1)
        #expect(client.receiveMessage() == message(2))
        server.answer(0)
        #expect(client.receiveMessage() == message(1))
    }

    @Test("A client that has closed its half still gets its answers, then the end")
    func answersHalfClosed() throws {
        let server = try LoopbackServer { $0[1] == 1 ? .later : .now($0) }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)) + framed(message(2)))
        client.shutDownOutput()
        #expect(client.receiveMessage() == message(2))
        server.waitUntil { _, handler in handler.paths.count == 1 }
        #expect(!client.waits(for: 1, milliseconds: 20))
        server.answer(0, with: message(1))
        #expect(client.receiveMessage() == message(1))
        #expect(client.isClosedByPeer())
        server.waitUntil { loop, _ in loop.counters.tcpOpen == 0 }
    }

    @Test("A query that is answered on its path at once is owed nothing any more")
    func answersOnPathAtOnce() throws {
        let server = try LoopbackServer { _ in .later }
        defer { server.stop() }
        server.onQueue { loop, handler in
            handler.onPath = { [unowned loop] path, octets in loop.send(octets.span, to: path) }
        }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        client.shutDownOutput()
        #expect(client.receiveMessage() == message(1))
        #expect(client.isClosedByPeer())
    }

    @Test("A half-closed connection ends when its last answer is abandoned")
    func endsAbandoned() throws {
        let server = try LoopbackServer { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        client.shutDownOutput()
        server.waitUntil { _, handler in handler.paths.count == 1 }
        server.onQueue { loop, handler in loop.abandon(handler.paths[0].path) }
        #expect(client.isClosedByPeer())
    }

    @Test("An answer to a connection that is gone is dropped and counted, whoever has its slot")
    func dropsForGone() throws {
        let server = try LoopbackServer { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send(framed(message(1)))
        client.shutDownOutput()
        server.waitUntil { _, handler in handler.paths.count == 1 }
        server.answer(0)
        #expect(client.receiveMessage() == message(1))
        server.waitUntil { loop, _ in loop.counters.tcpOpen == 0 }
        let other = try LoopbackPeer(.tcp, to: server.address)
        server.waitUntil { loop, _ in loop.counters.tcpOpen == 1 }
        server.answer(0)
        server.onQueue { loop, _ in #expect(loop.counters.droppedPathGone == 1) }
        #expect(!other.waits(for: 1, milliseconds: 20))
    }

    @Test("Reading pauses at the limit of unanswered queries and goes on below it")
    func pausesInFlight() throws {
        var limits = TransportLimits()
        limits.queriesInFlight = 3
        let server = try LoopbackServer(limits: limits) { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send((UInt16(0)..<8).flatMap { framed(message($0)) })
        server.waitUntil { _, handler in handler.paths.count == 3 }
        pause(milliseconds: 20)
        server.onQueue { _, handler in #expect(handler.paths.count == 3) }
        for answered in 0..<8 {
            server.waitUntil { _, handler in handler.paths.count > answered }
            server.answer(answered)
        }
        for id in UInt16(0)..<8 { #expect(client.receiveMessage() == message(id)) }
    }

    @Test(
        "A message shorter than a header ends the connection; what was asked before is answered",
        arguments: [0, 1, 11])
    func endsAtShortMessage(length: Int) throws {
        let server = try LoopbackServer { $0[1] == 1 ? .later : .now($0) }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        let short = [UInt8](repeating: 0, count: length)
        try client.send([1, 2, 3].flatMap { framed(message($0)) } + framed(short))
        try client.send(framed(message(4)))
        #expect(client.receiveMessage() == message(2))
        #expect(client.receiveMessage() == message(3))
        server.answer(0, with: message(1))
        #expect(client.receiveMessage() == message(1))
        #expect(client.receive() == [])
        server.onQueue { loop, handler in
            #expect(loop.counters.tcpMalformed == 1)
            #expect(handler.queries.count == 3)
        }
    }

    @Test("Queries are read whole however their segments are cut")
    func readsEveryCut() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        Syscalls.setNoDelay(client.descriptor)
        let octets = framed(message(1)) + framed(message(2)) + framed(message(3))
        let length = octets.count / 3
        for cut in 1..<octets.count {
            try client.send(Array(octets[..<cut]))
            // The first part is read before the second is sent.
            server.waitUntil { loop, _ in
                let held = loop.streams.connections.elements.first?.input.count
                return loop.counters.tcpReceived == (cut - 1) * 3 + cut / length
                    && held == cut % length
            }
            try client.send(Array(octets[cut...]))
            for id in UInt16(1)...3 { #expect(client.receiveMessage() == message(id)) }
        }
    }

    @Test(
        "Queries that waited for their turn are answered after their client's end, and after ours",
        arguments: [true, false])
    func answersPausedAfterEnd(isOurs: Bool) throws {
        var limits = TransportLimits()
        limits.queriesInFlight = 3
        let server = try LoopbackServer(limits: limits) { _ in .later }
        defer { server.stop() }
        let client = try LoopbackPeer(.tcp, to: server.address)
        try client.send((UInt16(0)..<8).flatMap { framed(message($0)) })
        server.waitUntil { _, handler in handler.paths.count == 3 }
        if isOurs {
            server.onQueue { loop, _ in loop.streams.connections.elements.forEach(loop.streams.end)
            }
        } else {
            client.shutDownOutput()
        }
        for range in [0..<3, 3..<6, 6..<8] {
            server.waitUntil { _, handler in handler.paths.count == range.upperBound }
            // All at once and written at once: for a moment nothing is in flight.
            server.onQueue { loop, handler in
                for (path, query) in handler.paths[range] { loop.send(query.span, to: path) }
                loop.streams.flush()
            }
        }
        for id in UInt16(0)..<8 { #expect(client.receiveMessage() == message(id)) }
        #expect(client.receive() == [])
        client.close()
        server.waitUntil { loop, _ in loop.counters.tcpOpen == 0 }
    }

    @Test("Answers that a client takes bit by bit are not kept once they are sent")
    func dropsSentOctets() throws {
        let listener = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 1)
        let reader = try LoopbackPeer(.tcp, to: listener.local)
        let writer = try listener.accept()
        let answer = [UInt8](repeating: 7, count: 60_000)
        var output = StreamOutput()
        var received = 0
        // Something always waits: no flush empties the output.
        for _ in 0..<200 {
            while output.count < 120_000 { output.append(answer.span) }
            if output.flush(writer.descriptor) == .wouldBlock {
                received += try #require(reader.receive()).count
            }
            #expect(output.kept < 400_000)
        }
        #expect(received > 0)
    }
}
