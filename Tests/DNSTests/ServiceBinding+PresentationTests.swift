import DNS
import Testing

@Suite("Service bindings in presentation form")
struct ServiceBindingPresentationTests {
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
