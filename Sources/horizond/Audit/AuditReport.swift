/// What an audit found: as `horizond audit` prints it, and as the server logs it.
struct AuditReport: Codable, Sendable {
    /// How many names of views were asked for, and how many there are.
    var checked = 0
    var total = 0
    /// Public records in what clients get for names that are owned here.
    var leaks: [Finding] = []
    /// Hosts that a record in the public zone names, and that are others here.
    var misdirected: [Finding] = []
    /// Public names whose HTTPS record advertises what the network may not carry.
    var advertised: [Finding] = []
    /// Public records of owned names, which clients here never see.
    var hidden: [Finding] = []
    /// Names for which either side did not answer.
    var unanswered: [Finding] = []
    /// Views that no address has.
    var unreachableViews: [String] = []
    /// The wildcards that were asked for: what they hide besides cannot be listed.
    var wildcards: [String] = []

    struct Finding: Codable, Hashable, Sendable {
        let view: String
        /// As the zone file has it, without its final dot.
        let name: String
        /// The records, such as `AAAA 2001:db8::1`, or what is wrong.
        var records: [String] = []
        /// In words.
        var reason: String?
        /// The line that decides about the name, `FILE:LINE`.
        var place: String?
    }

    /// What findings are of.
    enum Kind: String, CaseIterable {
        case leak, misdirected, advertised, hidden, unanswered
    }

    func findings(_ kind: Kind) -> [Finding] {
        switch kind {
        case .leak: leaks
        case .misdirected: misdirected
        case .advertised: advertised
        case .hidden: hidden
        case .unanswered: unanswered
        }
    }

    /// Whether every name was checked and nothing of the public record is beside what is from here.
    var isClean: Bool { leaks.isEmpty && unanswered.isEmpty }

    mutating func add(_ other: AuditReport) {
        checked += other.checked
        leaks += other.leaks
        misdirected += other.misdirected.filter { !misdirected.contains($0) }
        advertised += other.advertised
        hidden += other.hidden
        unanswered += other.unanswered
    }
}
