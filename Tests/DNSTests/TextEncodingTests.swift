import DNS
import Testing

@Suite("Text encodings of octets")
struct TextEncodingTests {
    @Test(
        "The vectors of RFC 4648 §10 are encoded and decoded",
        arguments: [
            ("", "", ""), ("f", "Zg==", "66"), ("fo", "Zm8=", "666F"), ("foo", "Zm9v", "666F6F"),
            ("foob", "Zm9vYg==", "666F6F62"), ("fooba", "Zm9vYmE=", "666F6F6261"),
            ("foobar", "Zm9vYmFy", "666F6F626172"),
        ])
    func vectors(text: String, base64: String, hexadecimal: String) {
        let octets = Array(text.utf8)
        #expect(Base64.encode(octets) == base64)
        #expect(Base64.decode(base64) == octets)
        #expect(Hexadecimal.encode(octets) == hexadecimal)
        #expect(Hexadecimal.decode(hexadecimal.lowercased()) == octets)
    }

    @Test("All 64 digits of base 64 are known")
    func knowsAllDigits() {
        let all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        #expect(Base64.decode(all).map { Base64.encode($0) } == all)
    }

    @Test(
        "Other characters, missing padding and a text cut short are refused",
        arguments: ["Zg", "Zg=", "Zg===", "====", "Zm9v=", "Z g=", "Zm-_", "Zh==", "Zm9=", "=Zm9"])
    func refusesBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(
        "An odd number of digits, or other characters, are no hexadecimal",
        arguments: ["a", "0g", "+1", "0x"])
    func refusesHexadecimal(text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }
}
