import Testing

@testable import Configuration

@Suite("The hash of a configuration")
struct ConfigurationHashTests {
    private static let main =
        "zones: {home.example: home.yaml}\nviews: {lan: {clients: [192.168.0.0/16]}}\n"
    private static let zone = "www: 192.0.2.1\n# the end\n"

    private func hash(_ main: String, _ files: [String: String]) throws -> ConfigurationHash {
        try Site(main, files: files).load().hash
    }

    @Test("Nodes with the same contents agree, wherever their files are")
    func same() throws {
        let here = try hash(Self.main, ["home.yaml": Self.zone])
        let there = try hash(Self.main, ["home.yaml": Self.zone])
        #expect(here == there)
        #expect(here.value > 0)
        #expect(here.value < 1 << 48)
    }

    @Test("Each octet of each file counts, that of the last comment too")
    func contents() throws {
        let hash = try hash(Self.main, ["home.yaml": Self.zone])
        #expect(try hash != self.hash(Self.main + "#", ["home.yaml": Self.zone]))
        #expect(try hash != self.hash(Self.main, ["home.yaml": Self.zone + "#"]))
        #expect(try hash != self.hash(Self.main, ["home.yaml": "www: 192.0.2.2\n# the end\n"]))
    }

    @Test("What moves from the end of one file to the start of the next is a change")
    func boundaries() throws {
        let main =
            "zones: {a.example: a.yaml, b.example: b.yaml}\nviews: {lan: {clients: [192.168.0.0/16]}}\n"
        let first = try hash(main, ["a.yaml": "a: 192.0.2.1\n#\n", "b.yaml": "b: 192.0.2.1\n"])
        let second = try hash(main, ["a.yaml": "a: 192.0.2.1\n", "b.yaml": "#\nb: 192.0.2.1\n"])
        #expect(first != second)
    }

    @Test("A zone that two views see differently is read twice and counts once")
    func sharedFile() throws {
        let main = """
            zones: {home.example: home.yaml}
            views:
              lan: {clients: [192.0.2.0/24]}
              guests: {clients: [192.168.0.0/16], zones: [{home.example: {ttl: 7}}]}

            """
        #expect(
            try hash(main, ["home.yaml": Self.zone])
                == ConfigurationHash([ContentHash(main.utf8), ContentHash(Self.zone.utf8)]))
    }

    @Test("Files with nameserver lines are left out: other programs write them")
    func nameservers() throws {
        // Without `forward` those of the host are asked.
        let main = "views: {lan: {clients: [192.168.0.0/16]}}\n"
        let first = try hash(main, ["resolv.conf": "nameserver 192.0.2.1\n"])
        let second = try hash(main, ["resolv.conf": "nameserver 192.0.2.2\n"])
        #expect(first == second)
    }

    @Test("It is that of its contents, so it stays from one version of the server to the next")
    func value() {
        // FNV-1a of the empty text and of "foobar" (draft-eastlake-fnv, appendix C).
        #expect(ContentHash().value == 0xcbf2_9ce4_8422_2325)
        #expect(ContentHash("foobar".utf8).value == 0x8594_4171_f739_67e8)
        #expect(ConfigurationHash([ContentHash("foobar".utf8)]).description.utf8.count == 12)
    }
}
