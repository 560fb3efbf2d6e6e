import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("Equal questions at the same time")
    struct JoiningTests {
        @Test("Ten clients, UDP and TCP, four workers: one upstream query (coredns#717, #2879)")
        func joined() throws {
            let ten = try Timelines.joining.ten
            #expect(ten.sent == 1)
            #expect(ten.answers.count == 10)
            for (spelling, response) in ten.answers {
                #expect(response.hosts == [1])
                #expect(response.question?.name.octets == spelling.octets)
            }
        }

        @Test("A failure goes to those who asked before its last attempt was sent")
        func shared() throws {
            for trio in [try Timelines.joining.silent, try Timelines.joining.reviving] {
                let (first, second) = (trio.answers[0], trio.answers[1])
                #expect(first.response.rcode == .serverFailure)
                #expect(first.time.isAbout(.seconds(4)), "\(first.time)")
                #expect(second.response.rcode == .serverFailure)
                // A second after the first one.
                #expect(second.time.isAbout(.seconds(3)), "\(second.time)")
            }
        }

        @Test("Who came later gets an attempt of its own, and an answer within 4 s of its question")
        func own() throws {
            let silent = try Timelines.joining.silent
            #expect(silent.answers[2].response.rcode == .serverFailure)
            #expect(silent.answers[2].time < .milliseconds(4350), "\(silent.answers[2].time)")
            #expect(silent.sent >= 3)
            let reviving = try Timelines.joining.reviving
            #expect(reviving.answers[2].response.hosts == [1], "\(reviving.answers[2].time)")
            #expect(reviving.answers[2].time < .milliseconds(4350))
        }
    }
}

/// Clients that ask for the same name at the same time, or soon after.
struct JoiningTimeline: Sendable {
    struct Ten: Sendable {
        let answers: [(spelling: DomainName, response: Response)]
        let sent: Int
    }

    /// Clients that asked at 0, 1 and 3 seconds.
    struct Trio: Sendable {
        let answers: [Timed]
        let sent: Int
    }

    let ten: Ten
    let silent: Trio
    /// The upstream answers from the third query on.
    let reviving: Trio

    init() throws {
        let silent = Background { try Self.trio(isReviving: false) }
        let reviving = Background { try Self.trio(isReviving: true) }
        ten = try Self.ten()
        self.silent = try silent.value
        self.reviving = try reviving.value
    }

    private static func ten() throws -> Ten {
        let upstream = try ScriptedUpstream {
            [.init($0.reply([$0.address()]), after: .milliseconds(400))]
        }
        let server = try Server.forwarding(
            Forwarded("example.net", upstream), more: "workers: 4\n")
        let answers = try sideBySide(0..<10) { number in
            let name = number % 3 == 0 ? "JOINED.example.net" : "joined.Example.net"
            let query = try Query(name)
            let response = try server.client.ask(query, over: number % 2 == 0 ? .udp : .tcp)
            return (spelling: query.question.name, response: response)
        }
        return Ten(answers: answers, sent: try upstream.received("joined.example.net").count)
    }

    private static func trio(isReviving: Bool) throws -> Trio {
        let upstream = try ScriptedUpstream.silent()
        let server = try Server.forwarding(Forwarded("example.net", upstream))
        if isReviving {
            let second = Background {
                try eventually { try upstream.received("joined.example.net").count == 2 }
            }
            // From now on it answers; what it was sent before stays unanswered.
            let changed = Background {
                guard try second.value else { throw Failure("no second attempt") }
                upstream.change { [.init($0.reply([$0.address()]))] }
            }
            defer { _ = try? changed.value }
            return try asked(server, upstream)
        }
        return try asked(server, upstream)
    }

    private static func asked(_ server: Server, _ upstream: ScriptedUpstream) throws -> Trio {
        let delays: [Duration] = [.zero, .seconds(1), .seconds(3)]
        let answers = try sideBySide(delays) { delay in
            pause(delay)
            return try Timed { try server.client.ask("joined.example.net", .a) }
        }
        return Trio(answers: answers, sent: try upstream.received("joined.example.net").count)
    }
}
