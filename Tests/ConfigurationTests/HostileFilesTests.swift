import DNS
import Foundation
import Glibc
import Nameserver
import Testing

@testable import Configuration

@Suite("Files that are made to do harm")
struct HostileFilesTests {
    /// What takes much of a reader that trusts it: each is refused by a line, in less than a second or two.
    @Test(
        "Bombs end with an error at their place, and soon",
        arguments: [
            (
                Bomb.laughs,
                "horizond.yaml:1:4: an anchor (&a); expected no anchors: an alias is not followed, so "
                    + "write each value out"
            ),
            (
                .mergeKey, "horizond.yaml:1:5: a merge key (<<); expected each key written out"
            ),
            (
                .secondDocument,
                "horizond.yaml:2:1: a second document; expected one document in a file"
            ),
            (
                .tag,
                "horizond.yaml:1:8: the tag \"tag:yaml.org,2002:python/object\"; expected no tag"
            ),
            (.deepMappings, "horizond.yaml:1:101: more than 24 nested levels"),
            (
                .deepLists,
                "horizond.yaml:1:1: bad YAML: Maximum nesting level reached, set with "
                    + "yaml_set_max_nest_level()) while parsing"
            ),
            (
                .longText,
                "horizond.yaml:1:4210688: a text or comment of more than 4194304 octets begins before here; "
                    + "expected at most 262144 octets in a text"
            ),
            (
                .longComment,
                "horizond.yaml:1:4210689: a text or comment of more than 4194304 octets begins before here; "
                    + "expected at most 262144 octets in a text"
            ),
            (.tagDirectives, ": more than 100 directives (%TAG)"),
            (
                .manyParts,
                "horizond.yaml:1:8: a value of more than 1000000 parts; expected the records in a "
                    + "zone file"
            ),
            (
                .manyUnknownKeys,
                "horizond.yaml:1:1: unknown key \"k0\"; expected one of: "
            ),
            (
                .manyUnknownZones,
                "horizond.yaml:2:50: unknown zone \"zone0.example\"; expected one of: "
            ),
        ])
    func bombs(bomb: Bomb, error: String) throws {
        let site = try Site(bomb.text)
        var errors: [String] = []
        let before = Self.processorSeconds
        errors = site.errors()
        let seconds = Self.processorSeconds - before
        let first = try #require(errors.first)
        #expect(first.contains(error), "\(first)")
        // It takes one or two; without the limits it is minutes.
        #expect(seconds < 20 * Self.slowdown, "\(seconds) s")
    }

    /// How many times slower the code is than it is made: under a sanitizer.
    private static let slowdown =
        ProcessInfo.processInfo.environment["HORIZOND_SLOWDOWN"].flatMap(Double.init) ?? 1

    /// What this thread has used: the machine may be busy with others.
    private static var processorSeconds: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    enum Bomb {
        case laughs, mergeKey, secondDocument, tag, deepMappings, deepLists, longText, longComment
        case tagDirectives, manyParts, manyUnknownKeys, manyUnknownZones

        var text: String {
            switch self {
            case .laughs:
                "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\n"
            case .mergeKey: "a: {<<: {listen: 127.0.0.1}}\n"
            case .secondDocument: "{}\n---\n{}\n"
            case .tag: "zones: !!python/object x\n"
            case .deepMappings: String(repeating: "{a: ", count: 20_000)
            case .deepLists: String(repeating: "[", count: 1_000_000)
            case .longText: "zones: \"" + String(repeating: "x", count: 5_000_000) + "\"\n"
            case .longComment: "# " + String(repeating: "x", count: 5_000_000) + "\n{}\n"
            case .tagDirectives:
                (0..<60_000).map { "%TAG !\($0)! tag:example.org,2026:\n" }.joined() + "---\n{}\n"
            case .manyParts:
                "zones: {" + (0..<400_000).map { "z\($0): {}, " }.joined() + "}\n"
            case .manyUnknownKeys: (0..<30_000).map { "k\($0): 1\n" }.joined()
            case .manyUnknownZones:
                "zones: {" + (0..<2_000).map { "zona\($0).example: {records: {}}, " }.joined()
                    + "}\nviews: {lan: {clients: [192.168.0.0/16], zones: ["
                    + (0..<5_000).map { "zone\($0).example, " }.joined() + "]}}\n"
            }
        }
    }

    @Test("Octets that are no text are found where they are", arguments: [0xff, 0x80, 0x00, 0x1b])
    func noText(octet: UInt8) throws {
        let site = try Site("")
        try site.write(Array("zones: {}\n# b".utf8) + [octet] + Array("ch\n".utf8))
        let error = try #require(site.errors().first)
        #expect(error.hasPrefix("horizond.yaml:2:4: bad text: "), "\(error)")
    }

    // MARK: What is shown of them

    @Test("A key or a file's name makes no second line, and nothing that a terminal obeys")
    func forgedLines() throws {
        let site = try Site(#"zones: {a.example: {"k\e[2J\nhorizond.yaml:9:9: forged": public}}"#)
        let error = try #require(site.errors().first)
        #expect(error.contains(#"records: {'k\u{1b}[2J\u{a}horizond.yaml:9:9: forged': public}"#))
        #expect(error == error.escapingUnprintable)
        let zones = try Site(
            "zones: zones", files: ["zones/a.example\u{1b}[2J\n.yaml": "www: 192.0.2.1"])
        #expect(zones.errors().allSatisfy { $0 == $0.escapingUnprintable })
        #expect(zones.errors().count == 1)
        let inner = try Site("zones: {a.example: \"z\\e[2J/a.yaml\"}")
        try inner.write("www: nonsense", to: "z\u{1b}[2J/a.yaml")
        #expect(inner.errors().first?.hasPrefix(#"z\u{1b}[2J/a.yaml:1:6: "#) == true)
    }

    @Test("What is told of a good file's lines has its path as text")
    func places() throws {
        let site = try Site("zones: {a.example: \"z\\e[2J.yaml\"}")
        try site.write("www: 192.0.2.1", to: "z\u{1b}[2J.yaml")
        let zone = try #require(try site.load().views.first?.zones.first)
        #expect(zone.file?.hasSuffix(#"/z\u{1b}[2J.yaml"#) == true, "\(zone.file ?? "none")")
    }

    @Test("The name of a view can be seen, since it stands in logs, metrics and on pages")
    func viewNames() throws {
        for name in [#"l\e[31m"#, #"l\nan"#, #"l\u202ean"#, #"l\u200ban"#, #"l\u2028an"#] {
            let errors = try errors(#"views: {"\#(name)": {clients: [192.0.2.0/24]}}"#)
            #expect(errors.count == 1)
            #expect(errors.first?.contains(#"horizond.yaml:1:9: bad view name "l\u{"#) == true)
        }
        #expect(try errors("views: {Büro 2: {clients: [192.0.2.0/24]}}") == [])
    }

    // MARK: Files that are none

    @Test("Pipes, devices and endless files are refused, wherever a file is named")
    func noFiles() throws {
        let site = try Site("")
        #expect(unsafe mkfifo(site.path("pipe"), 0o600) == 0)
        for file in ["pipe", "/dev/zero", "/dev/stdin"] {
            for setting in [
                "cookies: {file: \(file)}", "tls-ca: \(file)",
                "admin: {listen: 127.0.0.1:8053, token-file: \(file)}",
                "zones: {a.example: \(file)}",
                "forward: {.: \(file.first == "/" ? "" : "./")\(file)}",
            ] {
                try site.write(setting, to: "horizond.yaml")
                let error = try #require(site.errors().first, "\(setting)")
                #expect(
                    error.contains("it is not a regular file") || error.contains("No such"),
                    "\(setting): \(error)")
            }
        }
    }

    @Test(
        "A file that is far too large is not read", arguments: ["cookies: {file: f}", "tls-ca: f"])
    func largeFiles(setting: String) throws {
        let site = try Site(setting)
        // It has holes, and takes no room.
        try site.write("", to: "f")
        #expect(unsafe truncate(site.path("f"), 3 << 30) == 0)
        let error = try #require(site.errors().first)
        #expect(error.contains("it has 3221225472 octets, more than "), "\(error)")
    }

    @Test("A credential's name leads nowhere else", arguments: ["../x", "a/b", "/etc/passwd", ""])
    func credentials(name: String) throws {
        let errors = try errors("cookies: {file: \"credential:\(name)\"}")
        #expect(errors.first?.contains("bad name of a credential") == true, "\(errors)")
    }
}

extension Site {
    /// Replaces the main file.
    fileprivate func write(_ octets: [UInt8]) throws {
        try Data(octets).write(to: URL(fileURLWithPath: path("horizond.yaml")))
    }
}
