import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("What an answer says, first and from the cache")
    struct HitTests {
        private static let name = "www.example.net"

        /// The answers to these queries, each asked first with an empty cache and then again.
        private func answers(
            to queries: [Query], settings: String = "cache: 30",
            _ answer: @escaping ScriptedUpstream.Answer
        ) throws -> [(query: Query, response: Response)] {
            let upstream = try ScriptedUpstream { [.init(try answer($0))] }
            let server = try Server.forwarding(
                Forwarded("example.net", upstream, settings: settings))
            return try (queries + queries).map { ($0, try server.client.ask($0)) }
        }

        @Test("CA8 ID, RD and CD are the client's, RA is always set (coredns#3690)")
        func header() throws {
            var queries: [Query] = []
            for flags in [0, Header.Flag.recursionDesired, Header.Flag.checkingDisabled] {
                queries.append(try Query(Self.name).with { $0.flags = flags })
            }
            // An upstream that says RA=0 and repeats none of the bits.
            for (query, response) in try answers(
                to: queries, { $0.reply([$0.address()], flags: 0) })
            {
                #expect(response.offersRecursion && response.header.opcode == Opcode.query)
                #expect(response.header.id == query.id)
                let bits = Header.Flag.recursionDesired | Header.Flag.checkingDisabled
                #expect(response.header.flags & bits == query.flags & bits)
            }
        }

        @Test("CA8 question and owner names have the client's spelling (coredns#8041)")
        func spelling() throws {
            let names = ["www.example.net", "WWW.eXample.NET", "wWw.example.net"]
            let queries = try names.map { try Query($0) }
            let answers = try answers(to: queries) { query in
                // As an upstream that folds names.
                query.reply([Record(query.question.name.lowercased, .a, ttl: 60, [192, 0, 2, 1])])
            }
            for (query, response) in answers {
                let spelled = query.question.name.octets
                #expect(response.question?.name.octets == spelled)
                #expect(response.answer.map(\.owner.octets) == [spelled])
            }
        }

        @Test(
            "CA8 AA is what the upstream said, also from the cache (coredns#5793, #6185)",
            arguments: [true, false])
        func authoritative(isSet: Bool) throws {
            let flag = isSet ? Header.Flag.authoritativeAnswer : 0
            for (_, response) in try answers(
                to: [try Query(Self.name)], { $0.reply([$0.address()], flags: flag) })
            {
                #expect(response.isAuthoritative == isSet)
            }
        }

        @Test("CA8 records keep the order of the first answer")
        func order() throws {
            let queries = try (0..<4).map { _ in try Query(Self.name) }
            let hosts: [UInt8] = [7, 3, 9, 1, 5]
            for (_, response) in try answers(
                to: queries, { query in query.reply(hosts.map { query.address($0) }) })
            {
                #expect(response.hosts == hosts)
            }
        }

        @Test("CA9 AD is asked for always, and told to clients that set AD or DO")
        func authenticData() throws {
            let queries = try [(false, false), (true, false), (false, true), (true, true)].map {
                (wantsAD, wantsDO) in
                try Query(Self.name).with {
                    if wantsAD { $0.flags |= Header.Flag.authenticData }
                    $0.dnssecOK = wantsDO
                }
            }
            let answers = try answers(to: queries) {
                // A validating upstream says so only to who asks.
                $0.reply([$0.address()], flags: $0.header.flags & Header.Flag.authenticData)
            }
            for (query, response) in answers {
                let wants = query.dnssecOK || query.flags & Header.Flag.authenticData != 0
                #expect(response.isAuthenticated == wants, "\(query)")
            }
        }

        @Test("CA10 DO, CD and RD have entries of their own, up to eight for a name")
        func entries() throws {
            let upstream = try ScriptedUpstream { [.init($0.reply([$0.address()]))] }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let queries = try (0..<8).map { bits in
                try Query(Self.name).with {
                    $0.dnssecOK = bits & 1 != 0
                    $0.flags = bits & 2 != 0 ? Header.Flag.checkingDisabled : 0
                    if bits & 4 != 0 { $0.flags |= Header.Flag.recursionDesired }
                }
            }
            for query in queries + queries + queries.reversed() {
                #expect(try server.client.ask(query).hosts == [1])
            }
            let sent = try upstream.received(Self.name)
            #expect(sent.count == 8)
            for (query, received) in zip(queries, sent) {
                let bits = Header.Flag.recursionDesired | Header.Flag.checkingDisabled
                #expect(received.header.flags & bits == query.flags & bits)
                #expect(try received.message.edns.map { $0.ttl & 0x8000 != 0 } == query.dnssecOK)
            }
        }

        @Test("CA10 AD, the size, the transport and the client have not: one query serves all")
        func sharedEntry() throws {
            let upstream = try ScriptedUpstream { [.init($0.reply([$0.address()]))] }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let query = try Query(Self.name)
            let clients = [server.client, try server.client.from("127.0.0.9")]
            for client in clients {
                for transport in Transport.allCases {
                    for size in [nil, 512, 4096] as [UInt16?] {
                        let query = query.with { $0.ednsSize = size }
                        #expect(try client.ask(query, over: transport).hosts == [1])
                    }
                }
                let wantsAD = query.with { $0.flags |= Header.Flag.authenticData }
                #expect(try client.ask(wantsAD).hosts == [1])
            }
            #expect(try upstream.received(Self.name).count == 1)
        }

        @Test(
            "CA11 FW20 clients with OPT get ours and no option of the upstream (coredns#6188)")
        func upstreamOptions() throws {
            let queries = try [nil, 512, 1232, 4096].map { size in
                try Query(Self.name).with { $0.ednsSize = size }
            }
            let answers = try answers(to: queries) {
                $0.reply([$0.address()], additional: [.opt(try Self.options(to: $0))])
            }
            for (query, response) in answers {
                #expect(response.hosts == [1])
                #expect((response.edns != nil) == (query.ednsSize != nil))
                #expect(response.options.isEmpty, "\(response.options)")
                #expect(response.edns.map { $0.rrClass == 1232 && $0.ttl == 0 } != false)
            }
        }

        /// All that an upstream may say to the one that asks it; a cookie only when it was sent one
        /// (RFC 7873 §5.2).
        private static func options(to query: ScriptedUpstream.Received) throws -> [MessageOption] {
            let cookies = try query.message.options.filter { $0.code == MessageOption.cookie }
                .map { MessageOption(code: $0.code, data: $0.data.prefix(8) + Array(1...16)) }
            return cookies + [
                MessageOption(code: MessageOption.nsid, data: [0x75, 0x70]),
                MessageOption(code: MessageOption.clientSubnet, data: [0, 1, 24, 0, 192, 0, 2]),
                MessageOption(code: MessageOption.tcpKeepalive, data: [0, 100]),
                MessageOption(code: MessageOption.padding, data: [0, 0, 0]),
            ]
        }

        @Test("CA11 the upstream's extended error is passed on, also from the cache (coredns#5761)")
        func extendedError() throws {
            let error = MessageOption(
                code: MessageOption.extendedError, data: [0, 17] + Array("blocked".utf8))
            let queries = try [1232, nil].map { size in
                try Query(Self.name).with { $0.ednsSize = size }
            }
            for (query, response) in try answers(
                to: queries,
                { $0.reply(additional: [.opt([error])], rcode: .nameError) })
            {
                #expect(response.rcode == .nameError)
                let expected = query.ednsSize == nil ? nil : "blocked"
                #expect(response.extendedError?.text == expected)
                #expect(response.extendedError.map { $0.code == 17 } != false)
            }
        }

        @Test("FW20 DO is copied, and the version is 0 (RFC 6891 §6.1.3)")
        func dnssecOK() throws {
            let queries = try [true, false].map { isSet in
                try Query(Self.name).with { $0.dnssecOK = isSet }
            }
            for (query, response) in try answers(
                to: queries, { $0.reply([$0.address()], additional: [.opt()]) })
            {
                #expect(response.edns?.ttl == (query.dnssecOK ? 0x8000 : 0))
            }
        }
    }
}
