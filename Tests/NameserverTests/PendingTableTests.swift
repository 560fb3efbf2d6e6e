import DNS
import Testing

@testable import Nameserver

@Suite("The table of questions in flight")
struct PendingTableTests {
    private static func key(_ number: Int) -> AnswerKey {
        // Few hashes, so that many keys want the same place.
        AnswerKey(
            name: Site.name("h\(number).example"),
            parameters: AnswerKey.Parameters(type: .a, bits: [], partition: 0),
            hash: UInt64(number % 7) << 32)
    }

    @Test("has what was put in, whatever came and went before")
    func comesAndGoes() {
        var table = PendingTable<Int>()
        var expected: [Int: Int] = [:]
        var random = SystemRandomNumberGenerator()
        for step in 0..<5000 {
            let number = Int.random(in: 0..<100, using: &random)
            let key = Self.key(number)
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                table.set(step, for: key)
                expected[number] = step
            case 1:
                #expect(table.join(key, first: step) { $0 += 1 } == (expected[number] == nil))
                expected[number] = expected[number].map { $0 + 1 } ?? step
            default:
                #expect(table.remove(key) == expected.removeValue(forKey: number))
            }
            guard step % 50 == 0 else { continue }
            #expect(table.count == expected.count)
            #expect((0..<100).allSatisfy { table[Self.key($0)] == expected[$0] })
        }
    }
}
