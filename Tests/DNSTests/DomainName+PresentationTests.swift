import DNS
import Testing

@Suite("Domain names in presentation form")
struct DomainNamePresentationTests {
    @Test(
        "Escapes stand for octets, and are written again where a zone file needs them",
        arguments: [
            ("a\\.b.example.", "0361 2e62 07 6578616d706c65 00"),
            ("\\000\\255.", "02 00ff 00"),
            ("a\\\\b.", "03 615c62 00"),
            ("\\@\\$\\;\\(\\)\\\".", "06 40243b282922 00"),
            ("\\032.", "01 20 00"),
        ])
    func escapes(text: String, wire: String) throws {
        let name = try DomainName(text)
        #expect(name.octets == octets(wire))
        #expect(name.description == text)
    }

    @Test("An escaped character that needs no escape loses it")
    func dropsNeedlessEscapes() throws {
        #expect(try DomainName("\\a\\098c").description == "abc.")
    }

    @Test("A name without the final dot is below the origin")
    func isRelative() throws {
        let origin = try DomainName("example.com")
        #expect(try DomainName("www", relativeTo: origin) == DomainName("www.example.com."))
        #expect(try DomainName("www.", relativeTo: origin) == DomainName("www"))
        #expect(try DomainName("a\\.", relativeTo: origin).labelCount == 3)
        #expect(try DomainName(".", relativeTo: origin) == .root)
        #expect(DomainName.root.description == ".")
    }

    @Test(
        "A text that is no name is refused with its reason",
        arguments: [
            ("", NameError.empty), ("..", .emptyLabel), (".a", .emptyLabel), ("a..b", .emptyLabel),
            ("a\\", .badEscape), ("a\\25", .badEscape), ("a\\256", .badEscape),
            ("a\\2x5", .badEscape),
        ])
    func refuses(text: String, error: NameError) {
        #expect(throws: error) { try DomainName(text) }
        #expect(!error.description.isEmpty)
    }
}
