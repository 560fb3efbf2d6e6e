import DNS
import Foundation
import Testing

@testable import Migration

@Suite("Other servers' files that are made to do harm")
struct HostileFilesTests {
    private static let head = "$ORIGIN e.example.\n@ SOA a. b. 1 2 3 4 5\n"

    @Test("A width or an offset of $GENERATE is no number that cannot be, and ends nothing")
    func widths() throws {
        for modifier in [
            "0,-9223372036854775808", "0,9223372036854775807,n", "-2147483648,3,x",
            "2147483647,-1,N", "99999999999999999999", ",,", "0,-5,o",
        ] {
            let site = try ImportedSite([
                "e.zone": Self.head + "$GENERATE 1-2 a${\(modifier)}b A 192.0.2.1\n"
            ])
            #expect(site.report.lines.contains { $0.contains("$GENERATE") }, "\(modifier)")
        }
        #expect(GenerateRange.expand("${0,-9223372036854775808,d}", 7) == "7")
        #expect(GenerateRange.expand("${0,-9223372036854775808,n}", 7) == "7")
    }

    @Test("A time with parts whose sum has no room is none")
    func times() {
        let parts = String(repeating: "999999999w", count: 40_000)
        #expect(MasterFileEntry.seconds(parts) == nil)
        #expect(MasterFileEntry.seconds("1w2d3h4m5s") == 788_645)
        #expect(MasterFileEntry.seconds("7101w3d6h28m15s") == UInt32.max)
        #expect(MasterFileEntry.seconds("7101w3d6h28m16s") == nil)
    }

    @Test("One line that generates gigabytes is stopped, and says so")
    func generatedSize() throws {
        let text = String(repeating: "x", count: 60_000)
        let site = try ImportedSite([
            "e.zone": Self.head + "$GENERATE 1-60000 a$ TXT \"\(text)\"\n"
        ])
        #expect(
            site.report.lines.contains { $0.contains("more than 4194304 octets of generated") })
    }

    @Test("Files that include each other without end are read a number of times")
    func includes() throws {
        let site = try ImportedSite([
            "e.zone": Self.head + String(repeating: "$INCLUDE e.zone\n", count: 4)
        ])
        #expect(site.report.lines.contains { $0.contains("more than 1000 files") })
        #expect(site.report.lines.contains { $0.contains("more than 16 files deep") })
    }

    @Test("No name becomes a path that leads elsewhere, and none of what is written hides anything")
    func paths() throws {
        let sites = [
            try ImportedSite([
                "dnsmasq.conf":
                    "address=/../../../etc/x/192.0.2.1\nlocal=/\u{202e}x/\nlocal=/a\0b/\n"
            ]),
            try ImportedSite([
                "x.zone": "$ORIGIN ../../../../tmp/evil.\n@ SOA a. b. 1 2 3 4 5\nx A 192.0.2.1\n"
                    + "y TXT \"\u{202e}\u{1b}[2J\"\n"
            ]),
            try ImportedSite([
                "x.zone": #"$ORIGIN \.\./\.\./etc."# + "\n@ SOA a. b. 1 2 3 4 5\nx A 192.0.2.1\n"
            ]),
        ]
        for site in sites {
            for file in site.files {
                let isMain = file.path == "horizond.yaml"
                #expect(
                    isMain
                        || file.path.wholeMatch(of: #/zones/[A-Za-z0-9_][A-Za-z0-9._-]*\.yaml/#)
                            != nil
                )
                #expect(
                    file.text.split(separator: "\n").allSatisfy {
                        $0 == String($0).escapingUnprintable
                    })
            }
        }
    }
}
