import DNS
import Testing

/// The text of these octets as RDATA.
private func describe(_ rdata: [UInt8], _ type: RRType) -> String {
    RData.describe(rdata.span, type: type)
}

@Suite("RDATA in presentation form")
struct RDataPresentationTests {
    @Test(
        "RDATA is read and written the same way",
        arguments: [
            (RRType.a, "192.0.2.1", "c0000201"),
            (.aaaa, "2001:db8::1", "20010db8000000000000000000000001"),
            (.aaaa, "::ffff:192.0.2.1", "00000000000000000000ffffc0000201"),
            (.ns, "ns.example.", "026e73 07 6578616d706c65 00"),
            (.cname, "a.", "0161 00"), (.ptr, "a.", "0161 00"), (.dname, "a.", "0161 00"),
            (.alias, "a.", "0161 00"),
            (
                .soa, "ns. host. 1 7200 3600 4294967295 60",
                "026e7300 04686f737400 00000001 00001c20 00000e10 ffffffff 0000003c"
            ),
            (.mx, "10 mail.example.", "000a 046d61696c 07 6578616d706c65 00"),
            (.mx, "0 .", "0000 00"),
            (
                .txt, "\"one\" \"two \\\"2\\\" \\\\ ; \\000\\255\"",
                "036f6e65 0e74776f20223222205c203b2000ff"
            ),
            (.txt, "\"\"", "00"),
            (.spf, "\"v=spf1 -all\"", "0b 763d73706631202d616c6c"),
            (.rp, "a.b. .", "0161 0162 00 00"),
            (.afsdb, "1 a.", "0001 0161 00"),
            (.hinfo, "\"PC\" \"\"", "025043 00"),
            (.srv, "0 5 5060 sip.", "0000 0005 13c4 03736970 00"),
            (
                .naptr, "100 10 \"U\" \"E2U+sip\" \"!^.*$!sip:a@b!\" .",
                "0064 000a 0155 074532552b736970 0e215e2e2a24217369703a61406221 00"
            ),
            // RFC 1876 §4's example with the defaults in full.
            (
                .loc, "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m",
                "00 33 16 13 89172dd0 70be15f0 00988d20"
            ),
            (.caa, "0 issue \"letsencrypt.org\"", "00 056973737565 6c657473656e63727970742e6f7267"),
            (.caa, "128 issuewild \";\"", "80 09697373756577696c64 3b"),
            (.caa, "0 issue \"\"", "00 056973737565"),
            (.sshfp, "2 1 123456789ABCDEF0", "02 01 123456789abcdef0"),
            (.tlsa, "3 1 1 00FF", "03 01 01 00ff"),
            (.ds, "60485 5 1 2BB183AF", "ec45 05 01 2bb183af"),
            // RFC 8080 §6.1.
            (
                .dnskey, "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
                """
                0101 03 0f
                974d96a22d224bc01adb91509147 7d44ccd91c9a41a11430010117d52c59240e
                """
            ),
            (.uri, "10 1 \"ftp://a/\"", "000a 0001 6674703a2f2f612f"),
            (.openpgpkey, "AQID", "010203"),
            (.svcb, "1 . alpn=\"h2\" port=8443", "0001 00 0001 0003 026832 0003 0002 20fb"),
            (RRType(rawValue: 65280), "\\# 3 ABCDEF", "abcdef"),
            (RRType(rawValue: 65280), "\\# 0", ""),
        ])
    func readsAndWrites(type: RRType, text: String, wire: String) throws {
        #expect(try RData.parse(text, type: type) == octets(wire))
        #expect(describe(octets(wire), type) == text)
        // RFC 3597 §5: every type may also be written as octets.
        let opaque = "\\# \(octets(wire).count) \(Hexadecimal.encode(octets(wire)))"
        #expect(try RData.parse(opaque, type: type) == octets(wire))
    }

    @Test(
        "Other spellings are read too",
        arguments: [
            (RRType.txt, "a\tb\n c", "0161 0162 0163"),
            (.txt, "( \"a\"\n\"b\" )", "0161 0162"),
            (.txt, "v=DKIM1\\; k=rsa", "08 763d444b494d313b 05 6b3d727361"),
            (.txt, "\"\\065\\;\" ü", "02 413b 02 c3bc"),
            (.ds, "60485 RSASHA256 2 2bb1 83AF", "ec45 08 02 2bb183af"),
            (.dnskey, "256 3 ecdsap256sha256 AQ ID", "0100 03 0d 010203"),
            (.openpgpkey, "AQ\nID", "010203"),
            (
                .soa, "( @ host 1 2\n 3 4 5 )",
                "016f00 04686f7374 016f00 00000001 00000002 00000003 00000004 00000005"
            ),
            (.mx, "010 mail", "000a 046d61696c 016f 00"),
            (.mx, "10 a\\.b", "000a 03612e62 016f 00"),
            (.a, "\\# 4 c0 00 02 01", "c0000201"),
            (.hinfo, "PC Linux", "025043 05 4c696e7578"),
        ])
    func readsOtherSpellings(type: RRType, text: String, wire: String) throws {
        let origin = try DomainName("o")
        #expect(try RData.parse(text, type: type, origin: origin) == octets(wire))
    }

    @Test(
        "Malformed RDATA is written as octets (RFC 3597 §5)",
        arguments: [
            (RRType.a, "c00002"), (.a, "c000020101"), (.aaaa, "00"), (.ns, "0161"), (.ns, "c000"),
            (.ns, "0161 00 00"), (.mx, "000a"), (.txt, ""), (.txt, "0261"), (.caa, "00 00 61"),
            (.caa, "00 01 2d"), (.ds, "0001 08 02"), (.uri, "0001 0001"), (.loc, "00"),
            (.openpgpkey, ""), (.svcb, "0001"), (.https, "0001 00 0001 0000"), (.srv, "0000 0000"),
        ])
    func describesMalformedRData(type: RRType, wire: String) {
        let rdata = octets(wire)
        let digits = rdata.isEmpty ? "" : " " + Hexadecimal.encode(rdata)
        #expect(describe(rdata, type) == "\\# \(rdata.count)\(digits)")
        #expect(throws: RDataError.self) {
            try RData.parse(describe(rdata, type), type: type)
        }
    }

    @Test("A name whose label has octets outside the letters is escaped")
    func escapesNames() {
        #expect(describe(octets("05 612e622000 00"), .ptr) == "a\\.b\\032\\000.")
    }
}

@Suite("Fields of RDATA as structured values")
struct RDataFieldTests {
    @Test(
        "Fields need no quotes or escapes",
        arguments: [
            (RRType.mx, ["10", "mail.example."], "10 mail.example."),
            (.caa, ["0", "issue", "letsencrypt.org"], "0 issue \"letsencrypt.org\""),
            (.caa, ["0", "issue", ";"], "0 issue \";\""),
            (
                .naptr, ["1", "2", "U", "SIP+D2U", "!^.*$!sip:a b@c!\\1", "."],
                "1 2 \"U\" \"SIP+D2U\" \"!^.*$!sip:a b@c!\\\\1\" ."
            ),
            (.txt, ["v=DKIM1; k=\"rsa\"", "two"], "\"v=DKIM1; k=\\\"rsa\\\"\" \"two\""),
            (.uri, ["1", "2", "https://a/?b=(c)"], "1 2 \"https://a/?b=(c)\""),
            (.https, ["1", ".", "alpn=h3,h2", "port=443"], "1 . alpn=\"h3,h2\" port=443"),
            (
                .loc, ["31", "58", "52.1", "S", "115", "49", "11.7", "E", "20", "10", "10", "2"],
                "31 58 52.100 S 115 49 11.700 E 20.00m 10.00m 10.00m 2.00m"
            ),
            (RRType(rawValue: 731), ["\\#", "2", "abcd"], "\\# 2 ABCD"),
        ])
    func readsFields(type: RRType, fields: [String], text: String) throws {
        #expect(describe(try RData.parse(fields: fields, type: type), type) == text)
    }

    @Test(
        "A text longer than 255 octets becomes several character strings", arguments: [true, false])
    func splitsLongTexts(fromFields: Bool) throws {
        let text = String(repeating: "a", count: 600)
        let rdata =
            fromFields
            ? try RData.parse(fields: [text], type: .txt)
            : try RData.parse("\"\(text)\"", type: .txt)
        #expect(rdata.count == 603)
        #expect(rdata[0] == 255 && rdata[256] == 255 && rdata[512] == 90)
    }

    @Test("RDATA longer than 65535 octets is refused")
    func limitsLength() {
        let text = String(repeating: "a", count: 65535)
        #expect(throws: RDataError.self) { try RData.parse(fields: [text], type: .txt) }
    }
}
