import DNS
import Nameserver

extension CoreDNSReader {
    // MARK: hosts

    /// `hosts [FILE [ZONES…]] { [INLINE] [ttl N] [no_reverse] [fallthrough [ZONES…]] }`.
    func hosts(_ directive: CorefileDirective, _ block: Block) {
        let id = site.state(directive.place, directive.text)
        let options = ["ttl", "no_reverse", "reload", "fallthrough"]
        let ttl =
            directive.body.first { $0.name == "ttl" }
            .flatMap { $0.arguments.first }.flatMap { UInt32(decimal: $0) } ?? 3_600
        let hasReverse = !directive.body.contains { $0.name == "no_reverse" }
        let zones = domains(directive.arguments.dropFirst(), block, id)
        let fallsThrough = directive.body.contains { $0.name == "fallthrough" }
        for option in directive.body where options.contains(option.name) {
            site.isSoAnyway(site.state(option.place, option.text), "part of hosts")
        }
        var lines = directive.body.filter { !options.contains($0.name) }
            .map { ($0.place, $0.words) }
        if let path = directive.arguments.first {
            lines += hostsFile(path, id, near: directive.place.file)
        }
        for (place, words) in lines {
            let lineID = site.state(place, words.joined(separator: " "))
            host(words, ttl: ttl, hasReverse: hasReverse, in: zones, block, lineID)
            guard fallsThrough, block.has("forward") else { continue }
            for owner in words.dropFirst().compactMap({ try? DomainName($0) }) {
                site.leak(lineID, at: owner, Self.hostsLeak)
            }
        }
        site.isSoAnyway(id, "its lines are records")
        guard !fallsThrough else { return }
        declare(zones, .local, block, id)
        site.note(id, "the zone's other names are NXDOMAIN, where CoreDNS says SERVFAIL")
    }

    private static let hostsLeak =
        "TXT, MX and CAA at the name are lost (NODATA), and HTTPS at _PORT._https. below it comes "
        + "from the public zone; with horizond the former are public, the latter NODATA"

    private func hostsFile(
        _ path: String, _ id: StatementID, near file: String
    ) -> [(SourcePlace, [String])] {
        guard let found = files.paths(matching: path, in: file).first else {
            site.refuse(id, "\(path) is not here; give it as well")
            return []
        }
        do {
            return try files.lines(found).compactMap { line in
                let words = line.text.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
                return words.isEmpty ? nil : (line.place, words.map(String.init))
            }
        } catch {
            site.refuse(id, "\(error)")
            return []
        }
    }

    private func host(
        _ words: [String], ttl: UInt32, hasReverse: Bool, in zones: [DomainName], _ block: Block,
        _ id: StatementID
    ) {
        guard let address = words.first.flatMap({ IPAddress($0) }) else {
            site.refuse(id, "an address and names are wanted")
            return
        }
        let names = words.dropFirst().filter { !DnsmasqReader.isOfTheHostItself($0[...]) }
        if names.isEmpty { site.isSoAnyway(id, "localhost is built in") }
        for word in names {
            guard let owner = site.name(word, in: id) else { continue }
            guard zones.contains(where: { owner.isAtOrBelow($0) }) else {
                site.refuse(id, "\(owner.text) is in no zone of hosts, so it is not answered")
                continue
            }
            site.add(owner, address, ttl: ttl, from: id, view: block.view)
            guard hasReverse else { continue }
            site.records.append(
                ForeignRecord(
                    owner: address.reverseName, type: .ptr, ttl: ttl, rdata: owner.octets,
                    origin: id, view: block.view))
        }
    }

    func declare(
        _ zones: [DomainName], _ kind: ForeignDomain.Kind, _ block: Block, _ id: StatementID
    ) {
        for zone in zones where !zone.isRoot {
            site.domains.append(
                ForeignDomain(name: zone, kind: kind, origin: id, view: block.view))
        }
    }

    // MARK: file and auto

    /// `file DBFILE [ZONES…]`.
    func file(_ directive: CorefileDirective, _ block: Block) {
        let id = site.state(directive.place, directive.text)
        guard let path = directive.arguments.first,
            let found = files.paths(matching: path, in: directive.place.file).first
        else {
            site.refuse(id, "the file is not here; give it as well")
            return
        }
        for zone in domains(directive.arguments.dropFirst(), block, id) {
            readZone(found, apex: zone, block, id)
        }
        for option in directive.body {
            let why = option.name == "fallthrough" ? "no name of the zone is asked elsewhere" : ""
            let optionID = site.state(option.place, option.text)
            if why.isEmpty {
                site.isSoAnyway(optionID, "systemctl reload reads everything again")
            } else {
                site.refuse(optionID, why)
            }
        }
    }

    private func readZone(_ path: String, apex: DomainName, _ block: Block, _ id: StatementID) {
        do {
            let text = try files.text(path)
            site.isSoAnyway(id, "followed: \(path)")
            let reader = MasterFileReader(site, files, apex: apex, view: block.view)
            reader.read(text, path: path)
            site = reader.site
        } catch {
            site.refuse(id, "\(error)")
        }
    }

    /// `auto [ZONES…] { directory DIRECTORY [REGEXP ORIGIN] }`. Of expressions only the standard one
    /// is known, in which a file `db.NAME` is the zone NAME.
    func auto(_ directive: CorefileDirective, _ block: Block) {
        let id = site.state(directive.place, directive.text)
        guard let option = directive.body.first(where: { $0.name == "directory" }),
            let path = option.arguments.first,
            let all = files.files(in: path, namedBy: directive.place.file)
        else {
            site.refuse(id, "the directory is not here; give its files with --from bind")
            return
        }
        guard
            option.arguments.count == 1 || option.words[2...] == ["db\\.(.*)", "{1}"]
                || option.words[2...] == ["(.*)", "{1}"]
        else {
            site.refuse(
                id, "files that are named otherwise than db.NAME: give them with --from bind")
            return
        }
        let prefix = option.arguments.count == 1 || option.words[2].hasPrefix("db") ? "db." : ""
        for file in all where file.lastPathPart.hasPrefix(prefix) {
            guard let apex = try? DomainName(file.lastPathPart.dropFirst(prefix.count)) else {
                continue
            }
            readZone(file, apex: apex, block, id)
        }
    }

    // MARK: template

    /// The types that a template answers, with data or without.
    func noteTypes(_ directive: CorefileDirective, _ block: inout Block) {
        let words = Array(directive.arguments)
        guard words.count > 1 else { return }
        let types: Set<RRType> =
            words[1].uppercased() == "ANY"
            ? [.a, .aaaa, .https, .svcb] : Set([RRType(mnemonic: words[1])].compactMap { $0 })
        let names = words.count > 2 ? words[2...].compactMap { try? DomainName($0) } : block.zones
        for name in names { block.answered[name, default: []].formUnion(types) }
    }

    /// `template IN A [ZONES…] { match …; answer "{{ .Name }} 60 IN A ADDRESS" }`: every name of the
    /// zone has one address.
    func template(_ directive: CorefileDirective, _ block: Block) {
        let id = site.state(directive.place, directive.text)
        let words = Array(directive.arguments)
        guard words.count > 1, words[0].uppercased() == "IN" || words[0].uppercased() == "ANY"
        else {
            site.refuse(id, "a class and a type are wanted")
            return
        }
        var zones = domains(words.dropFirst(2), block, id)
        var answers: [CorefileDirective] = []
        var isNXDomain = false
        for option in directive.body {
            switch option.name {
            case "answer": answers.append(option)
            case "match":
                guard let matched = TemplateMatch(option.arguments.joined(separator: "|")) else {
                    site.refuse(id, "what matches \(option.text.quoted): list the names in a zone")
                    return
                }
                if let domain = matched.domain { zones = [domain] }
            case "rcode": isNXDomain = option.arguments.first?.uppercased() == "NXDOMAIN"
            case "fallthrough", "ttl", "authority", "ederror": break
            default:
                site.refuse(id, "\(option.name.quoted) in a template has no counterpart here")
            }
        }
        zones.removeAll { $0.isRoot }
        guard !zones.isEmpty else {
            site.refuse(id, "an answer to every name: name the domains in a zone")
            return
        }
        if isNXDomain, answers.isEmpty {
            declare(zones, .local, block, id)
        } else if answers.isEmpty {
            site.isSoAnyway(id, "a name with an address here has no data of other types")
        }
        if !answers.isEmpty { site.isSoAnyway(id, "its answers are records") }
        for answer in answers { templateAnswer(answer, zones, block, id) }
    }

    private func templateAnswer(
        _ answer: CorefileDirective, _ zones: [DomainName], _ block: Block, _ id: StatementID
    ) {
        let text = answer.arguments.joined(separator: " ")
            .replacing(#/^\{\{ *\.Name *\}\}/#, with: "@")
        guard !text.contains("{{"), let entry = MasterFileEntry.entries(of: text).first else {
            site.refuse(id, "an answer that is computed: \(text.quoted); list the names in a zone")
            return
        }
        let lineID = site.state(answer.place, answer.text)
        for zone in zones {
            do {
                let record = try entry.record(origin: zone)
                guard record.owner == zone else {
                    throw MasterFileProblem("an answer for another name than the one asked for")
                }
                for owner in [zone, zone.wildcard].compactMap({ $0 }) {
                    site.add(
                        owner, record.type, record.data, ttl: record.ttl, from: lineID,
                        view: block.view)
                }
                let covered = block.answered[zone] ?? []
                let missing = [RRType.a, .aaaa, .https, .svcb].filter { !covered.contains($0) }
                guard !missing.isEmpty, block.has("forward") else { continue }
                site.leak(
                    lineID, at: zone,
                    "\(missing.map(\.description).joined(separator: ", ")) go on to the next plugin, "
                        + "and so to the public zone (h3, ECH, address hints); with horizond NODATA"
                )
            } catch {
                site.refuse(lineID, "\(error)")
            }
        }
    }

    // MARK: rewrite

    /// `rewrite [stop|continue] name [exact|suffix] FROM TO`.
    func rewrite(_ directive: CorefileDirective, _ block: Block) {
        let id = site.state(directive.place, directive.text)
        var words = Array(directive.arguments)
        if let first = words.first, ["stop", "continue"].contains(first) { words.removeFirst() }
        guard words.first == "name", words.count > 2 else {
            site.refuse(id, "only names are rewritten here, by CNAME and DNAME records")
            return
        }
        words.removeFirst()
        let kind =
            ["exact", "suffix", "prefix", "substring", "regex"].contains(words[0])
            ? words.removeFirst() : "exact"
        guard kind == "exact" || kind == "suffix", words.count > 1,
            let from = site.name(words[0].dropFirst(words[0].hasPrefix(".") ? 1 : 0), in: id),
            let to = site.name(words[1].dropFirst(words[1].hasPrefix(".") ? 1 : 0), in: id)
        else {
            site.refuse(id, "names by pattern (\(kind)): list them as CNAME records in a zone")
            return
        }
        site.records.append(
            ForeignRecord(
                owner: from, type: kind == "exact" ? .cname : .dname, rdata: to.octets, origin: id,
                view: block.view))
        site.note(id, "clients see the alias, which CoreDNS hides")
    }
}

/// The expressions of a template that are about a domain as a whole.
struct TemplateMatch {
    /// The domain that the expression ends with; nil when it matches every name.
    let domain: DomainName?

    /// nil for an expression that says more than "every name", or "every name at or below a domain".
    init?(_ expression: String) {
        var text = expression[...]
        if text.hasPrefix("^") { text = text.dropFirst() }
        if text.hasSuffix("$") { text = text.dropLast() }
        if ["", ".*", "(.*)"].contains(text) {
            domain = nil
            return
        }
        for prefix in ["(.*\\.)?", "(.*\\.)", ".*\\.", "(.+\\.)?", "(.*)\\.", ".+\\."]
        where text.hasPrefix(prefix) {
            text = text.dropFirst(prefix.count)
            break
        }
        let name = text.replacing("\\.", with: ".").replacing("[.]", with: ".")
        let isPlain = name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
        guard isPlain, let domain = try? DomainName(name) else { return nil }
        self.domain = domain
    }
}
