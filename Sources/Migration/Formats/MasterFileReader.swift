import DNS

/// Reads a zone file in the master format (RFC 1035 §5), as BIND writes it, with `$INCLUDE` and
/// `$GENERATE`.
final class MasterFileReader {
    var site: ForeignSite
    private let files: SourceFiles
    /// The zone's own name; nil until the SOA record or `$ORIGIN` tells it.
    private(set) var apex: DomainName?
    private let view: ViewID?
    private var defaultTTL: UInt32?
    private var lastOwner: DomainName?
    private var generated = 0
    private var generatedSize = 0

    /// A larger `$GENERATE` is the reverse zone of a network that a wildcard is better for.
    private static let maximumGenerated = 65_536
    /// Of their names and data together, in octets: one line can ask for each of them to have as many as a
    /// record holds.
    private static let maximumGeneratedSize = 4 << 20

    init(_ site: ForeignSite, _ files: SourceFiles, apex: DomainName?, view: ViewID? = nil) {
        self.site = site
        self.files = files
        self.apex = apex
        self.view = view
    }

    /// Reads the file at `path`, whose names are below the apex, or what its name says.
    func read(_ text: String, path: String) {
        let origin = apex ?? Self.likelyApex(text, path: path)
        if apex == nil { apex = origin }
        read(text, path: path, origin: origin, depth: 0)
    }

    /// The zone's name as its file tells it: by the first `$ORIGIN`, or the file's name without
    /// `db.`, `.zone` and the like.
    static func likelyApex(_ text: String, path: String) -> DomainName {
        let first = MasterFileEntry.entries(of: text).first
        if let first, first.words.count > 1, first.words[0].text.uppercased() == "$ORIGIN",
            let origin = try? DomainName(first.words[1].text)
        {
            return origin
        }
        if let first, !first.startsWithBlank, first.words[0].text.hasSuffix("."),
            first.words.contains(where: { $0.text.uppercased() == "SOA" }),
            let owner = try? DomainName(first.words[0].text)
        {
            return owner
        }
        var name = path.lastPathPart
        for prefix in ["db.", "named.", "pri.", "master."] where name.hasPrefix(prefix) {
            name = String(name.dropFirst(prefix.count))
        }
        for suffix in [".zone", ".db", ".hosts", ".txt", ".signed"] where name.hasSuffix(suffix) {
            name = String(name.dropLast(suffix.count))
        }
        return (try? DomainName(name)) ?? .root
    }

    private func read(_ text: String, path: String, origin start: DomainName, depth: Int) {
        var origin = start
        for entry in MasterFileEntry.entries(of: text) {
            let words = entry.words.map(\.text)
            let place = SourcePlace(file: path, line: entry.line)
            let id = site.state(place, words.joined(separator: " "))
            do {
                switch words[0].uppercased() {
                case "$ORIGIN" where words.count > 1:
                    origin = try MasterFileEntry.name(words[1], origin)
                    site.isSoAnyway(id, "names are written out")
                case "$TTL" where words.count > 1:
                    defaultTTL = MasterFileEntry.seconds(words[1])
                    site.isSoAnyway(id, "each record has its TTL")
                case "$INCLUDE" where words.count > 1:
                    try include(words, path: path, origin: origin, depth: depth, id)
                case "$GENERATE": try generate(entry, origin: origin, id)
                default:
                    guard !words[0].hasPrefix("$") else {
                        throw MasterFileProblem(
                            "unknown directive \(words[0].quoted)", isUnknown: true)
                    }
                    try add(entry, origin: origin, id)
                }
            } catch {
                let isUnknown = (error as? MasterFileProblem)?.isUnknown ?? false
                if isUnknown {
                    site.refuseUnknown(id, "\(error)")
                } else {
                    site.refuse(id, "\(error)")
                }
            }
        }
    }

    private func include(
        _ words: [String], path: String, origin: DomainName, depth: Int, _ id: StatementID
    ) throws(MasterFileProblem) {
        guard depth < SourceFiles.maximumDepth else {
            throw MasterFileProblem("more than \(SourceFiles.maximumDepth) files deep")
        }
        let name = words[1].filter { $0 != "\"" }
        guard let found = files.paths(matching: name, in: path).first else {
            throw MasterFileProblem("the file is not here")
        }
        let inner = words.count > 2 ? try MasterFileEntry.name(words[2], origin) : origin
        let owner = lastOwner
        do {
            let text = try files.text(found)
            site.isSoAnyway(id, "followed: \(found)")
            read(text, path: found, origin: inner, depth: depth + 1)
        } catch {
            throw MasterFileProblem("\(error)")
        }
        // RFC 1035 §5.1: an included file changes nothing of the file that includes it.
        lastOwner = owner
    }

    // MARK: Records

    private func add(
        _ entry: MasterFileEntry, origin: DomainName, _ id: StatementID
    ) throws(MasterFileProblem) {
        let record = try entry.record(origin: origin)
        guard let owner = record.owner ?? lastOwner else {
            throw MasterFileProblem("a record without an owner")
        }
        lastOwner = owner
        let ttl = record.ttl ?? defaultTTL
        if record.type == .soa, site.domains.last?.name != owner { declare(owner, id) }
        guard !Self.isOfDNSSEC(record.type) else {
            throw MasterFileProblem("\(record.type): zones are not signed here")
        }
        do {
            let rdata = try RData.parse(record.data, type: record.type, origin: origin)
            site.records.append(
                ForeignRecord(
                    owner: owner, type: record.type, ttl: ttl, rdata: rdata, origin: id,
                    view: view))
        } catch {
            throw MasterFileProblem("bad \(record.type) record: \(error)")
        }
    }

    /// The zone is where its SOA record is.
    private func declare(_ owner: DomainName, _ id: StatementID) {
        apex = owner
        site.domains.append(
            ForeignDomain(name: owner, kind: .local, origin: id, view: view))
    }

    private static func isOfDNSSEC(_ type: RRType) -> Bool {
        // NSEC3PARAM, CDS, CDNSKEY and ZONEMD have no name here.
        [.rrsig, .nsec, .nsec3, .dnskey].contains(type)
            || [51, 59, 60, 63].contains(type.rawValue)
    }

    // MARK: $GENERATE

    /// `$GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE DATA`.
    private func generate(
        _ entry: MasterFileEntry, origin: DomainName, _ id: StatementID
    ) throws(MasterFileProblem) {
        guard entry.words.count > 3,
            let range = GenerateRange(entry.words[1].text)
        else { throw MasterFileProblem("a range, an owner, a type and data are wanted") }
        for number in range.numbers {
            guard generated < Self.maximumGenerated else {
                throw MasterFileProblem("more than \(Self.maximumGenerated) generated records")
            }
            generated += 1
            let words = entry.words.dropFirst(2).map { word in
                MasterFileEntry.Word(
                    text: GenerateRange.expand(word.text, number), isQuoted: word.isQuoted)
            }
            generatedSize += words.reduce(0) { $0 + $1.text.utf8.count }
            guard generatedSize <= Self.maximumGeneratedSize else {
                throw MasterFileProblem(
                    "more than \(Self.maximumGeneratedSize) octets of generated records")
            }
            let one = MasterFileEntry(line: entry.line, startsWithBlank: false, words: words)
            try add(one, origin: origin, id)
        }
    }
}

/// The numbers of a `$GENERATE`.
struct GenerateRange {
    let numbers: StrideThrough<Int>

    /// `START-STOP` or `START-STOP/STEP`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, ends.count == 2, let start = UInt32(decimal: ends[0]),
            let stop = UInt32(decimal: ends[1]), start <= stop,
            let step = parts.count > 1 ? UInt32(decimal: parts[1]) : 1, step > 0
        else { return nil }
        numbers = stride(from: Int(start), through: Int(stop), by: Int(step))
    }

    /// `$` stands for the number, `${OFFSET[,WIDTH[,BASE]]}` for one that is shifted and written so,
    /// `\$` and `$$` for the sign itself.
    static func expand(_ text: String, _ number: Int) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "\\", rest.first == "$" {
                result.append(rest.removeFirst())
            } else if character != "$" {
                result.append(character)
            } else if rest.first == "$" {
                result.append(rest.removeFirst())
            } else if rest.first == "{", let end = rest.firstIndex(of: "}") {
                let parts = rest[..<end].dropFirst().split(separator: ",").map(String.init)
                result += format(number, parts)
                rest = rest[rest.index(after: end)...]
            } else {
                result += "\(number)"
            }
        }
        return result
    }

    private static func format(_ number: Int, _ parts: [String]) -> String {
        // A line has no room for wider numbers, and an offset as large as the range says enough.
        let offset = parts.first.flatMap { Int32($0) }.map(Int.init) ?? 0
        let width = min(max(0, parts.count > 1 ? Int(parts[1]) ?? 0 : 0), 63)
        let base = parts.count > 2 ? parts[2] : "d"
        let value = number + offset
        let digits: String
        switch base {
        case "o": digits = String(value, radix: 8)
        case "x": digits = String(value, radix: 16)
        case "X": digits = String(value, radix: 16).uppercased()
        case "n", "N":
            // Hexadecimal digits as labels, the last one first, as below ip6.arpa.
            let hexadecimal = padded(String(value, radix: 16), (width + 1) / 2)
            return hexadecimal.reversed().map(String.init).joined(separator: ".")
        default: digits = String(value)
        }
        return padded(digits, width)
    }

    private static func padded(_ digits: String, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
