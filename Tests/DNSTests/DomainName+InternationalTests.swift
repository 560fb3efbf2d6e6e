import DNS
import TestSupport
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

    @Test(
        "Letters that RFC 5892 disallows by name are refused, and digits that look alike together",
        arguments: [
            "\u{62c}\u{640}\u{62c}", "\u{1112}", "\u{1112}\u{1161}\u{11ab}\u{1112}",
            "か\u{3031}", "\u{661}\u{6f1}", "a\u{20d0}",
        ])
    func refusesExceptions(label: String) {
        #expect(throws: NameError.badInternationalLabel(label)) { try DomainName(label) }
    }

    @Test(
        "Letters are mapped as Unicode Technical Standard 46 has it without transition",
        arguments: [
            ("ÄÖÜ", "xn--4ca0bs"), ("FAẞ", "xn--fa-hia"), ("ΒΌΛΟΣ", "xn--nxasmq6b"),
            ("βόλος", "xn--nxasmm1c"), ("İstanbul", "xn--istanbul-o0e"), ("ÀÉ", "xn--0cas"),
        ])
    func maps(label: String, ascii: String) throws {
        #expect(try DomainName(label).description == ascii + ".")
    }

    @Test("Joiners are refused, also where RFC 5892 §A.1 and §A.2 would allow them")
    func refusesJoiners() {
        for label in ["क\u{94d}\u{200d}ष", "\u{646}\u{627}\u{645}\u{647}\u{200c}\u{627}\u{6cc}"] {
            #expect(throws: NameError.badInternationalLabel(label)) { try DomainName(label) }
        }
    }

    @Test("What a terminal would obey is escaped in the words of an error")
    func escapesErrors() {
        let error = #expect(throws: NameError.self) { try DomainName("ä\u{202e}\u{1b}[2J\u{378}") }
        #expect(
            error?.description
                == #"a label that IDNA does not allow: "ä\u{202e}\u{1b}[2J\u{378}""#)
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

    /// The name whose first label is the A-label of these letters, whatever IDNA says to them.
    private static func encoded(_ letters: String, _ rest: String = "example.") throws -> DomainName
    {
        let punycode = try #require(Punycode.encode(Array(letters.unicodeScalars)))
        return try DomainName("xn--" + String(decoding: punycode, as: UTF8.self) + "." + rest)
    }

    @Test(
        "An A-label of mixed scripts, mixed directions or hidden characters is shown as it is",
        arguments: [
            // Cyrillic or Greek letters among Latin ones.
            "p\u{430}ypal", "\u{3bf}racle", "\u{430}\u{3b2}",
            // Hebrew or Arabic letters with others, before or behind them.
            "a\u{5d0}", "\u{5d0}a", "1\u{5d0}", "\u{5d0}-", "\u{627}\u{661}1", "\u{661}\u{627}",
            // An override, a joiner, controls, nothing at all, private use.
            "ä\u{202e}", "ä\u{200d}", "ä\u{7f}", "\u{80}", "ä\u{85}", "\u{378}", "\u{e000}",
            "ä\u{e0001}", "ä\u{fe0f}", "\u{115f}ä", "ä\u{a0}", "ä\u{2028}",
        ])
    func showsTricksAsALabels(letters: String) throws {
        let name = try Self.encoded(letters)
        #expect(name.internationalDescription == name.description)
        #expect(name.description.utf8.allSatisfy { (0x21...0x7e).contains($0) })
    }

    @Test(
        "Scripts that are written together, digits and accents are shown",
        arguments: [
            "\u{5d0}\u{5d1}1", "\u{627}\u{644}", "\u{5d0}\u{5b7}", "例え", "majiでkoi", "한국5",
            "漢字", "я-2", "é5", "ñ-o",
        ])
    func showsPlainLabels(letters: String) throws {
        #expect(try Self.encoded(letters).internationalDescription == letters + ".example.")
    }

    @Test("Beside letters from right to left no label begins with a digit")
    func keepsOrderOfLabels() throws {
        let name = try Self.encoded("\u{5d0}\u{5d1}", "1.example.")
        #expect(name.internationalDescription == name.description)
        #expect(try Self.encoded("é", "1.example.").internationalDescription == "é.1.example.")
    }

    @Test(
        "Whatever a label decodes to, what is shown has no hidden character and reads as the same")
    func showsOnlyWhatReadsTheSame() throws {
        var generator = SeededGenerator(seed: 5891)
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
        var shown = 0
        for _ in 0..<5_000 {
            let octets = (0..<Int.random(in: 1...10, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let name = try #require(DomainName(labels: [Array("xn--".utf8) + octets]))
            let text = name.internationalDescription
            #expect(text == text.escapingUnprintable)
            guard text != name.description else { continue }
            shown += 1
            #expect(try DomainName(text).octets == name.octets)
        }
        #expect(shown > 0)
    }

    @Test("A label that says it is an A-label and is none is found")
    func findsBadALabels() throws {
        for label in ["xn--", "xn--abc-", "XN--99999999", "xn--bcher-kv\\195"] {
            #expect(try DomainName("a.\(label).example").badALabel == label)
        }
        // An emoji is no U-label and yet Punycode, as some registries have it.
        for name in ["xn--bcher-kva.example", "xn--ls8h.example", "abc.example", "."] {
            #expect(try DomainName(name).badALabel == nil)
        }
    }
}
