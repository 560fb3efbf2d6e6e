import DNS
import Testing

@Suite("Address hints leave a service binding")
struct ServiceBindingHintsTests {
    private static func binding(_ text: String) throws -> ServiceBinding {
        let rdata = try RData.parse(text, type: .https)
        return try ServiceBinding(rdata: rdata.span)
    }

    @Test(
        "The record that stays is well formed",
        arguments: [
            ("1 . ipv4hint=10.0.0.1,192.0.2.1", "1 . ipv4hint=192.0.2.1", 1),
            ("1 . ipv4hint=10.0.0.1,10.0.0.2", "1 .", 2),
            ("1 . ipv6hint=fd00::1,2001:db8::1,fd00::2", "1 . ipv6hint=2001:db8::1", 2),
            (
                "1 . mandatory=alpn,ipv4hint alpn=h2 ipv4hint=10.0.0.1",
                "1 . mandatory=alpn alpn=h2", 1
            ),
            ("1 . mandatory=ipv4hint ipv4hint=10.0.0.1", "1 .", 1),
            (
                "1 . mandatory=ipv4hint ipv4hint=10.0.0.1,192.0.2.1",
                "1 . mandatory=ipv4hint ipv4hint=192.0.2.1", 1
            ),
            (
                "1 . alpn=h2 no-default-alpn ipv4hint=10.0.0.1 ipv6hint=fd00::1",
                "1 . alpn=h2 no-default-alpn", 2
            ),
            ("1 . alpn=h2 port=8443", "1 . alpn=h2 port=8443", 0),
            ("1 . mandatory=port port=8443", "1 . mandatory=port port=8443", 0),
        ])
    func removed(before: String, after: String, count: Int) throws {
        let wanted = ["192.0.2.1", "2001:db8::1"]
        let (rest, removed) = try Self.binding(before).removingHints { !wanted.contains("\($0)") }
        #expect(try rest == Self.binding(after))
        #expect(removed == count)
        let rdata = rest.rdata
        #expect(try ServiceBinding(rdata: rdata.span) == rest)
    }

    @Test("An alias has no use for parameters, and loses such hints all the same")
    func alias() throws {
        let target = try DomainName("www.example")
        let alias = try ServiceBinding(
            priority: 0, target: target,
            parameters: [ServiceParameter(.ipv4Hint, [10, 0, 0, 1])])
        let (rest, removed) = alias.removingHints { _ in true }
        #expect(rest == (try ServiceBinding(priority: 0, target: target)))
        #expect(removed == 1)
    }
}
