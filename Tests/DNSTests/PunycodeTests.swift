import DNS
import TestSupport
import Testing

@Suite("Punycode")
struct PunycodeTests {
    @Test(
        "The samples of RFC 3492 §7.1 are encoded and decoded",
        arguments: [
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"),
            ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
            ("MajiでKoiする5秒前", "MajiKoi5-783gue6qz075azm5e"),
            ("パフィーdeルンバ", "de-jg4avhby1noc0d"),
            ("-> $1.00 <-", "-> $1.00 <--"),
        ])
    func samples(text: String, encoded: String) {
        #expect(Punycode.encode(Array(text.unicodeScalars)) == Array(encoded.utf8))
        #expect(Punycode.decode(Array(encoded.utf8)) == Array(text.unicodeScalars))
    }

    @Test(
        "What is no encoded form is refused",
        arguments: [
            "ls8", "-kva", "bücher", "9999999999", "a-!", String(repeating: "a", count: 64),
        ])
    func refuses(text: String) {
        #expect(Punycode.decode(Array(text.utf8)) == nil)
    }

    @Test("Random octets never trap, and what they decode to is encoded to them again")
    func survivesRandomInput() {
        var generator = SeededGenerator(seed: 3492)
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
        for _ in 0..<5000 {
            let input = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            guard let scalars = Punycode.decode(input), !scalars.allSatisfy(\.isASCII),
                let again = Punycode.encode(scalars)
            else { continue }
            #expect(Punycode.decode(again) == scalars)
        }
    }

    @Test("More scalars than a label has octets are refused")
    func limitsLength() {
        #expect(Punycode.encode(Array(repeating: "ä", count: 64)) == nil)
    }
}
