import DNS
import Testing

@testable import Migration

@Suite("Rules of AdGuard Home's user")
struct AdGuardRuleTests {
    @Test(
        "A rule that gives an answer is told from one that blocks",
        arguments: [
            ("! comment", .comment), ("# comment", .comment), ("", .comment),
            (
                "192.0.2.1 a.example b.example # c",
                .hosts(.v4(0xc000_0201), ["a.example", "b.example"])
            ),
            ("0.0.0.0 a.example", .blocking), ("127.0.0.1 a.example", .blocking),
            (":: a.example", .blocking), ("||a.example^", .blocking),
            ("@@||a.example^$dnsrewrite", .blocking), ("a.example", .blocking),
            (
                "|a.example^$dnsrewrite=192.0.2.1",
                .rewrite("a.example", isBelow: false, answer: "192.0.2.1")
            ),
            (
                "||a.example^$important,dnsrewrite=b.example",
                .rewrite("a.example", isBelow: true, answer: "b.example")
            ),
            (
                "||a.example^$dnsrewrite=NOERROR;AAAA;2001:db8::1",
                .rewrite("a.example", isBelow: true, answer: "2001:db8::1")
            ),
        ] as [(String, AdGuardRule)])
    func rules(_ text: String, _ rule: AdGuardRule) {
        #expect(AdGuardRule(text) == rule)
    }

    @Test(
        "A rewrite that cannot stand in a zone says why",
        arguments: [
            "|a.example^$dnsrewrite=REFUSED", "|a.example^$dnsrewrite=NOERROR;TXT;x",
            "|a.example^$dnsrewrite=192.0.2.1,client=x", "/a/$dnsrewrite=192.0.2.1",
            "a.example$dnsrewrite=192.0.2.1", "|a.example^$dnsrewrite=",
        ])
    func refused(_ text: String) {
        guard case .refused(let why) = AdGuardRule(text) else {
            Issue.record("\(AdGuardRule(text))")
            return
        }
        #expect(!why.isEmpty)
    }
}
