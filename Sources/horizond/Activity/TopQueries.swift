import DNS

/// Who asked for what most in the last hour, in bounded memory: a list of each kind for each five minutes.
/// What falls out of one list is still in the others.
struct TopQueries: Sendable {
    static let sliceSeconds = 300
    /// An hour, of which the last slice is the one that goes on.
    static let slices = 12

    private let start: ContinuousClock.Instant
    /// The oldest first.
    private var slices: [Slice] = []

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

        fileprivate mutating func add(_ query: ObservedQuery) {
            seen += 1
            queries += query.weight
            clients.add(Client(address: query.client, view: query.view), query.weight)
            guard let name = query.name else { return }
            names.add(name, query.weight)
            if query.hasFailed { failed.add(name, query.weight) }
            if query.isRefused {
                refused.add(Refusal(name: name, client: query.client), query.weight)
            }
        }

        fileprivate mutating func close() {
            names.close()
            clients.close()
            refused.close()
            failed.close()
        }
    }

    mutating func add(_ queries: some Sequence<ObservedQuery>, at now: ContinuousClock.Instant) {
        let number = self.number(now)
        if slices.last?.number != number {
            if let last = slices.indices.last { slices[last].close() }
            slices.removeAll { $0.number <= number - Self.slices }
            slices.append(Slice(number: number))
        }
        let last = slices.count - 1
        for query in queries { slices[last].add(query) }
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
