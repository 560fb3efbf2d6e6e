import DNS
import Testing

@Suite("IP addresses")
struct IPAddressTests {
    @Test(
        "An IPv6 address is written in RFC 5952's canonical form",
        arguments: [
            ("2001:0db8::0001", "2001:db8::1"),
            ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:DB8::ABCD", "2001:db8::abcd"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"),
        ])
    func writesCanonicalForm(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(octets: address.octets) == address)
        #expect(!address.isIPv4)
    }

    @Test("An IPv4 address is four decimal numbers")
    func readsIPv4() throws {
        let address = try #require(IPAddress("192.0.2.255"))
        #expect(address == .v4(0xc000_02ff))
        #expect(address.octets == [192, 0, 2, 255])
        #expect(address.description == "192.0.2.255")
        #expect(address.isIPv4)
    }

    @Test("An IPv4-mapped IPv6 address is that IPv4 address")
    func unmaps() {
        #expect(IPAddress("::ffff:192.0.2.1") == IPAddress("192.0.2.1"))
        #expect(IPAddress("::ffff:c000:201") == IPAddress("192.0.2.1"))
        let mapped = octets("0000 0000 0000 0000 0000 ffff c000 0201")
        #expect(IPAddress(octets: mapped) == .v4(0xc000_0201))
    }

    @Test(
        "A text that is no address is refused",
        arguments: [
            "", ".", ":", ":::", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.",
            "+1.2.3.4",
            "1.2.3.4 ", "0x1.2.3.4", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::",
            "::g", "1:", ":1", "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5",
            "fe80::1%eth0",
            "[::1]", "::+1", "١.2.3.4",
        ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("Only 4 or 16 octets are an address")
    func refusesOtherLengths() {
        for count in [0, 3, 5, 15, 17] {
            #expect(IPAddress(octets: [UInt8](repeating: 0, count: count)) == nil)
        }
    }
}
