import DNS
import Testing

@Suite("Domain names")
struct DomainNameTests {
    @Test("A name is compared and hashed without regard to ASCII case, and keeps its spelling")
    func comparesWithoutCase() throws {
        let mixed = try DomainName("WwW.ExAmPlE.com")
        let lower = try DomainName("www.example.com.")
        #expect(mixed == lower)
        #expect(mixed.hashValue == lower.hashValue)
        #expect(mixed.description == "WwW.ExAmPlE.com.")
        #expect(mixed.lowercased.octets == lower.octets)
        #expect(try lower != DomainName("www.example.org"))
    }

    @Test("A label of 63 octets is a label, one of 64 is not")
    func limitsLabels() throws {
        let longest = String(repeating: "a", count: 63)
        #expect(try DomainName(longest).labels == [ArraySlice(longest.utf8)])
        #expect(throws: NameError.labelTooLong(length: 64)) { try DomainName(longest + "a") }
        #expect(DomainName(labels: [Array(repeating: 0x61, count: 64)]) == nil)
        #expect(DomainName(labels: [[UInt8]()]) == nil)
    }

    @Test("A name of 255 octets is a name, one of 256 is not")
    func limitsNames() throws {
        let label = String(repeating: "a", count: 63)
        let longest = [label, label, label, String(label.dropLast(2))].joined(separator: ".")
        let name = try DomainName(longest)
        #expect(name.octets.count == 255)
        #expect(throws: NameError.nameTooLong(length: 256)) { try DomainName(longest + "a") }
        #expect(try name.prepending(DomainName("b")) == nil)
        #expect(DomainName(labels: name.labels + [[0x62]]) == nil)
        let shortLabels = Array(repeating: "a", count: 127).joined(separator: ".")
        #expect(try DomainName(shortLabels).labelCount == DomainName.maximumLabelCount)
    }

    @Test("A name is at or below itself and its ancestors, label by label")
    func knowsItsAncestors() throws {
        let name = try DomainName("a.b.Example.com")
        #expect(name.isAtOrBelow(name))
        #expect(try name.isAtOrBelow(DomainName("b.example.COM")))
        #expect(name.isAtOrBelow(.root))
        #expect(try !name.isAtOrBelow(DomainName("c.a.b.example.com")))
        #expect(try !name.isAtOrBelow(DomainName("ample.com")))
        #expect(try !DomainName("notexample.com").isAtOrBelow(DomainName("example.com")))
        // The octets end alike, the labels do not: "\007example" within a label.
        #expect(try !DomainName("x\\007example.com").isAtOrBelow(DomainName("example.com")))
    }

    @Test("The parent of a name lacks its leftmost label; the root has none")
    func hasAParent() throws {
        #expect(try DomainName("a.b").parent == DomainName("b"))
        #expect(try DomainName("b").parent == .root)
        #expect(DomainName.root.parent == nil)
        #expect(DomainName.root.labelCount == 0)
    }

    @Test("Only a leftmost label of one asterisk makes a wildcard")
    func recognisesWildcards() throws {
        #expect(try DomainName("*.example").isWildcard)
        #expect(try DomainName("*").isWildcard)
        #expect(try !DomainName("*a.example").isWildcard)
        #expect(try !DomainName("a.*.example").isWildcard)
        #expect(!DomainName.root.isWildcard)
    }

    @Test("A prefix is put before a name")
    func prepends() throws {
        let name = try DomainName("example").prepending(DomainName("_8443._https"))
        #expect(try name == DomainName("_8443._https.example"))
    }
}
