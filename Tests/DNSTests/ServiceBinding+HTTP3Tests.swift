import DNS
import Testing

@Suite("Removing HTTP/3 and ECH from service bindings")
struct ServiceBindingHTTP3Tests {
    private static func binding(_ text: String) throws -> ServiceBinding {
        let rdata = try RData.parse(text, type: .https)
        return try ServiceBinding(rdata: rdata.span)
    }

    @Test(
        "HTTP over QUIC is known by its whole id",
        arguments: [
            "h3", "h3-29", "h3-27", "hq", "hq-29", "hq-interop", "h3-Q050", "h3-T051", "quic",
        ])
    func knowsHTTP3(id: String) throws {
        #expect(try Self.binding("1 . alpn=h2,\(id)").advertisesHTTP3)
    }

    @Test(
        "Other ids are not HTTP over QUIC",
        arguments: [
            "h2", "http/1.1", "doq", "h33", "H3", "h", "hqx", "quic2", "xh3", "dot", "h2-h3",
        ])
    func leavesOthers(id: String) throws {
        let binding = try Self.binding("1 . alpn=\(id)")
        #expect(!binding.advertisesHTTP3)
        #expect(binding.removingHTTP3() == binding)
    }

    @Test("A record without alpn advertises no HTTP/3")
    func needsALPN() throws {
        #expect(try !Self.binding("1 . port=443").advertisesHTTP3)
        #expect(try !Self.binding("0 a.").advertisesHTTP3)
    }

    @Test(
        "The QUIC ids leave the list, the rest stays as it is",
        arguments: [
            ("1 . alpn=h3,h2", "1 . alpn=\"h2\""),
            ("1 . alpn=h3-29,http/1.1,h3,h2", "1 . alpn=\"http/1.1,h2\""),
            (
                "1 a. mandatory=alpn alpn=h3,h2 no-default-alpn port=443 ech=AQID key667=x",
                "1 a. mandatory=alpn alpn=\"h2\" no-default-alpn port=443 ech=AQID key667=\"x\""
            ),
            // Nothing left: the default set, HTTP/1.1 over TCP, and with it HTTP/2, remains.
            ("1 . alpn=h3", "1 ."),
            ("1 . alpn=h3,h3-29 port=443", "1 . port=443"),
            ("1 . mandatory=port alpn=h3 port=443", "1 . mandatory=port port=443"),
        ])
    func removesHTTP3(text: String, expected: String) throws {
        let rest = try #require(try Self.binding(text).removingHTTP3())
        #expect(rest.description == expected)
        #expect(!rest.advertisesHTTP3)
    }

    @Test(
        "A record that offers nothing else, or not without alpn, goes",
        arguments: ["1 . alpn=h3 no-default-alpn", "1 . mandatory=alpn alpn=h3"])
    func removesRecords(text: String) throws {
        #expect(try Self.binding(text).removingHTTP3() == nil)
    }

    @Test("A record of a protocol without a default set goes when no id is left (RFC 9461 §4.1)")
    func removesRecordsWithoutDefault() throws {
        #expect(try Self.binding("1 . alpn=h3").removingHTTP3(hasDefaultALPN: false) == nil)
        let rest = try Self.binding("1 . alpn=doq,h3").removingHTTP3(hasDefaultALPN: false)
        #expect(rest?.description == "1 . alpn=\"doq\"")
    }

    @Test("ECH leaves unless it is mandatory; without it nothing changes")
    func removesECH() throws {
        let rest = try Self.binding("1 . alpn=h3 ech=AQID port=1").removingECH()
        #expect(rest?.description == "1 . alpn=\"h3\" port=1")
        #expect(try Self.binding("1 . mandatory=ech ech=AQID").removingECH() == nil)
        let plain = try Self.binding("1 . port=1")
        #expect(plain.removingECH() == plain)
    }

    @Test("Parameters of an alias mean nothing and stay")
    func leavesAliases() throws {
        let alias = try ServiceBinding(
            priority: 0, target: .root,
            parameters: [ServiceParameter(protocolIDs: ["h3".utf8]), ServiceParameter(.ech, [1])])
        #expect(!alias.advertisesHTTP3)
        #expect(alias.removingHTTP3() == alias)
        #expect(alias.removingECH() == alias)
    }
}
