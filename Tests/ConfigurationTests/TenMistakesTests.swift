import Testing

@testable import Configuration

@Suite("All mistakes of all files in one go")
struct TenMistakesTests {
    private static let main = """
        listen: [127.0.0.1:1053]
        colour: blue
        workers: 2
        workers: 3
        zones:
          vanillax.me: zones/vanillax.me.yaml
          VANILLAX.ME.: {records: {'*': 192.168.10.50}}
          missing.example: zones/missing.yaml
          syntax.example: zones/syntax.yaml
        views:
          lan:
            clients: [192.168.10.1/24, 10.0.0.0/8]
            zones: [vanillax.me, missing.example, syntax.example]
          guest:
            clients: [10.0.0.0/8]
        forward:
          .: {to: [1.1.1.256]}

        """
    private static let zone = """
        '*': 192.168.10.50
        odd: {type: WKS, value: 6}
        \(String(repeating: "a.", count: 130))b: 192.168.10.51

        """
    private static let syntax = "www: [192.0.2.1\nmail: 192.0.2.2\n"

    @Test("Ten mistakes are ten errors, none of which causes another")
    func tenMistakes() throws {
        let site = try Site(
            Self.main,
            files: ["zones/vanillax.me.yaml": Self.zone, "zones/syntax.yaml": Self.syntax])
        #expect(
            site.errors() == [
                "horizond.yaml:2:1: unknown key \"colour\"; expected one of: listen, zones, views, "
                    + "forward, tls-ca, https-records, rebind-protection, bypass-guard, "
                    + "rate-limit, response-rate-limit, audit, workers, cache-size, cache-file, tcp, "
                    + "identity, cookies, log, control, admin",
                "horizond.yaml:4:1: duplicate key \"workers\"; the first is on line 3",
                "horizond.yaml:7:3: two zones of one name: \"VANILLAX.ME.\" is \"vanillax.me\" "
                    + "of line 6",
                "horizond.yaml:8:20: cannot read \"zones/missing.yaml\": "
                    + "No such file or directory",
                "horizond.yaml:12:15: \"192.168.10.1/24\" has host bits set; expected the first "
                    + "address of the network; did you mean \"192.168.10.0/24\"?",
                "horizond.yaml:15:15: 10.0.0.0/8 is a client prefix of view \"lan\" already, "
                    + "on line 12, column 32; expected a prefix in one view only",
                "horizond.yaml:17:12: bad address \"1.1.1.256\"; expected an address such as "
                    + "1.1.1.1, 1.1.1.1:5300 or \"[2606:4700::1111]:53\"",
                "zones/vanillax.me.yaml:2:13: unknown record type \"WKS\"; expected a type such "
                    + "as A, AAAA, CNAME, MX, TXT, SRV, HTTPS or TYPE65280",
                "zones/vanillax.me.yaml:3:1: bad owner name "
                    + "\"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.…\": "
                    + "a name of 275 octets (at most 255); "
                    + "expected a name relative to the zone vanillax.me.",
                "zones/syntax.yaml:2:5: bad YAML: the list that begins with \"[\" on line 1 "
                    + "does not go on here; expected \",\" or \"]\", "
                    + "or quotes around a text with brackets, braces or \": \"",
            ])
    }

    @Test("A file that two zones share reports its mistakes once")
    func sharedFile() throws {
        let found = try errors(
            "zones: {a.example: zone.yaml, b.example: zone.yaml}",
            files: ["zone.yaml": "www: 192.0.2.256"])
        #expect(found.count == 1)
    }

    @Test("No more than a hundred are printed, and the others counted")
    func manyMistakes() throws {
        let lines = (1...1_500).map { "n\($0): 192.0.2.256\n" }
        let site = try Site(
            "zones: {example.com: zone.yaml}", files: ["zone.yaml": lines.joined()])
        let errors = try #require(throws: ConfigurationErrors.self) { try site.load() }
        #expect(errors.count == 1_500)
        #expect(errors.errors.count == Diagnostics.maximumKept)
        let printed = errors.description.split(separator: "\n")
        #expect(printed.count == 101)
        #expect(printed.last == "… and 1400 more")
    }

    @Test("A configuration that is not there")
    func missing() throws {
        let site = try Site("workers: 1")
        let path = site.path("nothing.yaml")
        let errors = try #require(throws: ConfigurationErrors.self) {
            try Configuration.load(path: path, seed: 1)
        }
        #expect(
            errors.description
                == "\(path): cannot read the configuration: No such file or directory")
    }
}
