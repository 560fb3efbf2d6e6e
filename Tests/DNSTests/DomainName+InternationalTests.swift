import DNS
import Testing

@Suite("Internationalized labels")
struct DomainNameInternationalTests {
    @Test(
        "A U-label becomes its A-label, and is shown again",
        arguments: [
            ("bücher.example.", "xn--bcher-kva.example."),
            ("faß.de.", "xn--fa-hia.de."),
            ("βόλος.com.", "xn--nxasmm1c.com."),
            ("почемужеонинеговорятпорусски.", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l."),
            ("他们为什么不说中文.", "xn--ihqwcrb4cv8a8dqg056pqjye."),
            ("한국.", "xn--3e0b707e."),
            ("ไทย.", "xn--o3cw4h."),
            ("भारत.", "xn--h2brj9c."),
            ("_sip._tcp.münchen.example.", "_sip._tcp.xn--mnchen-3ya.example."),
        ])
    func converts(unicode: String, ascii: String) throws {
        let name = try DomainName(unicode)
        #expect(name.description == ascii)
        #expect(name.internationalDescription == unicode)
    }

    @Test("Capitals become lower case")
    func lowersCase() throws {
        #expect(try DomainName("BÜCHER.Example").description == "xn--bcher-kva.Example.")
        #expect(try DomainName("XN--BCHER-KVA").internationalDescription == "bücher.")
    }

    @Test(
        "Letters and marks are composed",
        arguments: [
            ("bu\u{308}cher", "b\u{fc}cher"),
            ("vie\u{302}\u{323}t", "vi\u{1ec7}t"),
            ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}", "한국"),
            ("\u{30ab}\u{3099}", "ガ"),
            ("\u{9c7}\u{9be}\u{995}", "\u{9cb}\u{995}"),
        ])
    func composes(decomposed: String, composed: String) throws {
        let base = "x"
        #expect(try DomainName(base + decomposed).octets == DomainName(base + composed).octets)
    }

    @Test(
        "Full stops of other scripts divide labels",
        arguments: ["\u{3002}", "\u{ff0e}", "\u{ff61}"]
    )
    func mapsFullStops(stop: String) throws {
        #expect(try DomainName("www\(stop)例え\(stop)").description == "www.xn--r8jz45g.")
    }

    @Test(
        "A label that IDNA does not allow is refused and quoted",
        arguments: [
            "💩", "a b\u{e4}", "-ä", "ä-", "ab--ä", "_ä", "\u{301}ä", "½ä", "ａb", "ä\u{200d}",
            "x\u{2044}y", "ä\u{ad}", "ﬁä", "\u{212a}x",
        ])
    func refuses(label: String) {
        #expect(throws: NameError.badInternationalLabel(label)) {
            try DomainName("\(label).example")
        }
    }

    @Test("What is said of a refused label is one line")
    func quotesInOneLine() {
        let error = #expect(throws: NameError.self) { try DomainName("ä\n>\u{2028}.example") }
        #expect(
            error?.description == #"a label that IDNA does not allow: "ä\u{a}>\u{2028}""#)
        let data = #expect(throws: RDataError.self) { try RData.parse("(\n\"\n", type: .txt) }
        #expect(data?.description.contains("\n") == false)
    }

    @Test("A label whose A-label exceeds 63 octets is refused")
    func limitsLabels() throws {
        #expect(try DomainName(String(repeating: "ä", count: 50)).labelCount == 1)
        #expect(throws: NameError.self) { try DomainName(String(repeating: "ä", count: 64)) }
        let spread = "äбγअ가漢" + String(repeating: "a", count: 40)
        #expect(throws: NameError.labelTooLong(length: 69)) { try DomainName(spread) }
    }

    @Test("A label with an escape keeps its octets")
    func leavesEscapedLabels() throws {
        #expect(try DomainName("\\195\\164").octets == octets("02 c3a4 00"))
        #expect(try DomainName("\\aä").octets == octets("03 61c3a4 00"))
    }

    @Test(
        "An A-label that stands for no U-label is shown as it is",
        arguments: ["xn--", "xn--abc", "xn--ls8h", "xn--99999999", "xn--bcher-kv\\195"])
    func showsALabels(label: String) throws {
        let name = try DomainName(label + ".example")
        #expect(name.internationalDescription == name.description)
    }
}
