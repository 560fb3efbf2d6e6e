import Configuration
import DNS
import Foundation
import Nameserver
import Testing

@testable import horizond

@Suite("Kinds of events")
struct EventKindTests {
    @Test("Each has an ID as the journal wants them, of its own")
    func identifiers() {
        let identifiers = EventKind.allCases.map(\.rawValue)
        #expect(Set(identifiers).count == identifiers.count)
        for identifier in identifiers {
            #expect(identifier.wholeMatch(of: /[0-9a-f]{32}/) != nil, "\(identifier)")
        }
    }

    @Test("The README lists each", arguments: EventKind.allCases)
    func isDocumented(kind: EventKind) throws {
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../README.md")
        #expect(try String(contentsOf: readme, encoding: .utf8).contains("`\(kind.rawValue)`"))
    }

    @Test("A line about a query tells what is known of it, and nothing else")
    func fields() throws {
        let fields = EventFields(
            .query, name: try DomainName("www.example"), type: .a, client: .v4(0x7f00_0001),
            view: "lan")
        #expect(
            fields.metadata.mapValues { "\($0)" } == [
                EventFields.kindKey: EventKind.query.rawValue, "qname": "www.example",
                "qtype": "A", "client": "127.0.0.1", "view": "lan",
            ])
    }
}
