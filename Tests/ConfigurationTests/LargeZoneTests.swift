import Nameserver
import Testing

@testable import Configuration

@Suite("Large zones")
struct LargeZoneTests {
    @Test("A hundred thousand names load record by record")
    func manyNames() throws {
        let count = 100_000
        var text = ""
        for index in 0..<count {
            let address = "192.168.\(index >> 8 & 255).\(index & 255)"
            text +=
                index.isMultiple(of: 2)
                ? "n\(index): \(address)\n" : "n\(index): {type: A, value: \(address)}\n"
        }
        let view = try onlyView(
            "zones: {example.com: zone.yaml}\nforward: {}", files: ["zone.yaml": text])
        #expect(view.zones[0].nameCount == count + 1)
    }

    @Test("Among a hundred thousand names the one that is there twice is found")
    func duplicateName() throws {
        var text = (0..<100_000).map { "n\($0): 192.0.2.1\n" }.joined()
        text += "N777: 192.0.2.2\n"
        #expect(
            try zoneErrors(text) == [
                "zone.yaml:100001:1: duplicate name \"N777\": N777.example.com. is on line 778 "
                    + "already; expected all its records in one list"
            ])
    }
}
