import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("What is stored, and for how long")
    struct StoringTests {
        @Test("CA4", arguments: StoringCase.all)
        func stored(row: StoringCase) throws {
            let seen = try #require(try Timelines.storing.seen[row.label])
            for (number, response) in [seen.first, seen.again, seen.later].enumerated() {
                #expect(response.rcode == row.rcode)
                #expect(response.answer.count == row.answer.count)
                #expect(response.authority.count == row.authority.count)
                guard number == 0 || row.life == .none else { continue }
                #expect(response.answer.map(\.ttl) == row.answer, "each record by itself")
                #expect(response.authority.map(\.ttl) == row.authority)
            }
            let counts = seen.sent
            switch row.life {
            case .none: #expect(counts[0] < counts[1] && counts[1] < counts[2], "\(counts)")
            case .fiveSeconds: #expect(counts[0] == counts[1] && counts[1] < counts[2], "\(counts)")
            case .longer: #expect(Set(counts) == [1], "\(counts)")
            }
        }

        @Test("CA6 a hit's TTL is what is left in whole seconds, and never 0")
        func countdown() throws {
            let polled = try Timelines.storing.polled
            // In its last tenth an entry that is asked for is refreshed.
            let hits = polled.filter { $0.age.upperBound < .seconds(4.4) }
            #expect(hits.count > 20)
            for (age, ttl) in hits {
                let left = [age.upperBound, age.lowerBound].map { 5 - UInt32($0 / .seconds(1)) }
                #expect((left[0]...left[1]).contains(ttl), "after \(age)")
            }
            #expect(polled.allSatisfy { $0.ttl >= 1 })
            let isRenewed = polled.contains { $0.age.lowerBound > .seconds(5) && $0.ttl >= 4 }
            #expect(isRenewed, "asked again")
        }

        @Test("CA4 nothing of a failure of our own: the next query is asked upstream at once")
        func ownFailure() throws {
            let upstream = try ScriptedUpstream { [.init($0.reply([$0.address(7)]))] }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            upstream.close()
            #expect(try server.client.ask("own.example.net", .a).rcode == .serverFailure)
            try upstream.open()
            #expect(try server.client.ask("own.example.net", .a).hosts == [7])
        }

        @Test("CA3 zone transfers and NOTIFY are answered here and never sent on")
        func metaQueries() throws {
            let upstream = try ScriptedUpstream { [.init($0.reply())] }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            for type in [RRType.axfr, .ixfr] {
                #expect(try server.client.ask("example.net", type, over: .tcp).rcode == .refused)
            }
            let notify = try Query("example.net", .soa).with {
                $0.flags = UInt16(Opcode.notify) << 11
            }
            #expect(try server.client.ask(notify).rcode == .notAuthoritative)
            #expect(upstream.everything.isEmpty)
        }

        @Test(
            "CA5 every record is clamped by itself, in all sections, first and cached",
            arguments: [("cache: 30", [20, 30, 5, 30]), ("cache: 3", [3, 3, 3, 3])])
        func clamp(settings: String, expected: [UInt32]) throws {
            let upstream = try ScriptedUpstream { query in
                let name = query.question.name
                let server = try DomainName("ns.example.net")
                let mail = try DomainName("mail.example.net")
                return [
                    .init(
                        query.reply(
                            [Record(name, .mx, ttl: 20, [0, 5] + mail.octets)],
                            authority: [
                                Record(
                                    try DomainName("example.net"), .ns, ttl: 40, server.octets)
                            ],
                            additional: [
                                Record(mail, .a, ttl: 0, [203, 0, 113, 1]),
                                Record(server, .a, ttl: 3600, [203, 0, 113, 2]),
                            ]))
                ]
            }
            let server = try Server.forwarding(
                Forwarded("example.net", upstream, settings: settings))
            for _ in 0..<2 {
                let response = try server.client.ask("www.example.net", .mx)
                #expect(response.records.map(\.ttl) == expected)
            }
            #expect(try upstream.received("www.example.net").count == 1)
        }

        @Test("CA5 the original TTL in a signature stays as it was signed")
        func originalTTL() throws {
            // Type covered A, algorithm 13, 3 labels, original TTL 3600 (RFC 4034 §3.1).
            let fields: [UInt8] = [0, 1, 13, 3, 0, 0, 0x0e, 0x10]
            let times: [UInt8] = [0x7f, 0, 0, 0, 0x60, 0, 0, 0, 0, 1]
            let upstream = try ScriptedUpstream { query in
                let signer = try DomainName("example.net").octets
                let signature = Record(
                    query.question.name, .rrsig, ttl: 3600, fields + times + signer + [1, 2, 3, 4])
                return [.init(query.reply([query.address(ttl: 3600), signature]))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let query = try Query("signed.example.net").with { $0.dnssecOK = true }
            for _ in 0..<2 {
                let signature = try #require(
                    try server.client.ask(query).answer.first { $0.type == .rrsig })
                #expect(signature.ttl == 30)
                #expect(Array(signature.rdata.prefix(8)) == fields)
            }
        }
    }
}

/// A row of the table of what an upstream says and how long that is kept.
struct StoringCase: Sendable, CustomTestStringConvertible {
    enum Life { case none, fiveSeconds, longer }

    let testDescription: String
    /// The label of the name that is answered so.
    let label: String
    let rcode: RCode
    let life: Life
    /// The TTLs that the client sees at first.
    let answer: [UInt32]
    let authority: [UInt32]
    let reply: ScriptedUpstream.Answer

    private init(
        _ description: String, _ label: String, _ life: Life, rcode: RCode = .noError,
        answer: [UInt32] = [], authority: [UInt32] = [],
        reply: @escaping ScriptedUpstream.Answer
    ) {
        testDescription = "CA4 \(description)"
        (self.label, self.rcode, self.life) = (label, rcode, life)
        (self.answer, self.authority, self.reply) = (answer, authority, reply)
    }

    static let all = answers + denials + failures

    private static let answers = [
        StoringCase("an answer: 30 s", "answer", .longer, answer: [30]) {
            $0.reply([$0.address(ttl: 3600)])
        },
        StoringCase("an alias with its data: each its TTL", "alias", .longer, answer: [20, 30]) {
            let target = Record(try DomainName("x.example.net"), .a, ttl: 60, [203, 0, 113, 1])
            return $0.reply([try $0.alias(to: "x.example.net", ttl: 20), target])
        },
        StoringCase(
            "an alias without data and SOA: passed on, not kept", "dangling", .none, answer: [30]
        ) { $0.reply([try $0.alias(to: "x.example.net")]) },
        StoringCase(
            "an alias without data, with SOA: the SOA's TTL", "pointing", .longer, answer: [30],
            authority: [12]
        ) {
            $0.reply([try $0.alias(to: "x.example.net")], authority: [try $0.soa(ttl: 12)])
        },
        StoringCase("a referral: 5 s", "referral", .fiveSeconds, authority: [5]) {
            let server = try DomainName("ns.example.org").octets
            return $0.reply(authority: [Record($0.question.name, .ns, ttl: 3600, server)])
        },
    ]

    private static let denials = [
        StoringCase("NODATA with SOA: its TTL, capped", "nodata", .longer, authority: [30]) {
            $0.reply(authority: [try $0.soa()])
        },
        StoringCase(
            "NODATA with SOA: its MINIMUM if that is lower (RFC 2308 §5)", "minimum", .longer,
            authority: [7]
        ) { $0.reply(authority: [try $0.soa(minimum: 7)]) },
        StoringCase(
            "NODATA without SOA: 5 s (home-assistant/plugin-dns#147)", "empty", .fiveSeconds
        ) { $0.reply() },
        StoringCase(
            "NXDOMAIN with SOA: its TTL", "denied", .longer, rcode: .nameError, authority: [9]
        ) {
            $0.reply(authority: [try $0.soa(ttl: 9)], rcode: .nameError)
        },
        StoringCase(
            "NXDOMAIN without SOA: 5 s (coredns#3755)", "nothing", .fiveSeconds, rcode: .nameError
        ) { $0.reply(rcode: .nameError) },
        StoringCase(
            "NXDOMAIN with SOA of TTL 0: 5 s, no more (coredns#4513)", "new", .fiveSeconds,
            rcode: .nameError, authority: [5]
        ) { $0.reply(authority: [try $0.soa(ttl: 0, minimum: 0)], rcode: .nameError) },
        StoringCase(
            "NXDOMAIN behind an alias, with SOA: 5 s", "lost", .fiveSeconds, rcode: .nameError,
            answer: [5], authority: [5]
        ) {
            $0.reply(
                [try $0.alias(to: "x.example.net")], authority: [try $0.soa()], rcode: .nameError)
        },
        StoringCase(
            "NXDOMAIN behind an alias, without SOA: 5 s", "gone", .fiveSeconds, rcode: .nameError,
            answer: [5]
        ) { $0.reply([try $0.alias(to: "x.example.net")], rcode: .nameError) },
    ]

    /// With an OPT record, or a resolver would take an error for one about EDNS.
    private static let failures = [
        ("servfail", RCode.serverFailure, "SERVFAIL of the upstream: 5 s", Life.fiveSeconds),
        ("notimp", .notImplemented, "NOTIMP of the upstream: 5 s", .fiveSeconds),
        ("formerr", .formatError, "FORMERR of the upstream: not kept", .none),
        ("refused", .refused, "REFUSED of the upstream: not kept (coredns#3755)", .none),
        ("yxdomain", .nameExists, "YXDOMAIN of the upstream: not kept", .none),
        ("notauth", .notAuthoritative, "NOTAUTH of the upstream: not kept", .none),
    ].map { label, rcode, description, life in
        StoringCase(description, label, life, rcode: rcode) {
            $0.reply(additional: [.opt()], rcode: rcode)
        }
    }
}

/// Every case of the table asked three times: at once, again, and when five seconds are over.
struct StoringTimeline: Sendable {
    struct Seen: Sendable {
        let first: Response
        let again: Response
        let later: Response
        /// How often the upstream had been asked after each.
        let sent: [Int]
    }

    let seen: [String: Seen]
    /// The TTL of an entry of 5 seconds, and how old that was.
    let polled: [Polled]

    typealias Polled = (age: ClosedRange<Duration>, ttl: UInt32)

    init() throws {
        var answers = [String: ScriptedUpstream.Answer]()
        for row in StoringCase.all { answers[row.label] = row.reply }
        answers["polled"] = { $0.reply([$0.address(ttl: 0)]) }
        let upstream = try ScriptedUpstream(byLabel: answers)
        let server = try Server.forwarding(Forwarded("example.net", upstream))
        var rounds: [[String: (Response, Int)]] = []
        let poll = Background { try Self.poll(server) }
        for round in 0..<3 {
            if round == 2 { pause(.milliseconds(5200)) }
            var seen: [String: (Response, Int)] = [:]
            for row in StoringCase.all {
                let name = "\(row.label).example.net"
                let response = try server.client.ask(name, .a)
                seen[row.label] = (response, try upstream.received(name).count)
            }
            rounds.append(seen)
        }
        seen = rounds[0].reduce(into: [:]) { seen, entry in
            let all = rounds.compactMap { $0[entry.key] }
            seen[entry.key] = Seen(
                first: all[0].0, again: all[1].0, later: all[2].0, sent: all.map(\.1))
        }
        polled = try poll.value
    }

    private static func poll(_ server: Server) throws -> [Polled] {
        func ask() throws -> Response { try server.client.ask("polled.example.net", .a) }
        let asked = ContinuousClock.now
        _ = try ask()
        let stored = ContinuousClock.now
        var polled: [Polled] = []
        while ContinuousClock.now - stored < .seconds(5.6) {
            let youngest = ContinuousClock.now - stored
            let response = try ask()
            let age = youngest...(ContinuousClock.now - asked)
            polled += response.answer.map { (age, $0.ttl) }
            pause(.milliseconds(60))
        }
        return polled
    }
}
