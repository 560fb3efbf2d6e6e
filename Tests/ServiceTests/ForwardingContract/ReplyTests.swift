import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("Which replies are taken")
    struct ReplyTests {
        /// A reply that came before the right one, over UDP.
        struct Forgery: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let make: @Sendable (ScriptedUpstream.Received) throws -> ScriptedUpstream.Reply
        }

        private static func forged(
            _ query: ScriptedUpstream.Received, name: String? = nil, type: RRType = .a,
            rrClass: UInt16 = RRClass.internet, id: UInt16? = nil
        ) throws -> [UInt8] {
            let name = try name.map { try DomainName($0) } ?? query.question.name
            return query.reply(
                [Record(name, type, ttl: 300, [198, 51, 100, 6])], id: id ?? query.header.id,
                question: Question(name: name, type: type, rrClass: rrClass))
        }

        static let forgeries = [
            Forgery(testDescription: "FW7 of a wrong ID") {
                .init(try forged($0, id: $0.header.id &+ 1))
            },
            Forgery(testDescription: "FW7 of eleven octets") {
                .init(Array(try forged($0).prefix(11)))
            },
            Forgery(testDescription: "FW7 unparsable, of a wrong ID") {
                .init(Array(try forged($0, id: $0.header.id &+ 1).dropLast(3)))
            },
            Forgery(testDescription: "FW9 to another name") {
                .init(try forged($0, name: "evil.example.net"))
            },
            Forgery(testDescription: "FW9 to another type") { .init(try forged($0, type: .txt)) },
            Forgery(testDescription: "FW9 to another class") { .init(try forged($0, rrClass: 3)) },
            Forgery(testDescription: "FW9 with QR=0") {
                var octets = try forged($0)
                octets[2] &= 0x7f
                return .init(octets)
            },
            Forgery(testDescription: "from another port (RFC 5452 §9.1)") {
                .init(try forged($0), isFromElsewhere: true)
            },
        ]

        @Test("A reply is ignored, and the right one 0.3 s later answers", arguments: forgeries)
        func forgery(forgery: Forgery) throws {
            let upstream = try ScriptedUpstream { query in
                let right = ScriptedUpstream.Reply(
                    query.reply([query.address(7)]), after: .milliseconds(300))
                return query.transport == .tcp ? [right] : [try forgery.make(query), right]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            let timed = try Timed { try server.client.ask("www.example.net", .a) }
            #expect(timed.response.rcode == .noError && timed.response.hosts == [7])
            #expect(timed.time >= .milliseconds(290) && timed.time < .milliseconds(900))
            #expect(upstream.everything.allSatisfy { $0.label == "www" }, "no failed attempt")
        }

        /// What cannot be read, with the right ID and question.
        struct Damage: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let inflict: @Sendable ([UInt8]) -> [UInt8]
        }

        static let damages = [
            Damage(testDescription: "cut in a record") { Array($0.dropLast(3)) },
            Damage(testDescription: "a record missing") { Array($0.dropLast(16)) },
            Damage(testDescription: "an owner that points forward") {
                var octets = $0
                // The address record's owner, before type, class, TTL, length and four octets.
                octets[octets.count - 16] = 0xc3
                octets[octets.count - 15] = 0xff
                return octets
            },
            Damage(testDescription: "an address of three octets") {
                var octets = Array($0.dropLast())
                octets[octets.count - 4] = 3
                return octets
            },
        ]

        @Test("FW8 an unparsable reply is a failed attempt: SERVFAIL at once", arguments: damages)
        func damaged(damage: Damage) throws {
            let upstream = try ScriptedUpstream { query in
                var builder = MessageBuilder()
                builder.write(Array(query.reply().prefix(6)))
                builder.write([0, 1, 0, 0, 0, 0])
                builder.write(query.question)
                // Compressed, so that the owner is a pointer.
                builder.write([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 203, 0, 113, 1])
                return [.init(damage.inflict(builder.octets))]
            }
            let good = try ScriptedUpstream { [.init($0.reply([$0.address(7)]))] }
            let server = try Server.forwarding(
                Forwarded("alone.example.net", upstream),
                Forwarded("two.example.net", upstream, good))
            let timed = try Timed { try server.client.ask("www.alone.example.net", .a) }
            #expect(timed.response.rcode == .serverFailure)
            #expect(timed.response.extendedError?.code == 0)
            let text = timed.response.extendedError?.text ?? ""
            #expect(text.contains("malformed answer"), "\(text)")
            #expect(timed.time < .milliseconds(500), "\(timed.time)")
            #expect(try upstream.received("www.alone.example.net").count == 2)
            let other = try Timed { try server.client.ask("www.two.example.net", .a) }
            #expect(other.response.hosts == [7] && other.time < .milliseconds(500))
        }

        @Test(
            "FW10 what the only upstream says is final, and passed on at once",
            arguments: [
                RCode.serverFailure, .refused, .formatError, .notImplemented, .nameExists,
                .notAuthoritative, .nameError,
            ])
        func rcodes(rcode: RCode) throws {
            let upstream = try ScriptedUpstream {
                [.init($0.reply(additional: [.opt()], rcode: rcode))]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            for transport in Transport.allCases {
                let timed = try Timed {
                    try server.client.ask("\(transport).example.net", .a, over: transport)
                }
                #expect(timed.response.rcode == rcode && timed.response.offersRecursion)
                #expect(timed.time < .milliseconds(500))
            }
        }

        @Test("FW10 an upstream without EDNS is asked again without (RFC 6891 §7)")
        func withoutEDNS() throws {
            let upstream = try ScriptedUpstream { query in
                let hasEDNS = query.header.additionalCount > 0
                return [
                    .init(
                        hasEDNS
                            ? query.reply(rcode: .formatError) : query.reply([query.address(7)]))
                ]
            }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            #expect(try server.client.ask("www.example.net", .a).hosts == [7])
        }
    }
}
