import DNS
import Testing

@Suite("Errors in RDATA")
struct RDataErrorTests {
    @Test(
        "An error says which field, what was found and what is expected",
        arguments: [
            (
                RRType.mx, "ten mail.",
                "preference: found \"ten\", expected a number from 0 to 65535"
            ),
            (.mx, "-1 mail.", "preference: found \"-1\", expected a number from 0 to 65535"),
            (.mx, "+1 mail.", "preference: found \"+1\", expected a number from 0 to 65535"),
            (.mx, "65536 a.", "preference: found \"65536\", expected a number from 0 to 65535"),
            (.mx, "10", "exchange: found nothing, expected a domain name"),
            (.mx, "10 a..b", "exchange: found \"a..b\" (an empty label), expected a domain name"),
            (.mx, "10 a. b.", "data: found \"b.\", expected nothing after the last field"),
            (.a, "2001:db8::1", "address: found \"2001:db8::1\", expected an IPv4 address"),
            (.aaaa, "192.0.2.1", "address: found \"192.0.2.1\", expected an IPv6 address"),
            (
                .soa, "ns. me@example.com. 1 2 3 4 5",
                """
                rname: found "me@example.com.", expected a mail address with a dot for its @, such \
                as hostmaster.example.com.
                """
            ),
            (.caa, "256 issue a", "flags: found \"256\", expected a number from 0 to 255"),
            (
                .caa, "0 is-sue a",
                "tag: found \"is-sue\", expected letters and digits such as issue, at most 255"
            ),
            (.uri, "1 1 \"\"", "target: found \"\", expected a text that is not empty"),
            (.sshfp, "1 1", "fingerprint: found nothing, expected pairs of hexadecimal digits"),
            (.sshfp, "1 1 abc", "fingerprint: found \"abc\", expected pairs of hexadecimal digits"),
            (.openpgpkey, "AQI", "public key: found \"AQI\", expected base 64 with its padding"),
            (
                .ds, "1 RSA 2 00",
                """
                algorithm: found "RSA", expected a number from 0 to 255 or a mnemonic such as \
                ECDSAP256SHA256
                """
            ),
            (
                .txt, "v=DKIM1; k=rsa",
                """
                data: found "; k=rsa", expected a semicolon written "\\;" or inside quotation marks
                """
            ),
            (.txt, "\"abc", "data: found \"abc\", expected a closing quotation mark"),
            (.txt, "", "text: found nothing, expected a text"),
            (.txt, "(a", "data: found \"(a\", expected a closing \")\""),
            (.txt, "a)", "data: found \")\", expected \"(\" before \")\""),
            (
                .txt, "a\\25",
                """
                data: found "\\25", expected three digits (000 to 255) or a character after the \
                backslash
                """
            ),
            (.txt, "\\# 2 00", "data: found \"1 octets\", expected 2 octets as announced"),
            (.a, "\\# 1 00", "data: found \"00\", expected data of type A"),
            (.a, "\\# x 00", "length: found \"x\", expected a number from 0 to 65535"),
            (.a, "\\#", "length: found nothing, expected a number from 0 to 65535"),
            (.a, "\\# 1 0g", "data: found \"0g\", expected pairs of hexadecimal digits"),
            (
                RRType(rawValue: 731), "abc",
                "data: found \"abc\", expected \\# LENGTH HEX for type TYPE731"
            ),
        ])
    func describes(type: RRType, text: String, description: String) throws {
        let error = #expect(throws: RDataError.self) { try RData.parse(text, type: type) }
        #expect(error?.description == description)
    }

    @Test("A character string of more than 255 octets is refused where there is only one")
    func limitsStrings() {
        let long = String(repeating: "a", count: 256)
        let error = #expect(throws: RDataError.self) {
            try RData.parse(fields: [long, "b"], type: .hinfo)
        }
        #expect(error?.field == "cpu")
        #expect(error?.description.contains("…\", expected a text of at most 255 octets") == true)
    }
}
