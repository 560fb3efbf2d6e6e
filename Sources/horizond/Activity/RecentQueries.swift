import DNS

/// The live log: the last lines, numbered by the queries that there were. A line takes some 20 to 50 µs, so of
/// a flood some queries have none. The lines are made at once and not when they are asked for: a
/// record would keep its snapshot, which may be large, in memory after a reload.
struct RecentQueries: Sendable {
    static let kept = 1000
    /// At most some hundredths of a processor's time.
    static let linesPerSecond = 400

    /// Differs with each start, since the numbers begin anew.
    let epoch = UInt32.random(in: .min ... .max)
    /// The number of the last query.
    private(set) var last = 0
    private var lines = Ring<Line>(capacity: kept)
    /// How many lines may be made at once; so many as are kept after a pause.
    private var allowance = Double(kept)
    private var allowanceAt: ContinuousClock.Instant

    init(at now: ContinuousClock.Instant) { allowanceAt = now }

    struct Line: Encodable, Sendable {
        let number: Int
        let line: QueryLine

        private enum Key: CodingKey {
            case number
        }

        /// One object: the line's fields and the number.
        func encode(to encoder: any Encoder) throws {
            try line.encode(to: encoder)
            var fields = encoder.container(keyedBy: Key.self)
            try fields.encode(number, forKey: .number)
        }
    }

    /// How many of `wanted` lines may be made now.
    mutating func allow(_ wanted: Int, at now: ContinuousClock.Instant) -> Int {
        // A machine that is restored may count its time from before.
        let elapsed = max(0, (now - allowanceAt) / .seconds(1))
        allowance = min(
            Double(Self.kept), allowance + elapsed * Double(Self.linesPerSecond))
        allowanceAt = now
        let allowed = min(wanted, Int(allowance))
        allowance -= Double(allowed)
        return allowed
    }

    /// Adds a query that stands for `weight`, with its line when one was made.
    mutating func add(_ line: QueryLine?, weight: Int) {
        last += weight
        if let line { lines.append(Line(number: last, line: line)) }
    }

    /// The oldest first.
    var kept: [Line] { lines.elements }
}

/// What `/api/queries` says.
struct RecentReply: Encodable {
    let epoch: UInt32
    /// The number to go on from.
    let next: Int
    /// Queries behind `after` of which there is no line, whatever the filter: there were too many, or they
    /// are too long ago.
    let lost: Int
    let lines: [RecentQueries.Line]
}

extension RecentQueries {
    /// The lines that match: the last `count`, or the first `count` behind the number `after`, so that
    /// whoever goes on from `next` misses none.
    func reply(after: Int?, count: Int, _ matches: (QueryLine) -> Bool) -> RecentReply {
        guard let after else {
            let lines = kept.filter { matches($0.line) }.suffix(count)
            return RecentReply(epoch: epoch, next: last, lost: 0, lines: Array(lines))
        }
        let newer = kept.filter { $0.number > after }
        let found = newer.filter { matches($0.line) }
        let lines = Array(found.prefix(count))
        // With a number of an earlier start there may be nothing behind it.
        let next = found.count > count ? lines.last?.number ?? last : last
        let passed = newer.count { $0.number <= next }
        return RecentReply(
            epoch: epoch, next: next, lost: max(0, next - after - passed), lines: lines)
    }
}
