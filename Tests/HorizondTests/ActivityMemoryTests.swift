import DNS
import Nameserver
import Testing

@testable import horizond

/// What README.md promises: the page's data take at most 8 MiB, with the longest names in every place.
@Suite("Memory of the page's data")
struct ActivityMemoryTests {
    private let start = ContinuousClock.now
    private static let limit = 8 << 20
    /// What the allocator and an array or string take beside the elements.
    private static let header = 48

    /// 255 octets, most of which take four letters when they are shown.
    private func longestName(_ number: Int) throws -> DomainName {
        let digits = (0..<5).map { UInt8(truncatingIfNeeded: number >> ($0 * 4)) & 0x0f }
        let labels = [58, 63, 63, 61].map { [UInt8](repeating: 0xff, count: $0) }
        let name: DomainName? = DomainName(labels: [digits + labels[0]] + labels[1...])
        let found = try #require(name)
        #expect(found.octets.count == DomainName.maximumLength)
        return found
    }

    private func octets<Key>(_ keys: FrequentKeys<Key>, ofEach: Int) -> Int {
        let slots = Double(keys.counts.capacity) / 0.75
        let table = Int(slots) * (MemoryLayout<Key>.stride + MemoryLayout<Int>.stride + 1)
        return 2 * Self.header + table + keys.counts.count * ofEach
    }

    private func sketch<Key>(_ keys: FrequentKeys<Key>) -> Int {
        CountSketch.rows * keys.columns * MemoryLayout<Int32>.stride
    }

    @Test("Lists, lines and history that are as full as they can be take less than is said")
    func full() throws {
        var top = TopQueries(at: start)
        for slice in 0..<(2 * TopQueries.slices) {
            let queries = try (0..<1500).map { number in
                ObservedQuery(
                    name: try longestName(slice * 1500 + number), client: .v6(1, UInt64(number)),
                    view: "lan", isRefused: true, hasFailed: true, weight: 1)
            }
            top.add(queries, at: start + .seconds(slice * TopQueries.sliceSeconds))
        }
        let end = start + .seconds((2 * TopQueries.slices - 1) * TopQueries.sliceSeconds)
        let slices = top.lastHour(at: end)
        #expect(slices.count == TopQueries.slices)
        let name = Self.header + DomainName.maximumLength
        let lists = slices.reduce(0) { sum, slice in
            #expect(slice.names.counts.count == slice.names.capacity)
            return sum + octets(slice.names, ofEach: name) + octets(slice.clients, ofEach: 0)
                + octets(slice.refused, ofEach: name) + octets(slice.failed, ofEach: name)
        }
        let last = try #require(slices.last)
        let sketches =
            sketch(last.names) + sketch(last.clients) + sketch(last.refused)
            + sketch(last.failed)
        let total = lists + sketches + (try lineOctets()) + historyOctets()
        #expect(total < Self.limit, "\(lists) + \(sketches) + lines and history = \(total)")
        #expect(total > Self.limit / 2, "\(total): what README.md says is far too much")
    }

    private func lineOctets() throws -> Int {
        let name = String(try longestName(0).description.dropLast())
        let address = "2001:db8:1111:2222:3333:4444:5555:6666"
        let line = try QueryLine.sample(
            name, client: address, type: "TYPE65535", source: "upstream",
            addresses: [address, address, address], upstream: "tls://[\(address)]:853",
            // The names in it are of the configuration.
            reason: String(repeating: "x", count: 512))
        var recent = RecentQueries(at: start)
        for _ in 0..<3000 { recent.add(line, weight: 1) }
        let texts =
            [line.client ?? "", line.name, line.type, line.source, line.upstream ?? ""]
            + [line.reason ?? ""] + line.addresses
        let each =
            MemoryLayout<RecentQueries.Line>.stride + Self.header
            + texts.reduce(0) { $0 + Self.header + $1.utf8.count }
        return recent.kept.count * each
    }

    private func historyOctets() -> Int {
        var history = QueryHistory(HistoryCounts(), at: start)
        for step in 1...2000 { history.add(HistoryCounts(), at: start + .seconds(5 * step)) }
        let reply = history.reply(after: nil, at: start + .seconds(10_000), time: 0)
        // Of each step the queries, a number for each source, three times, and two arrays.
        let each = 8 * (1 + AnswerSource.allCases.count + 2 * 3 + 2) + 2 * Self.header
        return reply.queries.count * each
    }
}
