import DNS
import Nameserver
import Testing

@Suite("HTTPS record policies")
struct HTTPSRecordPolicyTests {
    typealias Outcome = HTTPSRecordPolicy.Outcome

    private static func outcome(
        _ policy: HTTPSRecordPolicy, _ rdata: [UInt8], isDNSServer: Bool = false
    ) -> Outcome {
        policy.outcome(rdata: rdata.span, isDNSServer: isDNSServer)
    }

    private static func outcome(
        _ policy: HTTPSRecordPolicy, _ text: String, isDNSServer: Bool = false
    ) throws -> Outcome {
        outcome(policy, try RData.parse(text, type: .https), isDNSServer: isDNSServer)
    }

    private static func replacing(_ text: String) throws -> Outcome {
        .replace(try RData.parse(text, type: .https))
    }

    @Test("A record that advertises h3 with ECH, as a CDN publishes it")
    func treatsCDNRecord() throws {
        let record = "1 . alpn=h3,h2 ipv4hint=192.0.2.1 ech=AQID ipv6hint=2001:db8::1"
        let hints = "ipv4hint=192.0.2.1 ipv6hint=2001:db8::1"
        #expect(try Self.outcome(.removeH3, record) == .remove(malformed: false))
        #expect(
            try Self.outcome(.rewriteH3, record) == Self.replacing("1 . alpn=h2 ech=AQID \(hints)"))
        #expect(
            try Self.outcome(.rewriteH3AndECH, record) == Self.replacing("1 . alpn=h2 \(hints)"))
        #expect(try Self.outcome(.remove, record) == .remove(malformed: false))
        #expect(try Self.outcome(.pass, record) == .keep)
    }

    @Test("A record without h3 stays, but for its ECH")
    func treatsPlainRecord() throws {
        let record = "1 . alpn=h2 ech=AQID"
        for policy in [HTTPSRecordPolicy.removeH3, .rewriteH3, .pass] {
            #expect(try Self.outcome(policy, record) == .keep)
        }
        #expect(try Self.outcome(.rewriteH3AndECH, record) == Self.replacing("1 . alpn=h2"))
        #expect(try Self.outcome(.rewriteH3AndECH, "1 . alpn=h2") == .keep)
        #expect(try Self.outcome(.remove, record) == .remove(malformed: false))
    }

    @Test("An alias stays under every policy but remove")
    func keepsAliases() throws {
        for policy in HTTPSRecordPolicy.allCases {
            let expected: Outcome = policy == .remove ? .remove(malformed: false) : .keep
            #expect(try Self.outcome(policy, "0 svc.example.") == expected)
        }
    }

    @Test("A record that offers h3 only goes when the rewriting leaves nothing")
    func removesQUICOnlyRecords() throws {
        for policy in [HTTPSRecordPolicy.rewriteH3, .rewriteH3AndECH] {
            #expect(
                try Self.outcome(policy, "1 . alpn=h3 no-default-alpn") == .remove(malformed: false)
            )
            #expect(try Self.outcome(policy, "1 . alpn=h3") == Self.replacing("1 ."))
        }
        #expect(
            try Self.outcome(.rewriteH3AndECH, "1 . mandatory=ech ech=AQID")
                == .remove(malformed: false))
    }

    @Test("A DNS server's record: doq is not h3, and without an id nothing is left")
    func treatsDNSServers() throws {
        for policy in HTTPSRecordPolicy.allCases where policy != .remove {
            #expect(try Self.outcome(policy, "1 . alpn=doq,dot", isDNSServer: true) == .keep)
        }
        #expect(
            try Self.outcome(.rewriteH3, "1 . alpn=h3 dohpath=/q{?dns}", isDNSServer: true)
                == .remove(malformed: false))
        #expect(
            try Self.outcome(.rewriteH3, "1 . alpn=h2,h3 dohpath=/q{?dns}", isDNSServer: true)
                == Self.replacing("1 . alpn=h2 dohpath=/q{?dns}"))
    }

    @Test("Malformed RDATA goes under every policy, and says so")
    func removesMalformedRecords() {
        let malformed: [[UInt8]] = [
            [], [0, 1], [0, 1, 0xc0, 0], [0, 1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 3, 0, 1, 80],
        ]
        for policy in HTTPSRecordPolicy.allCases {
            for rdata in malformed {
                #expect(Self.outcome(policy, rdata) == .remove(malformed: true))
            }
        }
    }
}
