import DNS
import Testing

@Suite("Service bindings in presentation form")
struct ServiceBindingPresentationTests {
    private static let fooExampleCom = "03666f6f 07 6578616d706c65 03 636f6d 00"
    private static let fooExampleOrg = "03666f6f 07 6578616d706c65 03 6f7267 00"

    @Test(
        "The vectors of RFC 9460 §D.1 and §D.2 are read",
        arguments: [
            ("0 foo.example.com.", "0000 \(fooExampleCom)"),
            ("1 .", "0001 00"),
            ("16 foo.example.com. port=53", "0010 \(fooExampleCom) 0003 0002 0035"),
            (
                "1 foo.example.com. key667=hello",
                "0001 \(fooExampleCom) 029b 0005 68656c6c6f"
            ),
            (
                "1 foo.example.com. key667=\"hello\\210qoo\"",
                "0001 \(fooExampleCom) 029b 0009 68656c6c6fd2716f6f"
            ),
            (
                "1 foo.example.com. (\n  ipv6hint=\"2001:db8::1,2001:db8::53:1\"\n)",
                """
                0001 \(fooExampleCom) 0006 0020
                20010db8000000000000000000000001 20010db8000000000000000000530001
                """
            ),
            (
                "1 example.com. (ipv6hint=\"2001:db8:122:344::192.0.2.33\")",
                """
                0001 07 6578616d706c65 03 636f6d 00 0006 0010
                20010db80122034400000000c0000221
                """
            ),
            (
                "16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn\nipv4hint=192.0.2.1)",
                """
                0010 \(fooExampleOrg) 0000 0004 0001 0004 0001 0009 026832 0568332d3139
                0004 0004 c0000201
                """
            ),
            (
                "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
                "0010 \(fooExampleOrg) 0001 000c 08665c6f6f2c626172 026832"
            ),
            (
                "16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
                "0010 \(fooExampleOrg) 0001 000c 08665c6f6f2c626172 026832"
            ),
        ])
    func readsVectors(text: String, wire: String) throws {
        for type in [RRType.svcb, .https] {
            let rdata = try RData.parse(text, type: type)
            #expect(rdata == octets(wire))
            let description = RData.describe(rdata.span, type: type)
            #expect(try RData.parse(description, type: type) == rdata)
        }
    }

    @Test(
        "The failure cases of RFC 9460 §D.3 are refused, each with its reason",
        arguments: [
            ("key123=abc key123=def", "parameters: found \"key123 twice\""),
            ("mandatory", "mandatory: found nothing"),
            ("alpn", "alpn: found nothing"),
            ("port", "port: found nothing, expected a number from 0 to 65535"),
            ("ipv4hint", "ipv4hint: found nothing, expected IPv4 addresses between commas"),
            ("ipv6hint", "ipv6hint: found nothing, expected IPv6 addresses between commas"),
            ("no-default-alpn=abc", "no-default-alpn: found \"abc\", expected no value"),
            ("mandatory=key123", "parameters: found \"mandatory lists key123, which is missing\""),
            ("mandatory=mandatory", "mandatory: found \"mandatory\""),
            ("mandatory=key123,key123 key123=abc", "mandatory: found \"key123,key123\""),
        ])
    func refusesVectors(parameters: String, message: String) {
        let error = #expect(throws: RDataError.self) {
            try RData.parse("1 foo.example.com. " + parameters, type: .svcb)
        }
        #expect(error?.description.hasPrefix(message) == true)
    }

    @Test(
        "Other parameters that are not valid are refused",
        arguments: [
            "alpn=", "alpn=,", "alpn=h2,", "alpn=,h2", "alpn=\"a\\\\b\"", "alpn=\"a\\\\\"",
            "port=65536", "port=+1", "port=", "port=80,81", "ipv4hint=192.0.2.1,", "ipv4hint=::1",
            "ipv6hint=192.0.2.1", "ech=abc", "ech=", "mandatory=alpn,nokey alpn=h2",
            "no-default-alpn",
            "nokey=1", "ALPN=h2", "key01=\\002h2", "key65536=a", "key65535=a", "key=a", "=a",
            "key1=h2", "key3=a", "alpn=h2 key1=\\002h2", "ohttp=1",
        ])
    func refuses(parameters: String) {
        #expect(throws: RDataError.self) { try RData.parse("1 . " + parameters, type: .https) }
    }

    @Test("An alias takes no parameters")
    func refusesParametersOfAliases() {
        let error = #expect(throws: RDataError.self) {
            try RData.parse("0 a. alpn=h2", type: .https)
        }
        #expect(error?.field == "parameters")
    }

    @Test(
        "A binding is written so that it reads the same",
        arguments: [
            "1 . alpn=\"h3,h2\" ipv4hint=192.0.2.1,192.0.2.2 ech=AQID ipv6hint=2001:db8::1",
            "1 . mandatory=alpn,port alpn=\"h2\" no-default-alpn port=443",
            "1 . alpn=\"a\\\\,b\\\\\\\\c\"", "1 . alpn=\"\\000\\255 \\\"\"",
            "1 . ipv6hint=::ffff:192.0.2.1", "1 . key667", "1 . key667=\"a b\\\"\" key668=\"=\"",
            "1 . alpn=\"h2\" dohpath=\"/dns-query{?dns}\" ohttp", "0 .",
        ])
    func writes(text: String) throws {
        let rdata = try RData.parse(text, type: .https)
        #expect(RData.describe(rdata.span, type: .https) == text)
    }

    @Test("A generic key's value is in wire form, also that of a registered key (RFC 9460 §2.1)")
    func readsGenericKeys() throws {
        let rdata = try RData.parse("1 . key1=\\002h2 key3=\\000P mandatory=key1", type: .svcb)
        #expect(RData.describe(rdata.span, type: .svcb) == "1 . mandatory=alpn alpn=\"h2\" port=80")
    }
}
