import DNS
import Testing

@testable import Migration

@Suite("Readers of other formats")
struct ReaderTests {
    // MARK: TOML

    @Test("TOML: tables, dotted keys, strings of four kinds, words and lists over lines")
    func toml() {
        let reader = TOMLReader(
            """
            top = 1 # a comment
            [dns]
              hosts = [ # one
                "10.0.0.1 a # no comment",
                'C:\\raw', "q\\"uote"
              ] ### CHANGED, default = []
              empty = []
              text = \"\"\"two
            lines\"\"\"
              [dns.cache]
              size = 10_000
              deep.key = true
            """)
        #expect(reader.problems.isEmpty)
        let values = Dictionary(uniqueKeysWithValues: reader.assignments.map { ($0.key, $0.value) })
        #expect(values["top"]?.text == "1")
        #expect(
            values["dns.hosts"]?.items.map(\.text) == [
                "10.0.0.1 a # no comment", "C:\\raw", "q\"uote",
            ])
        #expect(values["dns.hosts"]?.items.map(\.line) == [4, 5, 5])
        #expect(values["dns.empty"]?.items.isEmpty == true)
        #expect(values["dns.text"]?.text == "two\nlines")
        #expect(values["dns.cache.size"]?.text == "10_000")
        #expect(values["dns.cache.deep.key"]?.isTrue == true)
    }

    @Test("TOML: escapes of characters by their numbers, in texts that have escapes")
    func tomlEscapes() {
        let reader = TOMLReader(
            #"""
            a = "b\u00fccher \U0001F600 \b\f\\u00fc"
            b = 'b\u00fc'
            c = "\ud800 \u00"
            """#)
        let texts = reader.assignments.map(\.value.text)
        #expect(texts == ["bücher 😀 \u{8}\u{c}\\u00fc", #"b\u00fc"#, "ud800 u00"])
    }

    // MARK: dnsmasq

    @Test("dnsmasq's quotation marks: commas, escapes and comment signs in them")
    func dnsmasqQuotes() {
        #expect(#"a,"one \"x\", \\ y""#.commaParts == ["a", #"one "x", \ y"#])
        #expect(#"plain\x "two",three"#.commaParts == [#"plain\x two"#, "three"])
        #expect(#""tab\tend","odd\q""#.commaParts == ["tab\tend", #"odd\q"#])
        #expect(#"a"b,c"d"#.commaParts == ["ab,cd"])
    }

    @Test(
        "TOML that cannot be read is reported with its line, and the rest is read",
        arguments: [
            ("a = \"no end\nb = 2\n", 1), ("a\nb = 2\n", 1), ("[table\nb = 2\n", 1),
            ("a = {inline = 1}\nb = 2\n", 1), ("a = 1 2\nb = 2\n", 1), ("\na = [[1]]\nb = 2\n", 2),
        ])
    func badTOML(_ text: String, _ line: Int) {
        let reader = TOMLReader(text)
        #expect(reader.problems.map(\.line).contains(line))
        #expect(reader.assignments.contains { $0.key.hasSuffix("b") })
    }

    // MARK: Zone files

    @Test("A zone file's entries: parentheses, quotes, comments, blanks before them")
    func entries() {
        let entries = MasterFileEntry.entries(
            of: """
                a 1h IN TXT ( "x ; y" ; comment
                   "z" )
                  A 192.0.2.1
                b HTTPS 1 . alpn="h2,h3"

                c TXT a\\;b
                """)
        #expect(entries.map(\.line) == [1, 3, 4, 6])
        #expect(entries.map(\.startsWithBlank) == [false, true, false, false])
        #expect(entries[0].words.map(\.text) == ["a", "1h", "IN", "TXT", "\"x ; y\"", "\"z\""])
        #expect(entries[2].words.map(\.text) == ["b", "HTTPS", "1", ".", "alpn=\"h2,h3\""])
        #expect(entries[3].words.map(\.text) == ["c", "TXT", "a\\;b"])
    }

    @Test("TTLs with units", arguments: [("90", 90), ("1h30m", 5400), ("1w2d", 777_600)])
    func seconds(_ text: String, _ number: UInt32) {
        #expect(MasterFileEntry.seconds(text) == number)
    }

    @Test("Other words are no TTLs", arguments: ["", "A", "h", "1x", "10m5", "9999999999s", "MX"])
    func notSeconds(_ text: String) {
        #expect(MasterFileEntry.seconds(text) == nil)
    }

    @Test("$GENERATE: the sign, offsets, widths and bases")
    func generate() {
        #expect(GenerateRange("2-8/3").map { Array($0.numbers) } == [2, 5, 8])
        #expect(GenerateRange("8-2") == nil && GenerateRange("1-2/0") == nil)
        let cases = [
            ("host-$", "host-10"), ("${5}", "15"), ("${-10,3}", "000"), ("${0,4,x}", "000a"),
            ("${0,4,X}", "000A"), ("${0,3,o}", "012"), ("${0,7,n}", "a.0.0.0"), ("\\$$", "$10"),
            ("$$", "$"), ("a${", "a10{"),
        ]
        for (text, expanded) in cases {
            #expect(GenerateRange.expand(text, 10) == expanded, "\(text)")
        }
    }

    @Test("A $GENERATE of too many records stops")
    func endlessGenerate() throws {
        let site = try ImportedSite([
            "db.example.org":
                "$TTL 60\n@ SOA a b 1 2 3 4 5\n$GENERATE 1-4000000000 h$ A 192.0.2.1\n"
        ])
        #expect(site.report.lines.contains { $0.contains("65536 generated records") })
    }

    @Test(
        "Files that include themselves end",
        arguments: ["$INCLUDE db.loop\n", "$INCLUDE db.loop x\n"])
    func includeLoop(_ line: String) throws {
        let site = try ImportedSite([
            "db.loop": "$ORIGIN loop.example.\n$TTL 60\na A 192.0.2.1\n" + line
        ])
        #expect(site.report.lines.contains { $0.contains("deep") })
        let dnsmasq = try ImportedSite(["dnsmasq.conf": "conf-file=dnsmasq.conf\nport=54\n"])
        #expect(dnsmasq.report.lines.contains { $0.contains("deep") })
        let unbound = try ImportedSite(["unbound.conf": "server:\n  include: unbound.conf\n"])
        #expect(unbound.report.lines.contains { $0.contains("deep") })
        let coredns = try ImportedSite([
            "Corefile": "(a) {\n import a\n}\n. {\n import a\n errors\n}\n"
        ])
        #expect(coredns.report.lines.contains { $0.contains("errors") })
    }

    // MARK: Corefile

    @Test("A Corefile's blocks: snippets, names on several lines, quotes, comments")
    func corefile() {
        let text = """
            a.example:53,
            b.example { # comment
                template IN A {
                    answer "{{ .Name }} 60 IN A 192.0.2.1"
                }
                errors
            }
            """
        let file = Corefile(SourceFiles.lines(of: text, in: "Corefile"))
        #expect(file.problems.isEmpty)
        #expect(file.blocks.map(\.words) == [["a.example:53,", "b.example"]])
        #expect(file.blocks[0].body.map(\.name) == ["template", "errors"])
        #expect(file.blocks[0].body[0].body[0].arguments.first == "{{ .Name }} 60 IN A 192.0.2.1")
        #expect(file.blocks[0].body[1].place.line == 6)
    }

    @Test(
        "Expressions that mean a domain as a whole",
        arguments: [
            ("", nil), (".*", nil), ("(.*\\.)?vanillax\\.me\\.", "vanillax.me."),
            ("^.*\\.vanillax\\.me\\.$", "vanillax.me."),
            ("apps[.]vanillax[.]me", "apps.vanillax.me."),
        ] as [(String, String?)])
    func templateMatch(_ expression: String, _ domain: String?) throws {
        let match = try #require(TemplateMatch(expression) as TemplateMatch?)
        #expect(match.domain?.description == domain)
    }

    @Test(
        "Expressions that say more are not taken for one",
        arguments: ["^ip-([0-9]*)\\.x\\.$", "(a|b)\\.x", "x\\.(me|org)", ".*\\.[a-z]+\\.me"])
    func notTemplateMatch(_ expression: String) {
        #expect(TemplateMatch(expression) == nil)
    }
}
