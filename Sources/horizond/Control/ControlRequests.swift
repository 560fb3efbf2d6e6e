// What the commands of the control socket take and give. Optional fields may be left out.

/// Takes cached answers out.
struct FlushRequest: ControlRequest {
    static let command = "flush"
    static let keys = ["name", "below"]
    /// A large cache is walked in many steps.
    var patience: Int? { 60 }
    /// Those for this name; nil for all.
    var name: String?
    /// And for all names below it.
    var below: Bool?

    struct Line: Codable, Sendable {
        /// How many answers were there.
        let removed: Int
    }
}

/// Says what was counted since the start.
struct StatisticsRequest: ControlRequest {
    static let command = "stats"
    static let keys: [String] = []
    typealias Line = ServiceStatistics
}

/// Says what a client gets, and why.
struct ExplainRequest: ControlRequest {
    static let command = "explain"
    static let keys = ["name", "type", "client"]
    /// Upstreams that are silent take four seconds, for each of several questions.
    var patience: Int? { 60 }
    var name: String
    /// One type more than A, AAAA and HTTPS.
    var type: String?
    /// Its address.
    var client: String
    typealias Line = Explanation
}

/// Says which queries came and how they were answered.
struct LogRequest: ControlRequest {
    static let command = "log"
    static let keys = ["follow", "last", "client", "name", "view"]
    /// The next query may come at any time.
    var patience: Int? { follow == true ? nil : Self.usualPatience }
    /// Whether to go on with what comes.
    var follow: Bool?
    /// How many lines of before.
    var last: Int?
    /// An address or a prefix.
    var client: String?
    /// `www.example.net`, `*.example.net` or `.example.net`.
    var name: String?
    var view: String?
    typealias Line = LogLine
}

/// A line of the query log for a follower: a query's own fields, or `{"lost":12}`.
enum LogLine: Codable, Sendable {
    case query(QueryLine)
    /// So many queries were not told, since they came faster than they were read.
    case lost(Int)

    private struct Lost: Codable {
        let lost: Int
    }

    init(from decoder: any Decoder) throws {
        if let lost = try? Lost(from: decoder) {
            self = .lost(lost.lost)
        } else {
            self = .query(try QueryLine(from: decoder))
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .query(let line): try line.encode(to: encoder)
        case .lost(let count): try Lost(lost: count).encode(to: encoder)
        }
    }
}
