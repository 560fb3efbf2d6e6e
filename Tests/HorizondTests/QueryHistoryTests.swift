import Nameserver
import Testing

@testable import horizond

@Suite("The history of the last hour")
struct QueryHistoryTests {
    private let start = ContinuousClock.now
    /// The time of day at `start`.
    private let time = 1_780_000_000.0

    private func counts(_ queries: Int, times: [Int: Int] = [:]) -> HistoryCounts {
        var counts = HistoryCounts()
        counts.queries = queries
        counts.responses[AnswerSource.allCases.firstIndex(of: .zone) ?? 0] = queries
        for (bucket, count) in times { counts.times[bucket] = count }
        return counts
    }

    private func reply(
        _ history: QueryHistory, after: Double? = nil, at seconds: Double
    ) -> HistoryReply {
        history.reply(
            after: after, at: start + .seconds(seconds), time: time + seconds)
    }

    @Test("Each step has what was counted in it, and nothing from before the start")
    func steps() {
        var history = QueryHistory(counts(1000), at: start)
        #expect(reply(history, at: 3).queries == [])
        #expect(reply(history, at: 3).end == time)
        history.add(counts(1010), at: start + .seconds(5))
        history.add(counts(1010), at: start + .seconds(10.2))
        history.add(counts(1037), at: start + .seconds(15))
        let reply = reply(history, at: 17)
        #expect(reply.queries == [10, 0, 27])
        #expect(reply.sources["zone"] == [10, 0, 27])
        #expect(reply.sources["cache"] == [0, 0, 0])
        #expect(Set(reply.sources.keys) == Set(AnswerSource.allCases.map(\.rawValue)))
        #expect(reply.end == time + 15)
        #expect(reply.now == ["queriesPerSecond": 5.4])
    }

    @Test("A reading too early ends no step")
    func early() {
        var history = QueryHistory(counts(0), at: start)
        history.add(counts(4), at: start + .seconds(4))
        #expect(reply(history, at: 4).queries == [])
        history.add(counts(5), at: start + .seconds(4.9))
        #expect(reply(history, at: 4.9).queries == [5])
    }

    @Test("What was counted while the machine stood still is spread over that time")
    func late() {
        var history = QueryHistory(counts(0), at: start)
        history.add(counts(100), at: start + .seconds(5))
        history.add(counts(500), at: start + .seconds(25))
        history.add(counts(600), at: start + .seconds(30))
        #expect(reply(history, at: 30).queries == [100, 100, 100, 100, 100, 100])
        #expect(reply(history, at: 30).end == time + 30)
    }

    @Test("A reading that is late by half a step leaves that half to the next one")
    func halfLate() {
        var history = QueryHistory(counts(0), at: start)
        history.add(counts(150), at: start + .seconds(7.5))
        #expect(reply(history, at: 7.5).queries == [100])
        history.add(counts(200), at: start + .seconds(10))
        #expect(reply(history, at: 10).queries == [100, 100])
    }

    @Test("No query is lost or counted twice, however late the readings are")
    func sum() {
        var generator = SystemRandomNumberGenerator()
        var history = QueryHistory(counts(0), at: start)
        var (queries, seconds) = (0, 0.0)
        for _ in 0..<100 {
            queries += Int.random(in: 0..<50, using: &generator)
            seconds += Double.random(in: 4.7..<20, using: &generator)
            history.add(counts(queries), at: start + .seconds(seconds))
        }
        // The rest of the last step comes with the next reading on time.
        let wait = (seconds / 5).rounded(.up) * 5 + 5
        history.add(counts(queries), at: start + .seconds(wait))
        let reply = reply(history, at: wait)
        #expect(reply.queries.count == Int(wait / 5))
        #expect(reply.queries.reduce(0, +) == queries)
    }

    @Test("After a sleep of days the hour is empty, and the process goes on")
    func sleep() {
        var history = QueryHistory(counts(0), at: start)
        history.add(counts(1000), at: start + .seconds(5))
        history.add(counts(1002), at: start + .seconds(1_000_000))
        let reply = reply(history, at: 1_000_000)
        #expect(reply.queries.count == QueryHistory.length)
        #expect(reply.queries.reduce(0, +) <= 2)
        #expect(reply.end == time + 1_000_000)
    }

    @Test("An hour is kept and no more")
    func bound() {
        var history = QueryHistory(counts(0), at: start)
        for index in 1...1000 {
            history.add(counts(index * (index + 1) / 2), at: start + .seconds(5 * index))
        }
        #expect(reply(history, at: 5000).queries == Array(281...1000))
    }

    @Test("Who has the steps up to a time gets the newer ones, by clocks that differ a little")
    func after() {
        var history = QueryHistory(counts(0), at: start)
        for index in 1...10 { history.add(counts(index), at: start + .seconds(5 * index)) }
        for error in [-0.002, 0, 0.002] {
            #expect(reply(history, after: time + 40 + error, at: 52).queries.count == 2)
        }
        #expect(reply(history, after: time + 50, at: 52).queries == [])
        #expect(reply(history, after: .greatestFiniteMagnitude, at: 52).queries == [])
        #expect(reply(history, after: 0, at: 52).queries.count == 10)
        #expect(reply(history, after: -.greatestFiniteMagnitude, at: 52).queries.count == 10)
    }

    @Test("When the time of day is set, the steps are where they belong by the new one")
    func timeSet() {
        var history = QueryHistory(counts(0), at: start)
        history.add(counts(1), at: start + .seconds(5))
        let reply = history.reply(after: nil, at: start + .seconds(6), time: 100)
        #expect(reply.end == 99)
    }

    @Test(
        "Times lie within the buckets of the step's answers, and are missing where there are none")
    func times() throws {
        var history = QueryHistory(counts(0), at: start)
        // 100 answers in 10 to 20 µs, then 99 of those and 1 in 1 to 2 s.
        history.add(counts(100, times: [1: 100]), at: start + .seconds(5))
        history.add(counts(100, times: [1: 100]), at: start + .seconds(10))
        history.add(counts(200, times: [1: 199, 16: 1]), at: start + .seconds(15))
        let latency = reply(history, at: 15).latency
        #expect(latency["p50"] == [0.015, nil, 0.0151])
        #expect(latency["p95"] == [0.0195, nil, 0.0196])
        #expect(latency["p99"] == [0.0199, nil, 0.02])
    }

    @Test("A time beyond all bounds is that of the last one")
    func longTime() {
        let last = TimeHistogram.bounds.count
        #expect(counts(1, times: [last: 1]).milliseconds(quantile: 0.5) == 4000)
        #expect(counts(2, times: [0: 1, last: 1]).milliseconds(quantile: 0.5) == 0.01)
        #expect(counts(2, times: [0: 1, last: 1]).milliseconds(quantile: 0.99) == 4000)
    }
}
