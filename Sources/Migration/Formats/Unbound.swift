import DNS
import Nameserver

/// Reads unbound.conf: clauses (`server:`, `forward-zone:`) and their attributes.
final class UnboundReader {
    var site: ForeignSite
    private let files: SourceFiles
    private var clauses: [Clause] = []

    struct Attribute {
        let name: String
        /// The words of the value, quotation marks off.
        let words: [String]
        let id: StatementID

        var value: String { words.joined(separator: " ") }
        var isYes: Bool { value == "yes" }
    }

    struct Clause {
        let name: String
        var attributes: [Attribute] = []

        func values(_ name: String) -> [Attribute] { attributes.filter { $0.name == name } }
        func first(_ name: String) -> Attribute? { attributes.first { $0.name == name } }
    }

    init(_ site: ForeignSite, _ files: SourceFiles) {
        self.site = site
        self.files = files
    }

    func read(_ lines: [SourceLine], path: String) {
        collect(lines, path: path, depth: 0)
    }

    private func collect(_ lines: [SourceLine], path: String, depth: Int) {
        for line in lines {
            var words = line.text.words(quotes: ["\"", "'"], firstEndsAtColon: true)
            while let first = words.first, first.hasSuffix(":"), first.count > 1 {
                // Several attributes may stand on one line.
                let end = words.dropFirst().firstIndex { Self.isAttribute($0) } ?? words.endIndex
                let values = Array(words[1..<end])
                take(String(first.dropLast()), values, line, path: path, depth: depth)
                words.removeFirst(end)
            }
            if !words.isEmpty {
                let id = site.state(line.place, line.text.trimmed)
                site.refuseUnknown(id, "an attribute and a colon are wanted")
            }
        }
    }

    private static let clauseNames: Set<String> = [
        "server", "forward-zone", "stub-zone", "view", "auth-zone", "remote-control", "python",
        "dynlib", "dnscrypt", "cachedb", "ipset", "rpz", "dnstap",
    ]

    private static func isAttribute(_ word: String) -> Bool {
        word.hasSuffix(":") && !word.dropLast().contains(":")
            && word.dropLast().allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
            && word.count > 2
    }

    private func take(
        _ name: String, _ words: [String], _ line: SourceLine, path: String, depth: Int
    ) {
        if Self.clauseNames.contains(name), words.isEmpty {
            clauses.append(Clause(name: name))
            return
        }
        let id = site.state(line.place, "\(name): \(words.joined(separator: " "))")
        guard name != "include", name != "include-toplevel" else {
            include(words.first ?? "", path: path, depth: depth, id)
            return
        }
        if clauses.isEmpty { clauses.append(Clause(name: "server")) }
        clauses[clauses.count - 1].attributes.append(
            Attribute(name: name, words: words, id: id))
    }

    private func include(_ pattern: String, path: String, depth: Int, _ id: StatementID) {
        let found = files.paths(matching: pattern, in: path)
        guard !found.isEmpty, depth < SourceFiles.maximumDepth else {
            site.refuse(
                id, found.isEmpty ? "the file is not here; give it as well" : "too many files deep")
            return
        }
        site.isSoAnyway(id, "followed: \(found.joined(separator: ", "))")
        for file in found {
            do {
                collect(try files.lines(file), path: file, depth: depth + 1)
            } catch {
                site.refuse(id, "\(error)")
            }
        }
    }

    // MARK: Meaning

    func finish() -> ForeignSite {
        var views: [String: ViewID] = [:]
        for clause in clauses where clause.name == "view" {
            guard let name = clause.first("name")?.value, views[name] == nil else { continue }
            views[name] = site.views.count
            let seesShared = clause.first("view-first")?.isYes ?? false
            site.views.append(
                ForeignView(name: name, seesShared: seesShared, mergesShared: seesShared))
        }
        // The attributes of all server clauses are one.
        var server = Clause(name: "server")
        for clause in clauses where clause.name == "server" {
            server.attributes += clause.attributes
        }
        UnboundServer(self, views).read(server)
        for clause in clauses { read(clause, views) }
        if site.clients.isEmpty, !server.attributes.isEmpty {
            site.remarks.append(
                "without access-control Unbound answers its own machine alone; here the private "
                    + "networks may ask, until \"views\" says otherwise")
        }
        if !clauses.contains(where: { $0.name == "forward-zone" && $0.first("name")?.value == "." })
        {
            site.remarks.append(
                "Unbound asks the servers of every domain itself; here \".\" needs upstreams: "
                    + "those of /etc/resolv.conf are asked until you name others")
        }
        return site
    }

    private func read(_ clause: Clause, _ views: [String: ViewID]) {
        switch clause.name {
        case "forward-zone": forward(clause, addresses: "forward-addr")
        case "stub-zone": forward(clause, addresses: "stub-addr")
        case "view":
            guard let name = clause.first("name")?.value, let view = views[name] else { return }
            for attribute in clause.attributes
            where ["name", "view-first"].contains(attribute.name) {
                site.isSoAnyway(attribute.id, "the view's own")
            }
            var local = UnboundLocalData(self, view: view)
            local.read(clause)
        case "auth-zone":
            for attribute in clause.attributes {
                site.refuse(attribute.id, "import the zone's file itself with --from bind")
            }
        case "server": break
        default:
            for attribute in clause.attributes {
                if attribute.value == "no" {
                    site.isSoAnyway(attribute.id, "it is switched off")
                } else {
                    site.refuse(attribute.id, "\(clause.name) has no counterpart here")
                }
            }
        }
    }

    /// `forward-zone` or `stub-zone`: a domain and its servers.
    private func forward(_ clause: Clause, addresses: String) {
        guard let attribute = clause.first("name"),
            let domain = site.name(attribute.value, in: attribute.id)
        else {
            for attribute in clause.attributes { site.refuse(attribute.id, "no name beside it") }
            return
        }
        let isSecure = clause.attributes.contains {
            ["forward-tls-upstream", "forward-ssl-upstream"].contains($0.name) && $0.isYes
        }
        site.isSoAnyway(attribute.id, "the rule's domain")
        for attribute in clause.attributes {
            switch attribute.name {
            case addresses:
                upstream(attribute, domain, isSecure: isSecure)
                if addresses == "stub-addr" {
                    site.note(attribute.id, "referrals to other servers are not followed")
                }
            case "forward-host", "stub-host":
                site.refuse(attribute.id, "a name has to be looked up first: write its address")
            case "forward-tls-upstream", "forward-ssl-upstream":
                site.isSoAnyway(attribute.id, "tls:// says it")
            case "forward-no-cache" where attribute.isYes, "stub-no-cache" where attribute.isYes:
                site.settings.append(
                    ForeignSetting(domain: domain, key: "cache", value: "off", origin: attribute.id)
                )
            case "name": break
            case "forward-first" where attribute.isYes, "stub-first" where attribute.isYes:
                site.refuse(attribute.id, "no server is found without a rule; name another in it")
            default: site.isSoAnyway(attribute.id, "it is so here")
            }
        }
    }

    /// `ADDRESS[@PORT][#NAME]`.
    private func upstream(_ attribute: Attribute, _ domain: DomainName, isSecure: Bool) {
        let parts = attribute.value.split(separator: "#", maxSplits: 1)
        let standard: UInt16 = isSecure ? 853 : 53
        guard let first = parts.first,
            let endpoint = EndpointText.parse(first, sign: "@", defaultPort: standard)
        else {
            site.refuse(attribute.id, "\(attribute.value.quoted) is no address")
            return
        }
        let text =
            isSecure
            ? EndpointText.secure(
                endpoint.address, port: endpoint.port, name: parts.count > 1 ? parts[1] : nil)
            : EndpointText.plain(endpoint.address, port: endpoint.port)
        guard let text else {
            site.refuse(attribute.id, "behind # the name of a certificate is wanted")
            return
        }
        if isSecure, parts.count == 1 {
            site.note(attribute.id, "the certificate must be for the address; Unbound checks none")
        }
        site.rules.append(ForeignRule(domain: domain, upstream: text, origin: attribute.id))
    }
}
