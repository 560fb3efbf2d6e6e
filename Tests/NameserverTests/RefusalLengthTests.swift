import DNS
import Testing

@testable import Nameserver

@Suite("Refusals over UDP")
struct RefusalLengthTests {
    private static let secret = SipHash.Key(low: 1, high: 2)
    private static let client = IPAddress.v4(0xc000_0201)
    private static let stranger = IPAddress.v4(0x0a00_0001)

    private static func site() throws -> Site {
        var server = ServerDescription()
        server.cookies = .shared([secret])
        server.nsid = Array("a name of this node that is long".utf8)
        var view = ViewDescription(
            name: "lan", clients: [Site.prefix("192.0.0.0/8")],
            zones: [
                try zone(
                    "lab.example", mode: .authoritative,
                    [("www.lab.example", .a, [192, 0, 2, 1])])
            ], forward: [])
        view.rateLimit = ClientLimit.queries(100_000)
        return Site([view], server: server, paces: PaceTable(secret: secret))
    }

    /// Options that a query may have: none, a client cookie, that and NSID, NSID, room for everything.
    private static let options: [[UInt8]] = [
        [], [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8],
        [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3, 0, 0], [0, 3, 0, 0],
        [0, 10, 0, 24] + [UInt8](repeating: 7, count: 24),
        [0, 12, 0, 200] + [UInt8](repeating: 0, count: 200),
    ]
    private static let malformed: [[UInt8]] = [[0, 10, 0, 3, 1, 2, 3], [0, 3, 0, 9, 1]]

    /// A message of each kind that is refused, with what it has beside its question.
    private static func messages(_ options: [UInt8]?) -> [(Message, IPAddress)] {
        var messages: [(Message, IPAddress)] = []
        func add(
            _ name: String, _ type: RRType, flags: UInt16 = 0x0100, from client: IPAddress = client,
            _ change: (inout Message) -> Void = { _ in }
        ) {
            var message = Message(name, type, flags: flags)
            if let options { message.addOPT(options: options) }
            change(&message)
            messages.append((message, client))
        }
        // In no view, no rule, transfers, types and classes that there are not.
        add("www.lab.example", .a, from: stranger)
        add("www.example", .a)
        for type in [RRType.axfr, .ixfr, .opt, RRType(rawValue: 253)] { add("lab.example", type) }
        for rrClass: UInt8 in [3, 4, 255] {
            add("version.bind", .txt) { $0.octets[12 + 14 + 3] = rrClass }
        }
        // NOTIFY and UPDATE, in and out of the zone; other opcodes; malformed ones.
        for client in [client, stranger] {
            for flags: UInt16 in [0x2000, 0x2800, 0x1000, 0x3000] {
                add("lab.example", .soa, flags: flags, from: client)
                add("example", .a, flags: flags, from: client)
            }
            add("lab.example", .a, from: client) { $0.octets[7] = 1 }
            add("lab.example", .a, from: client) { $0.octets.append(0) }
            add("lab.example", .a, from: client) { $0.octets[2] |= 0x02 }
            add("lab.example", .a, from: client) { $0.octets[5] = 2 }
            add("lab.example", .a, from: client) {
                $0.octets.replaceSubrange(4..<6, with: [0, 0])
                $0.octets.removeSubrange(12..<29)
            }
            // A later version of EDNS.
            if options != nil {
                add("lab.example", .a, from: client) { $0.octets[29 + 6] = 1 }
            }
            // Signed, its key's name in full or pointing to the question's.
            for owner in [Array(wire("a.key.with.a.long.name.example")), [0xc0, 12]] {
                add("lab.example", .a, from: client) { message in
                    let rdata =
                        wire("hmac-sha256") + [0, 0, 1, 2, 3, 4, 1, 44, 0, 4, 9, 9, 9, 9]
                        + [0x12, 0x34, 0, 0, 0, 0]
                    message.octets += owner + [0, 250, 0, 255, 0, 0, 0, 0, 0, UInt8(rdata.count)]
                    message.octets += rdata
                    message.octets[11] += 1
                }
            }
        }
        return messages
    }

    @Test(
        "are never longer than the query",
        arguments: [nil] + (options + malformed).map(Optional.some))
    func lengths(options: [UInt8]?) throws {
        let site = try Self.site()
        var rcodes: Set<UInt16> = []
        for (message, client) in Self.messages(options) {
            // An answer without data is a refusal whatever its code: a cookie, which RFC 7873 §5.4 has a
            // client's message without a question ask for, is none.
            guard
                let answer = site.process(
                    message.octets, client: client, transport: .udp, fresh: [])
            else { continue }
            let extended = UInt16(answer.edns?.extendedRCode ?? 0) << 4 | answer.rcode
            guard extended != 0 || client == Self.stranger else { continue }
            rcodes.insert(extended)
            #expect(
                answer.octets.count <= message.octets.count,
                "\(message.octets) gets \(answer.octets)")
        }
        #expect(rcodes.isSuperset(of: [1, 4, 9]))
        #expect(rcodes.contains(5) != options.map { Self.malformed.contains($0) })
        #expect(rcodes.contains(16) == (options != nil))
    }

    @Test("that an upstream has made are not longer either")
    func passedOn() throws {
        let site = Site(forward: [Site.rule()])
        var query = Message("www.passed.example", .a, flags: 0x0100)
        query.addOPT(options: [])
        let client = IPAddress.v4(0xc0a8_0a05)
        #expect(site.process(query.octets, client: client, transport: .udp, fresh: []) == nil)
        while !site.sent.isEmpty {
            site.reply(rcode: 5) {
                $0.addOPT(options: [0, 15, 0, 32, 0, 15] + [UInt8](repeating: 0x61, count: 30))
            }
        }
        let answer = try #require(site.lastAnswer)
        #expect(answer.rcode == 5 && answer.octets.count <= query.octets.count)
    }

    @Test("that give up on a query are not longer either")
    func givingUp() throws {
        let site = try Self.site()
        for options in Self.options {
            var query = Message("www.example", .a, flags: 0x0100)
            query.addOPT(options: options)
            var buffer = [UInt8](repeating: 0, count: 1232)
            var span = buffer.mutableSpan
            let length = site.processor.giveUp(
                query.octets.span, from: Self.client, over: .udp, snapshot: site.snapshot,
                because: .noForwardRule, into: &span)
            #expect(length <= query.octets.count)
        }
    }

    @Test("lose the reason's text first, then the reason, then NSID, then the cookie")
    func order() throws {
        let site = try Self.site()
        func refusal(padding: Int?, over transport: ClientTransport = .udp) throws -> Answer {
            var query = Message("www.example", .a, flags: 0x0100)
            let cookie: [UInt8] = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]
            let room = padding.map { [0, 12, 0, UInt8($0)] + [UInt8](repeating: 0, count: $0) }
            query.addOPT(options: cookie + [0, 3, 0, 0] + (room ?? []))
            return try #require(
                site.process(query.octets, client: Self.client, transport: transport, fresh: []))
        }
        func has(_ option: UInt16, _ answer: Answer) -> Bool {
            (try? answer.edns?.option(option, in: answer.octets.span)) != nil
        }
        // The cookie is 16 octets longer than the query's, NSID has 32, the reason 6 and its text.
        let none = try refusal(padding: nil)
        #expect(!has(10, none) && !has(3, none) && none.extendedErrorText == "")
        let cookie = try refusal(padding: 12)
        #expect(has(10, cookie) && !has(3, cookie) && cookie.extendedError == nil)
        let nsid = try refusal(padding: 48)
        #expect(has(10, nsid) && has(3, nsid) && nsid.extendedError == nil)
        let reason = try refusal(padding: 60)
        #expect(has(3, reason) && reason.extendedErrorText == "")
        let text = try refusal(padding: 120)
        #expect(has(3, text) && text.extendedErrorText?.isEmpty == false)
        let stream = try refusal(padding: nil, over: .tcp)
        #expect(has(10, stream) && has(3, stream) && stream.extendedErrorText?.isEmpty == false)
    }
}
