import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("What is sent upstream")
    struct SendingTests {
        private static func answering(
            closesConnections: Bool = false
        ) throws -> (upstream: ScriptedUpstream, server: Server) {
            let upstream = try ScriptedUpstream(closesConnections: closesConnections) {
                [.init($0.reply([$0.address()]))]
            }
            return (upstream, try Server.forwarding(Forwarded("example.net", upstream)))
        }

        @Test(
            "FW1 the upstream is asked over the client's transport", arguments: Transport.allCases)
        func transport(transport: Transport) throws {
            let (upstream, server) = try Self.answering()
            #expect(try server.client.ask("www.example.net", .a, over: transport).hosts == [1])
            #expect(try upstream.received("www.example.net").map(\.transport) == [transport])
        }

        @Test(
            "FW2 EDNS of 1232 octets goes upstream whatever the client sends (coredns#6192)",
            arguments: [nil, 0, 512, 1232, 4096] as [UInt16?])
        func size(size: UInt16?) throws {
            let (upstream, server) = try Self.answering()
            #expect(try server.client.ask("www.example.net", .a, edns: size).hosts == [1])
            let sent = try #require(try upstream.received("www.example.net").first).message
            #expect(sent.additional.map(\.type) == [.opt])
            #expect(sent.edns?.rrClass == 1232 && sent.edns?.ttl == 0)
        }

        @Test("FW2 the name as asked but for its case, type, class IN, opcode QUERY, AD=1")
        func question() throws {
            let (upstream, server) = try Self.answering()
            let name = "wWw.a\\.b\\000.xn--bcher-kva.example.net"
            let type = RRType(rawValue: 65280)
            _ = try server.client.ask(name, type)
            let sent = try #require(try upstream.received(name).first)
            #expect(sent.question.type == type && sent.question.rrClass == RRClass.internet)
            let known = Header.Flag.recursionDesired | Header.Flag.checkingDisabled
            #expect(sent.header.flags & ~known == Header.Flag.authenticData)
            let counts = [
                sent.header.questionCount, sent.header.answerCount, sent.header.authorityCount,
                sent.header.additionalCount,
            ]
            #expect(counts == [1, 0, 0, 1])
        }

        @Test(
            "FW2 no option of the client goes upstream (coredns#6188, kubernetes/dns#650)",
            arguments: Transport.allCases)
        func options(transport: Transport) throws {
            let (upstream, server) = try Self.answering()
            let cookie: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
            var options = [
                MessageOption(code: MessageOption.cookie, data: cookie),
                MessageOption(code: MessageOption.nsid, data: []),
                MessageOption(code: MessageOption.clientSubnet, data: [0, 1, 24, 0, 192, 0, 2]),
                MessageOption(code: MessageOption.padding, data: [UInt8](repeating: 0, count: 600)),
                MessageOption(code: 65001, data: [1]),
            ]
            if transport == .tcp {
                options.append(MessageOption(code: MessageOption.tcpKeepalive, data: []))
            }
            let query = try Query("www.example.net").with { $0.options = options }
            #expect(try server.client.ask(query, over: transport).hosts == [1])
            let sent = try #require(try upstream.received("www.example.net").first).message
            // A cookie is ours if it is one.
            #expect(sent.options.allSatisfy { $0.code == MessageOption.cookie })
            #expect(sent.options.allSatisfy { !$0.data.starts(with: cookie) })
        }

        @Test("FW2 FW5 IDs are random and ports many (coredns#5318, #6159)")
        func unpredictable() throws {
            let (upstream, server) = try Self.answering()
            for number in 0..<96 {
                #expect(try server.client.ask("n\(number).example.net", .a).hosts == [1])
            }
            let sent = upstream.everything
            #expect(sent.count == 96)
            #expect(Set(sent.map(\.header.id)).count > 88)
            let steps = zip(sent, sent.dropFirst()).map { $1.header.id &- $0.header.id }
            #expect(Set(steps).count > 80, "not a counter")
            let ports = sent.compactMap(\.source?.port)
            #expect(Set(ports).count >= 4)
            #expect(zip(ports, ports.dropFirst()).contains { $0 != $1 })
        }

        @Test("FW3 a datagram may be longer than what we announce, up to 4096 octets")
        func longDatagram() throws {
            let upstream = try ScriptedUpstream { query in
                guard query.transport == .udp else { return [] }
                return [.init(query.reply((0..<100).map { query.address(UInt8($0)) }))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let cut = try server.client.ask("long.example.net", .a)
            #expect(cut.isTruncated)
            let whole = try server.client.ask("long.example.net", .a, over: .tcp)
            #expect(whole.answer.count == 100)
            #expect(try upstream.received("long.example.net").map(\.transport) == [.udp])
        }

        @Test("FW3 a datagram of more than 4096 octets: asked again over TCP")
        func tooLongDatagram() throws {
            let upstream = try ScriptedUpstream { query in
                let text = try Record.txt(
                    "huge.example.net",
                    (0..<30).map { "\($0) " + String(repeating: "t", count: 200) })
                return [.init(query.reply([text]))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let timed = try Timed { try server.client.ask("huge.example.net", .txt) }
            #expect(timed.response.isTruncated && timed.time < .milliseconds(500))
            let whole = try server.client.ask("huge.example.net", .txt, over: .tcp)
            #expect(whole.answer.count == 1 && !whole.isTruncated)
            #expect(try upstream.received("huge.example.net").map(\.transport) == [.udp, .tcp])
        }

        @Test("FW5 a connection that the upstream closed is no failed attempt")
        func closedConnection() throws {
            let (upstream, server) = try Self.answering(closesConnections: true)
            for number in 0..<10 {
                let timed = try Timed {
                    try server.client.ask("n\(number).example.net", .a, over: .tcp)
                }
                #expect(timed.response.hosts == [1] && timed.time < .milliseconds(500))
            }
            #expect(upstream.everything.allSatisfy { $0.transport == .tcp })
            #expect(upstream.everything.allSatisfy { $0.label.hasPrefix("n") }, "no probes")
        }

        @Test("FW6 what is not known passes as it came (RFC 3597, coredns#5993)")
        func unknownTypes() throws {
            // What a pointer to the question looks like is data here.
            let opaque: [UInt8] = [0xc0, 0x0c, 0, 1, 0xff]
            // 1 . alpn=h2 key667=ABC, and a parameter without a value.
            let binding: [UInt8] =
                [0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32] + [0x02, 0x9b, 0, 3, 65, 66, 67]
                + [0x02, 0x9c, 0, 0]
            let data: [RRType: [UInt8]] = [
                RRType(rawValue: 65280): opaque, RRType(rawValue: 731): [], .https: binding,
                .svcb: binding,
            ]
            let upstream = try ScriptedUpstream { query in
                let rdata = data[query.question.type] ?? []
                let record = Record(query.question.name, query.question.type, ttl: 60, rdata)
                return [.init(query.reply([record]))]
            }
            let server = try Server.forwarding(
                Forwarded("example.net", upstream), more: "https-records: pass\n")
            for (type, rdata) in data {
                for _ in 0..<2 {
                    #expect(
                        try server.client.ask("u.example.net", type).answer.map(\.rdata) == [rdata])
                }
            }
        }
    }
}
