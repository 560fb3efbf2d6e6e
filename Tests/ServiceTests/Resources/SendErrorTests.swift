import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("System calls that fail for a while", .aloneOnMachine)
    struct SendErrorTests {
        private let faults: CallFaults
        private let upstream: ScriptedUpstream
        private let server: Server

        init() throws {
            faults = try CallFaults()
            upstream = try ScriptedUpstream.answering()
            server = try Server(
                "workers: 1\ncontrol: control.sock\n"
                    + "zones:\n  lab.example: {records: {\"*\": 192.0.2.10}}\n"
                    + "forward: {.: {to: \"127.0.0.1:\(upstream.port)\", cache: off}}\n",
                environment: faults.environment)
        }

        private func serves(_ name: String = "www.lab.example") -> Bool {
            (try? server.client.ask(name, .a).answer.count) == 1
        }

        /// Has a call fail for a while from now on.
        private func fail(
            _ call: CallFaults.Call, with number: Int32, for time: Duration
        ) throws {
            try faults.fail(call, with: number)
            let thread = Thread { [faults] in
                pause(time)
                try? faults.fail(call, with: 0)
            }
            thread.start()
        }

        @Test(
            "Answers that the kernel has no room for go out a little later, each once",
            arguments: [EAGAIN, ENOBUFS, ENOMEM])
        func answers(number: Int32) throws {
            let socket = try Socket(.udp, local: Endpoint(port: 0))
            try socket.connect(to: Endpoint(port: server.port))
            try fail(.answers, with: number, for: .milliseconds(200))
            for id in UInt16(0)..<100 {
                let question = Question(name: try DomainName("n\(id).lab.example"), type: .a)
                try socket.send(Query(question: question, id: id).octets)
            }
            let ids = try (0..<100).compactMap { _ in
                try socket.receive(timeout: .seconds(2)).map { try Response($0).header.id }
            }
            #expect(Set(ids) == Set(0..<100))
            #expect(try socket.receive(timeout: .milliseconds(200)) == nil)
            // No spin: an attempt each millisecond at most, and one for each new batch.
            let failures = try faults.failures(of: .answers)
            #expect((1...400).contains(failures), "\(failures)")
        }

        @Test("Queries for upstreams, too: the client notices some milliseconds")
        func upstreamQueries() throws {
            try fail(.upstreamQueries, with: ENOBUFS, for: .milliseconds(150))
            let (isServed, time) = elapsed { serves("www.example.net") }
            #expect(isServed && time < .milliseconds(400), "\(time)")
            #expect(try upstream.received("www.example.net").count == 1)
        }

        @Test("While answers cannot be sent by UDP, TCP is served")
        func otherTraffic() throws {
            try faults.fail(.answers, with: EAGAIN)
            let answer = try server.client.ask("www.lab.example", .a, over: .tcp).answer
            #expect(answer.count == 1)
            try faults.fail(.answers, with: 0)
            #expect(serves())
        }

        @Test(
            "What is refused for a reason of its own costs that answer alone",
            arguments: [EPERM, ENETUNREACH])
        func refused(number: Int32) throws {
            try faults.fail(.answers, with: number)
            #expect(throws: (any Error).self) {
                try server.client.ask("www.lab.example", .a, timeout: .milliseconds(300))
            }
            try faults.fail(.answers, with: 0)
            #expect(serves())
        }

        @Test("A kernel that takes a few datagrams at a time gets all of them")
        func partial() throws {
            try faults.setBatch(3)
            let load = try Load(
                ["a.lab.example", "www.example.net"], server: Endpoint(port: server.port))
            pause(.milliseconds(500))
            let count = load.stop()
            #expect(
                count.sent > 100 && count.answered == count.sent && count.failed == 0, "\(count)")
        }

        @Test(
            "Other calls that fail stop nothing afterwards, and are not called without end",
            arguments: [
                (CallFaults.Call.receives, EINTR), (.receives, ENOMEM), (.accepts, ENOMEM),
                (.accepts, ECONNABORTED), (.waits, EINTR),
            ])
        func others(call: CallFaults.Call, number: Int32) throws {
            try fail(call, with: number, for: .milliseconds(300))
            let client = try TCPClient(server)
            let isServed = eventually(within: .seconds(3)) { serves() }
            #expect(isServed)
            #expect(client.isServed("www.lab.example"))
            if call == .accepts, number == ENOMEM {
                let failures = try faults.failures(of: call)
                #expect((1...20).contains(failures), "\(failures)")
            }
        }
    }
}
