import DNS
import Testing

@Suite("A name in a line of the log")
struct DomainNameLineTests {
    @Test(
        "It has U-labels and its wire form beside them",
        arguments: [
            ("bücher.example.", "bücher.example (xn--bcher-kva.example)"),
            (
                "www.例え.Münster.example.",
                "www.例え.münster.example (www.xn--r8jz45g.xn--mnster-3ya.example)"
            ),
            // Cyrillic letters that look Latin.
            ("раура.example.", "раура.example (xn--80aa0cbo.example)"),
        ])
    func international(name: String, line: String) throws {
        #expect(try DomainName(name).lineDescription == line)
    }

    @Test(
        "It is the wire form where there is no other",
        arguments: [
            ("www.Example.com.", "www.Example.com"), (".", "."), ("xn--a", "xn--a"),
            ("xn--bcher-kvb.example", "xn--bcher-kvb.example"),
            ("\\000\\027[31mred\\010.example", "\\000\\027[31mred\\010.example"),
            ("b\\195\\188cher.example", "b\\195\\188cher.example"),
        ])
    func ascii(name: String, line: String) throws {
        #expect(try DomainName(name).lineDescription == line)
    }

    @Test(
        "Letters written from right to left stay in wire form",
        arguments: ["אבג.example.", "مثال.example.", "bücher.אבג."])
    func rightToLeft(name: String) throws {
        let name = try DomainName(name)
        #expect(name.lineDescription + "." == name.description)
    }

    @Test("No octet of a label gets into the line raw unless it is visible ASCII")
    func everyOctet() throws {
        for octet in UInt8.min...UInt8.max {
            let name = try #require(DomainName(labels: [[octet, 0x61]]))
            #expect(name.lineDescription.utf8.allSatisfy { (0x21...0x7e).contains($0) })
        }
    }

    @Test("No A-label smuggles a control, a bidi control, a joiner or an invisible letter in")
    func smuggled() throws {
        // What Punycode makes of "a" with each of these in its middle or end.
        let scalars: [Unicode.Scalar] = [
            "\u{80}", "\u{9b}", "\u{a0}", "\u{ad}", "\u{34f}", "\u{61c}", "\u{115f}", "\u{200b}",
            "\u{200d}", "\u{200e}", "\u{2028}", "\u{202e}", "\u{2066}", "\u{3000}", "\u{3164}",
            "\u{e000}", "\u{feff}", "\u{e0041}",
        ]
        for scalar in scalars {
            let encoded = try #require(Punycode.encode(["a", scalar, "b"]))
            let name = try #require(DomainName(labels: [Array("xn--".utf8) + encoded]))
            #expect(name.lineDescription.utf8.allSatisfy { $0 < 0x80 }, "U+\(scalar.value)")
        }
    }
}
