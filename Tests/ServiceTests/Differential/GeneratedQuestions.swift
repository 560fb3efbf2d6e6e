import DNS
import TestSupport

/// One question with the bits and the EDNS record that a client may send.
struct GeneratedQuestion: CustomStringConvertible {
    var name: DomainName
    var type: RRType
    var rrClass = RRClass.internet
    var ednsSize: UInt16?
    var dnssecOK = false
    var wantsRecursion = false

    var query: Query {
        var query = Query(
            question: Question(name: name, type: type, rrClass: rrClass), id: 0x4d2)
        query.flags = wantsRecursion ? Header.Flag.recursionDesired : 0
        query.ednsSize = ednsSize
        query.dnssecOK = dnssecOK
        return query
    }

    var description: String {
        let edns = ednsSize.map { " EDNS \($0)\(dnssecOK ? " DO" : "")" } ?? ""
        let named = rrClass == RRClass.internet ? "" : " CLASS\(rrClass)"
        return "\(name)\(named) \(type)\(edns)\(wantsRecursion ? " RD" : "")"
    }
}

/// Questions about a zone: at its names, below and beside them, in other spellings, and outside.
struct GeneratedQuestions {
    private var generator: SeededGenerator
    private let zone: GeneratedZone
    private(set) var all: [GeneratedQuestion] = []

    /// The types that are asked for where nothing says which.
    private static let types: [RRType] = [
        .a, .a, .aaaa, .txt, .mx, .ns, .ds, .soa, .cname, .dname, .any, .https, .srv, .ptr,
        .rrsig, .dnskey, .nsec, .spf, .loc, .hinfo, RRType(rawValue: 65280), .null,
    ]
    /// How many names that are drawn from the tree's labels are asked for.
    private static let treeCount = 1500

    init(about zone: GeneratedZone, seed: UInt64) throws {
        self.zone = zone
        generator = SeededGenerator(seed: seed)
        for owner in zone.owners { try addQuestions(about: owner) }
        for _ in 0..<Self.treeCount {
            let label = GeneratedZone.label(&generator)
            try ask(GeneratedZone.name("\(label).\(GeneratedZone.treeName(&generator))"))
        }
        for name in [".", "example", "outside.net", "xdifferential.example", "net"] {
            for _ in 0..<4 { try ask(DomainName(name)) }
            try ask(DomainName(name), .any)
        }
        try addLongNames()
        try addRefusals()
    }

    /// Below every DNAME, names that become longer than 255 octets, or just not. With EDNS, since
    /// these answers come so near to 512 octets that a server's way to compress them would tell.
    private mutating func addLongNames() throws {
        for owner in zone.owners where zone.types(at: owner).contains("DNAME") {
            let name = try GeneratedZone.name(owner)
            for length in [1, 40, 41, 42, 63] {
                let label = String(repeating: "l", count: length)
                let long = try DomainName("\(label).\(ZoneCases.longLabel)")
                guard let below = name.prepending(long) else { continue }
                ask(below)
                all[all.count - 1].ednsSize = 1232
            }
        }
    }

    /// At a name by its own types and others, at its ancestors, below it and beside it.
    private mutating func addQuestions(about owner: String) throws {
        let name = try GeneratedZone.name(owner)
        let isCase = !owner.hasSuffix("r")
        for type in zone.types(at: owner) where isCase || generator.oneIn(2) {
            guard let type = RRType(mnemonic: type) else { continue }
            ask(name, type)
        }
        for _ in 0..<(isCase ? 4 : 1) { ask(name) }
        if isCase {
            for type in [RRType.any, .ds, .cname, .ns, .a] { ask(name, type) }
        }
        for label in ["q", "*", "deep.er", "a", "ns", "\\000"] where isCase || generator.oneIn(6) {
            if let below = name.prepending(try DomainName(label)) { ask(below, .a) }
            if let below = name.prepending(try DomainName(label)) { ask(below) }
            if !owner.isEmpty, let beside = name.parent?.prepending(try DomainName(label)) {
                ask(beside)
            }
        }
        if let parent = name.parent, isCase { ask(parent) }
    }

    /// Classes that are not served, and types that are no data.
    private mutating func addRefusals() throws {
        for name in ["", "www", "x.w", "none"] {
            for rrClass in [RRClass.chaos, RRClass.none, RRClass.any] {
                var question = GeneratedQuestion(name: try GeneratedZone.name(name), type: .a)
                question.rrClass = rrClass
                all.append(question)
            }
        }
    }

    private mutating func ask(_ name: DomainName, _ type: RRType? = nil) {
        var question = GeneratedQuestion(
            name: spelled(name), type: type ?? generator.pick(Self.types))
        switch generator.below(5) {
        case 0, 1: break
        case 2: question.ednsSize = 512
        case 3: question.ednsSize = 4096
        default: question.ednsSize = 1232
        }
        question.dnssecOK = question.ednsSize != nil && generator.oneIn(2)
        question.wantsRecursion = generator.oneIn(2)
        all.append(question)
    }

    /// The name with some of its letters in the other case.
    private mutating func spelled(_ name: DomainName) -> DomainName {
        guard generator.oneIn(3) else { return name }
        let labels = name.labels.map { label in
            label.map { octet in
                let isLetter = (0x61...0x7a).contains(octet) || (0x41...0x5a).contains(octet)
                return isLetter && generator.oneIn(2) ? octet ^ 0x20 : octet
            }
        }
        return DomainName(labels: labels) ?? name
    }
}
