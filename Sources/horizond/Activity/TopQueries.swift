import DNS

/// Who asked for what most in the last hour, in bounded memory: a list of each kind for each five minutes.
/// What falls out of one list is still in the others.
struct TopQueries: Sendable {
    static let sliceSeconds = 300
    /// An hour, of which the last slice is the one that goes on.
    static let slices = 12

    /// Queries that a worker passes over are taken to be like so many that were looked at before: twice as
    /// many as one looks at before it passes over any.
    private static let sample = 2 * RecordGate.observedPerInterval

    private let start: ContinuousClock.Instant
    /// The oldest first.
    private var slices: [Slice] = []
    private var lastSeen = Ring<ObservedQuery>(capacity: sample)

    init(at now: ContinuousClock.Instant) { start = now }

    struct Client: Hashable {
        let address: IPAddress
        let view: String?
    }

    struct Refusal: Hashable {
        let name: DomainName
        let client: IPAddress
    }

    struct Slice: Sendable {
        /// How many slices were before it, with or without queries.
        let number: Int
        /// How many queries were looked at, and how many they stand for.
        fileprivate(set) var seen = 0
        fileprivate(set) var queries = 0
        fileprivate(set) var names = FrequentKeys<DomainName>(capacity: 512, columns: 32_768)
        fileprivate(set) var clients = FrequentKeys<Client>(capacity: 256, columns: 8192)
        fileprivate(set) var refused = FrequentKeys<Refusal>(capacity: 128, columns: 8192)
        fileprivate(set) var failed = FrequentKeys<DomainName>(capacity: 128, columns: 8192)

        fileprivate init(number: Int) { self.number = number }

        /// Counts it so often.
        fileprivate mutating func add(_ query: ObservedQuery, _ count: Int) {
            queries += count
            clients.add(Client(address: query.client, view: query.view), count)
            guard let name = query.name else { return }
            names.add(name, count)
            if query.hasFailed { failed.add(name, count) }
            if query.isRefused { refused.add(Refusal(name: name, client: query.client), count) }
        }

        fileprivate mutating func close() {
            names.close()
            clients.close()
            refused.close()
            failed.close()
        }
    }

    mutating func add(_ queries: [ObservedQuery], at now: ContinuousClock.Instant) {
        let number = self.number(now)
        if slices.last?.number != number {
            if let last = slices.indices.last { slices[last].close() }
            slices.removeAll { $0.number <= number - Self.slices }
            slices.append(Slice(number: number))
        }
        let last = slices.count - 1
        slices[last].seen += queries.count
        for query in queries { slices[last].add(query, 1) }
        addPassedOver(queries)
        for query in queries { lastSeen.append(query) }
    }

    /// Counts the queries that `queries` stand for beside themselves: evenly for those seen last, since the
    /// first one after many that were passed over would have the count of them all.
    private mutating func addPassedOver(_ queries: [ObservedQuery]) {
        let count = queries.reduce(0) { $0 + $1.weight - 1 }
        guard count > 0 else { return }
        let before = lastSeen.elements
        let sample = before.isEmpty ? queries : before
        let (each, rest) = count.quotientAndRemainder(dividingBy: sample.count)
        for (index, query) in sample.enumerated() where each > 0 || index < rest {
            slices[slices.count - 1].add(query, index < rest ? each + 1 : each)
        }
    }

    /// Those that are not over an hour old.
    func lastHour(at now: ContinuousClock.Instant) -> [Slice] {
        slices.filter { $0.number > number(now) - Self.slices }
    }

    /// How long ago the last hour's slices began, in seconds.
    func age(at now: ContinuousClock.Instant) -> Double {
        let first = max(0, number(now) - Self.slices + 1)
        return (now - start) / .seconds(1) - Double(first * Self.sliceSeconds)
    }

    private func number(_ now: ContinuousClock.Instant) -> Int {
        Int((now - start) / .seconds(Self.sliceSeconds))
    }
}
