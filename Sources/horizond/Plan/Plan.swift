import DNS
import Nameserver

/// What another configuration would change: the answer of `horizond plan`, as it is printed and as it
/// goes through the control socket.
struct Plan: Codable, Sendable {
    /// Names that are answered in another way. The first ones, when there are many.
    var answers: [Answer] = []
    /// How many names and types are answered in another way, in all views.
    var answerCount = 0
    /// How many lines of `answers` were left out.
    var leftOut = 0
    /// The views in which something changes.
    private(set) var views: [String] = []
    /// What changes besides: clients, zones, rules, policies, addresses, other settings.
    var settings: [Setting] = []

    /// One answer of a view to a name; that to several types when it is the same.
    struct Answer: Codable, Equatable, Sendable {
        let view: String
        /// Such as `*.example.com` for all names below `example.com` that nothing else is said of.
        let name: String
        let types: [String]
        let before: Said
        let after: Said
        /// The line that decides afterwards, or else did before, `FILE:LINE`.
        let place: String?
    }

    /// What is said to a question.
    struct Said: Codable, Equatable, Sendable {
        let kind: Kind
        /// The records' data, an alias's target, the servers that a referral names.
        var data: [String] = []
        var ttl: UInt32?

        enum Kind: String, Codable, Sendable {
            case records, alias, referral
            case noData = "no data"
            case nameError = "no such name"
            case upstream = "asked upstream"
            case refused
        }
    }

    /// A setting that is another one; nil where there is none.
    struct Setting: Codable, Equatable, Sendable {
        let kind: Kind
        /// The views that it holds for; none for those of the whole server.
        var views: [String] = []
        /// Such as a prefix, a domain, an address or a key.
        let subject: String
        let before: String?
        let after: String?
        var needsRestart = false

        enum Kind: String, Codable, Sendable {
            case clients, zone, forward
            case httpsRecords = "https-records"
            case listen, setting
        }
    }

    mutating func note(changeIn view: String) {
        if !views.contains(view) { views.append(view) }
    }

    var isEmpty: Bool { answerCount == 0 && settings.isEmpty }
}

extension Plan.Said {
    init(_ summary: AnswerSummary) {
        switch summary {
        case .records(let type, let ttl, let rdata):
            self.init(
                kind: .records, data: rdata.map { RData.describe($0.span, type: type) }, ttl: ttl)
        case .alias(let target, let ttl):
            self.init(kind: .alias, data: [target.lineDescription], ttl: ttl)
        case .subtreeAlias(let owner, let target, let ttl):
            self.init(
                kind: .alias,
                data: ["*.\(target.lineDescription) for *.\(owner.lineDescription)"], ttl: ttl)
        case .referral(let servers):
            self.init(kind: .referral, data: servers.map(\.lineDescription))
        case .noData: self.init(kind: .noData)
        case .nameError: self.init(kind: .nameError)
        case .upstream: self.init(kind: .upstream)
        case .refused: self.init(kind: .refused)
        }
    }
}
