import DNS
import TestSupport

/// One question for a forwarder, with all bits that a client may set.
struct ForwardedQuestion: CustomStringConvertible {
    let query: Query
    let transport: Transport

    var type: RRType { query.question.type }
    var wantsRecursion: Bool { query.flags & Header.Flag.recursionDesired != 0 }
    var disablesChecking: Bool { query.flags & Header.Flag.checkingDisabled != 0 }

    var description: String {
        let edns = query.ednsSize.map { " EDNS \($0)\(query.dnssecOK ? " DO" : "")" } ?? ""
        let bits = [
            (Header.Flag.recursionDesired, "RD"), (Header.Flag.authenticData, "AD"),
            (Header.Flag.checkingDisabled, "CD"),
        ].filter { query.flags & $0.0 != 0 }.map { " \($0.1)" }.joined()
        return "\(query.question.name) \(type)\(edns)\(bits) over \(transport)"
    }
}

/// Questions about a zone behind a forwarder and about two others: names that are there, below them,
/// beside them, and in other spellings.
struct ForwardedQuestions {
    private var generator: SeededGenerator
    private(set) var all: [ForwardedQuestion] = []

    private static let types: [RRType] = [
        .a, .a, .a, .aaaa, .txt, .mx, .ns, .soa, .cname, .dname, .any, .https, .svcb, .srv, .ptr,
        .ds, .dnskey, .spf, .loc, .hinfo, .naptr, .sshfp, .tlsa, .uri, .caa,
        RRType(rawValue: 65280),
    ]

    init(about zone: ForwardedZone, seed: UInt64, count: Int) throws {
        generator = SeededGenerator(seed: seed)
        let names = try Self.names(zone)
        for owner in zone.owners {
            let name = owner == "@" ? ForwardedZone.apex : "\(owner).\(ForwardedZone.apex)"
            for type in zone.types[owner] ?? [] { try ask(name, type) }
        }
        for name in names { try ask(name) }
        let large: [(String, RRType)] = [
            ("many", .a), ("most", .a), ("huge", .txt), ("mails", .mx),
        ]
        while all.count < count {
            if generator.oneIn(10) {
                let (label, type) = generator.pick(large)
                try ask("\(label).\(ForwardedZone.apex)", type)
            } else {
                try ask(generator.pick(names))
            }
        }
    }

    private static func names(_ zone: ForwardedZone) throws -> [String] {
        let inside = zone.owners.map { $0 == "@" ? "" : "\($0)." }
        let below = ["q.", "deep.er.", "x.*."].flatMap { label in
            [
                "w.", "b.w.", "wc.", "wn.", "dn.", "dnout.", "dnmiss.", "www.", "ent.", "in.ent.",
                "gone.",
            ]
            .map { label + $0 }
        }
        let others = ["gone.", "ent.", "in.ent.", "w.", "exact.exact.w.", "\\000x.", "*.w."]
        return (inside + below + others).map { $0 + ForwardedZone.apex }
            + [
                "www.example.com.", "example.com.", "gone.example.com.", "cdn.example.com.",
                "into.example.com.", "large.example.com.", "argocd.vanillax.me.",
                "x.y.vanillax.me.", "vanillax.me.", "www.lab.example.", "gone.lab.example.",
            ]
    }

    private mutating func ask(_ name: String, _ type: RRType? = nil) throws {
        let type = type ?? generator.pick(Self.types)
        var query = Query(
            question: Question(name: spelled(try DomainName(name)), type: type))
        query.flags = 0
        if !generator.oneIn(8) { query.flags |= Header.Flag.recursionDesired }
        if generator.oneIn(3) { query.flags |= Header.Flag.authenticData }
        if generator.oneIn(3) { query.flags |= Header.Flag.checkingDisabled }
        query.ednsSize = generator.pick([nil, nil, 512, 1232, 4096])
        query.dnssecOK = query.ednsSize != nil && generator.oneIn(2)
        all.append(
            ForwardedQuestion(query: query, transport: generator.oneIn(6) ? .tcp : .udp))
    }

    /// The name with some of its letters in the other case.
    private mutating func spelled(_ name: DomainName) -> DomainName {
        guard generator.oneIn(3) else { return name }
        let labels = name.labels.map { label in
            label.map { octet in
                let isLetter = (0x61...0x7a).contains(octet | 0x20)
                return isLetter && generator.oneIn(2) ? octet ^ 0x20 : octet
            }
        }
        return DomainName(labels: labels) ?? name
    }
}
