import DNS
import Testing

/// A test vector of RFC 9460 §D.1 or §D.2, which prints it as text and as octets.
struct ServiceBindingVector: Sendable, CustomTestStringConvertible {
    let figure: Int
    let about: String
    let texts: [String]
    let wire: String
    /// As it is printed here.
    let printed: String

    var testDescription: String { "Figure \(figure): \(about)" }

    private static let fooExampleCom = "03666f6f 07 6578616d706c65 03 636f6d 00"
    private static let fooExampleOrg = "03666f6f 07 6578616d706c65 03 6f7267 00"

    static let all = [
        ServiceBindingVector(
            figure: 2, about: "AliasMode", texts: ["0 foo.example.com."],
            wire: "0000 \(fooExampleCom)", printed: "0 foo.example.com."),
        ServiceBindingVector(
            figure: 3, about: "TargetName is \".\"", texts: ["1 ."], wire: "0001 00",
            printed: "1 ."),
        ServiceBindingVector(
            figure: 4, about: "a port", texts: ["16 foo.example.com. port=53"],
            wire: "0010 \(fooExampleCom) 0003 0002 0035", printed: "16 foo.example.com. port=53"),
        ServiceBindingVector(
            figure: 5, about: "a generic key and an unquoted value",
            texts: ["1 foo.example.com. key667=hello"],
            wire: "0001 \(fooExampleCom) 029b 0005 68656c6c6f",
            printed: "1 foo.example.com. key667=\"hello\""),
        ServiceBindingVector(
            figure: 6, about: "a generic key and a quoted value with a decimal escape",
            texts: ["1 foo.example.com. key667=\"hello\\210qoo\""],
            wire: "0001 \(fooExampleCom) 029b 0009 68656c6c6fd2716f6f",
            printed: "1 foo.example.com. key667=\"hello\\210qoo\""),
        ServiceBindingVector(
            figure: 7, about: "two quoted IPv6 hints",
            texts: [
                """
                1 foo.example.com. (
                    ipv6hint="2001:db8::1,2001:db8::53:1"
                    )
                """
            ],
            wire: """
                0001 \(fooExampleCom) 0006 0020
                20010db8000000000000000000000001 20010db8000000000000000000530001
                """, printed: "1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1"),
        ServiceBindingVector(
            figure: 8, about: "an IPv6 hint in the embedded IPv4 syntax",
            texts: ["1 example.com. (\n    ipv6hint=\"2001:db8:122:344::192.0.2.33\"\n    )"],
            wire: """
                0001 07 6578616d706c65 03 636f6d 00 0006 0010
                20010db80122034400000000c0000221
                """, printed: "1 example.com. ipv6hint=2001:db8:122:344::c000:221"),
        ServiceBindingVector(
            figure: 9, about: "keys in any order, sorted on the wire",
            texts: [
                """
                16 foo.example.org. (
                    alpn=h2,h3-19 mandatory=ipv4hint,alpn
                    ipv4hint=192.0.2.1
                    )
                """
            ],
            wire: """
                0010 \(fooExampleOrg) 0000 0004 0001 0004 0001 0009 026832 0568332d3139
                0004 0004 c0000201
                """,
            printed: """
                16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1
                """),
        ServiceBindingVector(
            figure: 10, about: "an alpn value with an escaped comma and an escaped backslash",
            texts: [
                "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
                "16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
            ], wire: "0010 \(fooExampleOrg) 0001 000c 08665c6f6f2c626172 026832",
            printed: "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\""),
    ]
}

@Suite("RFC 9460's test vectors")
struct ServiceBindingVectorsTests {
    private static let types = [RRType.svcb, .https]

    @Test("The texts of §D.1 and §D.2 are read", arguments: ServiceBindingVector.all)
    func reads(vector: ServiceBindingVector) throws {
        for type in Self.types {
            for text in vector.texts {
                #expect(try RData.parse(text, type: type) == octets(vector.wire))
            }
            // The second form of each vector is that of unknown types (RFC 3597 §5).
            let opaque = "\\# \(octets(vector.wire).count) ( \(vector.wire) )"
            #expect(try RData.parse(opaque, type: type) == octets(vector.wire))
        }
    }

    @Test("The octets of §D.1 and §D.2 are read and printed", arguments: ServiceBindingVector.all)
    func prints(vector: ServiceBindingVector) throws {
        let wire = octets(vector.wire)
        #expect(try ServiceBinding(rdata: wire.span).rdata == wire)
        for type in Self.types {
            #expect(RData.describe(wire.span, type: type) == vector.printed)
            #expect(try RData.parse(vector.printed, type: type) == wire)
        }
    }

    @Test(
        "The failure cases of §D.3 are refused, each with its reason",
        arguments: [
            (11, "key123=abc key123=def", "parameters: found \"key123 twice\""),
            (12, "mandatory", "mandatory: found nothing"),
            (12, "alpn", "alpn: found nothing"),
            (12, "port", "port: found nothing, expected a number from 0 to 65535"),
            (12, "ipv4hint", "ipv4hint: found nothing, expected IPv4 addresses between commas"),
            (12, "ipv6hint", "ipv6hint: found nothing, expected IPv6 addresses between commas"),
            (13, "no-default-alpn=abc", "no-default-alpn: found \"abc\", expected no value"),
            (
                14, "mandatory=key123",
                "parameters: found \"mandatory lists key123, which is missing\""
            ),
            (15, "mandatory=mandatory", "mandatory: found \"mandatory\""),
            (16, "mandatory=key123,key123 key123=abc", "mandatory: found \"key123,key123\""),
        ])
    func refuses(figure: Int, parameters: String, message: String) {
        for type in Self.types {
            let error = #expect(throws: RDataError.self, "Figure \(figure)") {
                try RData.parse("1 foo.example.com. ( \(parameters) )", type: type)
            }
            #expect(error?.description.hasPrefix(message) == true, "Figure \(figure)")
        }
    }

    @Test(
        "The failure cases of §D.3 are refused on the wire too",
        arguments: [
            (11, "007b 0003 616263 007b 0003 646566"), (12, "0000 0000"), (12, "0001 0000"),
            (12, "0003 0000"), (12, "0004 0000"), (12, "0006 0000"), (13, "0002 0003 616263"),
            (14, "0000 0002 007b"), (15, "0000 0002 0000"),
            (16, "0000 0004 007b 007b 007b 0003 616263"),
        ])
    func refusesOctets(figure: Int, parameters: String) {
        let wire = octets("0001 00 \(parameters)")
        #expect(throws: ServiceBindingError.self, "Figure \(figure)") {
            try ServiceBinding(rdata: wire.span)
        }
        #expect(RData.describe(wire.span, type: .https).hasPrefix("\\# "), "Figure \(figure)")
    }
}
