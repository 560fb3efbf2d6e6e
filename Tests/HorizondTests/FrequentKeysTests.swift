import Testing

@testable import horizond

@Suite("The most frequent of many keys")
struct FrequentKeysTests {
    @Test("As long as there is room for all, the counts are exact")
    func exact() {
        var keys = FrequentKeys<Int>(capacity: 100, columns: 64)
        for round in 1...3 {
            for key in 0..<100 { keys.add(key, key * round) }
        }
        #expect(keys.counts == Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, 6 * $0) }))
    }

    /// A hundred names that are asked for now and then, from 100 to 595 times, among `others`.
    private func counts(
        among others: Int, times: Int = 1, capacity: Int = 512
    ) -> FrequentKeys<Int> {
        var keys = FrequentKeys<Int>(capacity: capacity, columns: 32_768)
        var queries = (0..<100).flatMap { [Int](repeating: $0, count: 100 + 5 * $0) }
        queries.shuffle()
        for (index, key) in queries.enumerated() {
            let part = { (index: Int) in others * index / queries.count }
            for other in part(index)..<part(index + 1) {
                for _ in 0..<times { keys.add(1000 + other, 1) }
            }
            keys.add(key, 1)
        }
        return keys
    }

    @Test("A flood of names that are asked for once each pushes out none that is asked for often")
    func flood() {
        let keys = counts(among: 1_000_000)
        #expect(keys.counts.count == 512)
        for key in 0..<100 {
            let count = 100 + 5 * key
            let found = keys.counts[key] ?? 0
            #expect(abs(found - count) <= 30, "\(key): \(found) for \(count)")
        }
        let most = keys.counts.filter { $0.key >= 1000 }.map(\.value).max() ?? 0
        #expect(most < 100, "a name that was asked for once seems to be asked for \(most) times")
    }

    @Test("Nor does one that asks for each name three times in a row")
    func repeatedFlood() {
        let keys = counts(among: 300_000, times: 3)
        #expect(keys.counts.count == 512)
        for key in 0..<100 {
            let count = 100 + 5 * key
            let found = keys.counts[key] ?? 0
            #expect(abs(found - count) <= 40, "\(key): \(found) for \(count)")
        }
    }

    @Test("A key that lost its place comes back with what it had")
    func comesBack() {
        var keys = FrequentKeys<Int>(capacity: 2, columns: 1024)
        keys.add(1, 10)
        keys.add(2, 20)
        keys.add(3, 15)
        #expect(keys.counts == [2: 20, 3: 15])
        keys.add(1, 6)
        #expect(keys.counts == [1: 16, 2: 20])
        keys.add(3, 2)
        #expect(keys.counts == [2: 20, 3: 17])
    }

    @Test("The sum of what the rows of a sketch say is not moved by keys that come once")
    func sketch() {
        var sketch = CountSketch(columns: 32_768)
        let frequent = "frequent".hashValue
        sketch.add(frequent, 1000)
        for key in 0..<1_000_000 { sketch.add(key.hashValue, 1) }
        #expect(abs(sketch.estimate(frequent) - 1000) < 40)
        #expect(abs(sketch.estimate("never".hashValue)) < 40)
    }
}
