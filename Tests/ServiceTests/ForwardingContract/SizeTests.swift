import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("How long an answer may be")
    struct SizeTests {
        /// About 2,200 octets of text; an upstream that cuts it for a datagram, as CoreDNS's would.
        private static func long() throws -> ScriptedUpstream {
            try ScriptedUpstream { query in
                guard query.transport == .tcp else {
                    return [.init(query.reply(flags: Header.Flag.truncated))]
                }
                let text = String(repeating: "x", count: 100)
                let records = (0..<20).map { number in
                    let string = Array("\(number)\(text)".utf8)
                    return Record(
                        query.question.name, .txt, ttl: 300, [UInt8(string.count)] + string)
                }
                return [.init(query.reply(records))]
            }
        }

        @Test(
            "CA4 CA12 FW21 TC is retried over TCP by us, and cut for the client (coredns#5953)",
            arguments: [nil, 0, 512, 1232, 4096, 65535] as [UInt16?])
        func truncation(size: UInt16?) throws {
            let upstream = try Self.long()
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            for _ in 0..<2 {
                let cut = try server.client.ask("www.example.net", .txt, edns: size)
                #expect(cut.isTruncated && cut.rcode == .noError)
                #expect(cut.size <= min(1232, max(512, Int(size ?? 512))))
                #expect(cut.answer.isEmpty, "whole RRsets only (RFC 2181 §9)")
                #expect((cut.edns != nil) == (size != nil))
                let whole = try server.client.ask("www.example.net", .txt, over: .tcp, edns: size)
                #expect(whole.answer.count == 20 && !whole.isTruncated)
            }
            #expect(try upstream.received("www.example.net").map(\.transport) == [.udp, .tcp])
        }

        @Test("FW21 an answer that fits is whole, with what is additional left out before it")
        func additional() throws {
            let upstream = try ScriptedUpstream { query in
                let hosts = try (0..<40).map { try DomainName("a-longer-label-\($0).example.net") }
                return [
                    .init(
                        query.reply(
                            hosts.prefix(10).map {
                                Record(query.question.name, .mx, ttl: 60, [0, 5] + $0.octets)
                            },
                            additional: hosts.prefix(10).flatMap { host in
                                (0..<6).map {
                                    Record(host, .a, ttl: 60, [203, 0, 113, UInt8($0)])
                                }
                            }))
                ]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            for _ in 0..<2 {
                let small = try server.client.ask("www.example.net", .mx, edns: nil)
                #expect(small.answer.count == 10 && small.size <= 512)
                #expect(!small.isTruncated, "what is additional is no loss (RFC 2181 §9)")
                let sets = Dictionary(grouping: small.additional, by: \.owner)
                #expect(sets.values.allSatisfy { $0.count == 6 }, "whole RRsets only")
                let whole = try server.client.ask("www.example.net", .mx, over: .tcp)
                #expect(whole.additional.filter { $0.type == .a }.count == 60)
            }
        }

        @Test("FW21 names are compressed")
        func compression() throws {
            let upstream = try ScriptedUpstream { query in
                [.init(query.reply((0..<28).map { query.address(UInt8($0)) }))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let name = "a-name-of-some-length.below.example.net"
            for _ in 0..<2 {
                let response = try server.client.ask(name, .a, edns: nil)
                #expect(response.answer.count == 28 && !response.isTruncated)
                // Header, question, and 16 octets a record.
                #expect(response.size == 12 + name.utf8.count + 2 + 4 + 28 * 16)
            }
        }

        @Test("FW21 an upstream that cuts and has no TCP: the cut answer with TC, and not kept")
        func withoutTCP() throws {
            let upstream = try ScriptedUpstream { query in
                query.transport == .tcp
                    ? [] : [.init(query.reply([query.address()], flags: Header.Flag.truncated))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let timed = try Timed { try server.client.ask("www.example.net", .a) }
            #expect(timed.response.isTruncated && timed.time < .seconds(4.4))
            upstream.change { [.init($0.reply([$0.address(7)]))] }
            #expect(try server.client.ask("www.example.net", .a).hosts == [7])
        }
    }
}
