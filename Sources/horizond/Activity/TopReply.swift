import DNS

/// What `/api/top` says.
struct TopReply: Encodable {
    struct Name: Encodable, Equatable {
        let name: String
        let count: Int
    }

    struct Client: Encodable, Equatable {
        let client: String
        let view: String?
        let count: Int
    }

    struct Refusal: Encodable, Equatable {
        let name: String
        let client: String
        let count: Int
    }

    /// Since when it was counted, in seconds since 1970.
    let since: Double
    let seconds = TopQueries.sliceSeconds * TopQueries.slices
    /// The part of the queries that was looked at.
    let sampled: Double
    let names: [Name]
    let clients: [Client]
    let refused: [Refusal]
    let failed: [Name]
    var leaks: [AuditStatistics.Leak] = []
    var audit = Audit()

    struct Audit: Encodable {
        /// Seconds since 1970; nil before the first.
        var lastAt: Int?
        /// In seconds; nil without audits.
        var every: Int?

        private enum Key: CodingKey {
            case lastAt, every
        }

        /// With `null` for what there is not.
        func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: Key.self)
            try fields.encode(lastAt, forKey: .lastAt)
            try fields.encode(every, forKey: .every)
        }
    }
}

extension TopReply {
    /// The first `count` of each list, counted since `since`.
    init(_ slices: [TopQueries.Slice], count: Int, since: Double) {
        self.since = (since * 1000).rounded() / 1000
        let queries = slices.reduce(0) { $0 + $1.queries }
        let seen = slices.reduce(0) { $0 + $1.seen }
        sampled = queries > 0 ? Double(seen) / Double(queries) : 1
        names = Self.most(slices.map(\.names), count, \.octets).map {
            Name(name: $0.key.shortDescription, count: $0.value)
        }
        clients = Self.most(slices.map(\.clients), count, \.address.octets).map {
            Client(client: "\($0.key.address)", view: $0.key.view, count: $0.value)
        }
        refused = Self.most(slices.map(\.refused), count) { $0.name.octets + $0.client.octets }
            .map {
                Refusal(
                    name: $0.key.name.shortDescription, client: "\($0.key.client)", count: $0.value)
            }
        failed = Self.most(slices.map(\.failed), count, \.octets).map {
            Name(name: $0.key.shortDescription, count: $0.value)
        }
    }

    /// The most frequent keys of all slices; equal ones in the order of their octets, so that they keep
    /// their places.
    private static func most<Key>(
        _ slices: [FrequentKeys<Key>], _ count: Int, _ octets: (Key) -> [UInt8]
    ) -> [(key: Key, value: Int)] {
        var sums: [Key: Int] = [:]
        for slice in slices { sums.merge(slice.counts, uniquingKeysWith: +) }
        return Array(
            sums.sorted { left, right in
                left.value != right.value
                    ? left.value > right.value
                    : octets(left.key).lexicographicallyPrecedes(octets(right.key))
            }.prefix(count))
    }
}

extension DomainName {
    /// As on the wire, other octets than visible ASCII escaped, without the final dot.
    fileprivate var shortDescription: String {
        isRoot ? "." : String(description.dropLast())
    }
}
