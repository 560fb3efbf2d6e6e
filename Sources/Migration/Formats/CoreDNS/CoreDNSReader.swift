import DNS

/// Reads CoreDNS's Corefile: server blocks, each for some zones, with plugins.
final class CoreDNSReader {
    var site: ForeignSite
    let files: SourceFiles
    private var snippets: [String: [CorefileDirective]] = [:]
    private var views: [String: ViewID] = [:]
    /// As many lines as all blocks may have together: snippets that import each other twice, each
    /// the next, would be endless for any use.
    private static let maximumDirectives = 100_000
    private var directivesLeft = CoreDNSReader.maximumDirectives
    /// Each address, once for every block that listens on it.
    private var listen: [(address: String, isStandard: Bool, origin: StatementID)] = []

    /// The server block whose plugins are read.
    struct Block {
        let zones: [DomainName]
        let view: ViewID?
        let directives: [CorefileDirective]
        /// The types that templates answer for a domain, with data or without.
        var answered: [DomainName: Set<RRType>] = [:]

        func has(_ plugin: String) -> Bool { directives.contains { $0.name == plugin } }
    }

    init(_ site: ForeignSite, _ files: SourceFiles) {
        self.site = site
        self.files = files
        // A Corefile says itself what is forwarded.
        self.site.asksResolvConf = false
    }

    func read(_ lines: [SourceLine], path: String) {
        read(lines, path: path, depth: 0)
        if listen.contains(where: { !$0.isStandard }) {
            for (address, _, origin) in listen
            where !site.listen.contains(where: { $0.address == address }) {
                site.listen.append((address, origin))
            }
        }
    }

    private func read(_ lines: [SourceLine], path: String, depth: Int) {
        let file = Corefile(lines)
        for problem in file.problems {
            let id = site.state(problem.place, "{")
            site.refuse(id, problem.text)
        }
        for block in file.blocks {
            if block.name.hasPrefix("("), block.name.hasSuffix(")") {
                snippets[String(block.name.dropFirst().dropLast())] = block.body
            } else if block.name == "import" {
                for (path, lines) in imported(block, path: path, depth: depth) {
                    read(lines, path: path, depth: depth + 1)
                }
            } else {
                readBlock(block, path: path)
            }
        }
    }

    /// The files that an `import` names.
    private func imported(
        _ directive: CorefileDirective, path: String, depth: Int
    ) -> [(String, [SourceLine])] {
        let id = site.state(directive.place, directive.text)
        let found = directive.arguments.first.map { files.paths(matching: $0, in: path) } ?? []
        guard !found.isEmpty, depth < SourceFiles.maximumDepth else {
            site.refuse(
                id, found.isEmpty ? "the file is not here; give it as well" : "too many files deep")
            return []
        }
        site.isSoAnyway(id, "followed: \(found.joined(separator: ", "))")
        return found.compactMap { file in
            do {
                return (file, try files.lines(file))
            } catch {
                site.refuse(id, "\(error)")
                return nil
            }
        }
    }

    /// The directives with those of snippets and imported files in their place.
    private func expanded(
        _ body: [CorefileDirective], path: String, depth: Int
    ) -> [CorefileDirective] {
        directivesLeft -= body.count
        return body.flatMap { directive -> [CorefileDirective] in
            guard directive.name == "import" else { return [directive] }
            guard directivesLeft > 0 else {
                let id = site.state(directive.place, directive.text)
                site.refuse(id, "more than \(Self.maximumDirectives) lines by imports")
                return []
            }
            if let name = directive.arguments.first, let snippet = snippets[name] {
                guard depth < SourceFiles.maximumDepth else { return [] }
                return expanded(snippet, path: path, depth: depth + 1)
            }
            return imported(directive, path: path, depth: depth).flatMap { file, lines in
                expanded(Corefile(lines).blocks, path: file, depth: depth + 1)
            }
        }
    }

    // MARK: Server blocks

    private func readBlock(_ block: CorefileDirective, path: String) {
        let id = site.state(block.place, block.text + " {")
        guard !block.body.isEmpty else {
            site.refuseUnknown(id, "a server without plugins")
            return
        }
        let directives = expanded(block.body, path: path, depth: 0)
        var zones: [DomainName] = []
        for word in block.words {
            let key = word.hasSuffix(",") ? String(word.dropLast()) : word
            if let zone = blockKey(key, directives, id) { zones += zone }
        }
        guard !zones.isEmpty else { return }
        site.isSoAnyway(id, "its plugins say what it does")
        let view = directives.first { $0.name == "view" }.flatMap { self.view($0) }
        var current = Block(zones: zones, view: view, directives: directives)
        for directive in directives where directive.name == "template" {
            noteTypes(directive, &current)
        }
        for directive in directives where directive.name != "view" { read(directive, current) }
    }

    /// `[SCHEME://]ZONE[:PORT]`; a network is the zone of its addresses.
    private func blockKey(
        _ key: String, _ directives: [CorefileDirective], _ id: StatementID
    ) -> [DomainName]? {
        var text = key[...]
        if let scheme = key.firstRange(of: "://") {
            let name = key[..<scheme.lowerBound]
            guard name == "dns" else {
                site.refuse(id, "clients are served over UDP and TCP only, not \(name)://")
                return nil
            }
            text = key[scheme.upperBound...]
        }
        var port: UInt16 = 53
        if let colon = text.lastIndex(of: ":"),
            let number = UInt16(decimal: text[text.index(after: colon)...])
        {
            port = number
            text = text[..<colon]
        }
        let bound = directives.filter { $0.name == "bind" }.flatMap(\.arguments)
            .compactMap { IPAddress($0) }
        let addresses = bound.isEmpty ? [IPAddress.v4(0), .v6(0, 0)] : bound
        for address in addresses {
            listen.append(
                (EndpointText.plain(address, port: port), bound.isEmpty && port == 53, id))
        }
        if text.isEmpty { return [.root] }
        if text.contains("/"), let names = ReverseDomains.of(String(text)) { return names }
        return site.name(text, in: id).map { [$0] }
    }

    /// `view NAME { expr incidr(client_ip(), 'NETWORK') || … }`.
    private func view(_ directive: CorefileDirective) -> ViewID? {
        let id = site.state(directive.place, directive.text)
        let name = directive.arguments.first ?? "view"
        let expression = directive.body.filter { $0.name == "expr" }
            .map { $0.arguments.joined(separator: " ") }.joined(separator: " ")
        var rest = expression.filter { !$0.isWhitespace }
        var clients: [String] = []
        for match in rest.matches(of: #/incidr\(client_ip\(\),['"]([0-9a-fA-F.:/]+)['"]\)/#) {
            if let prefix = ClientNetwork.text(match.output.1) { clients.append(prefix) }
        }
        rest = rest.replacing(#/incidr\(client_ip\(\),['"][0-9a-fA-F.:/]+['"]\)/#, with: "")
        guard !clients.isEmpty, rest.allSatisfy({ "|()".contains($0) }) else {
            site.refuse(
                id, "a view here has networks of clients: write them for \(expression.quoted)")
            return nil
        }
        let view = views[name] ?? site.views.count
        if views[name] == nil {
            views[name] = view
            site.views.append(ForeignView(name: name, seesShared: true))
        }
        for prefix in clients { site.views[view].clients.append((prefix, id)) }
        return view
    }

    // MARK: Plugins

    private func read(_ directive: CorefileDirective, _ block: Block) {
        switch directive.name {
        case "forward", "proxy": forward(directive, block)
        case "cache": cache(directive, block)
        case "hosts": hosts(directive, block)
        case "file": file(directive, block)
        case "auto": auto(directive, block)
        case "template": template(directive, block)
        case "rewrite": rewrite(directive, block)
        default: other(directive, block)
        }
    }

    private func other(_ directive: CorefileDirective, _ block: Block) {
        let id = site.state(directive.place, directive.text)
        switch directive.name {
        case "log":
            site.settings.append(ForeignSetting(key: "log", value: "{queries: true}", origin: id))
        case "bind":
            let addresses = directive.arguments.filter { IPAddress($0) != nil }
            if addresses.count == directive.arguments.count {
                site.isSoAnyway(id, "\"listen\" has the addresses")
            } else {
                site.refuse(id, "\"listen\" has addresses: write those of the interface")
            }
        case "chaos":
            guard let version = directive.arguments.first,
                (1...255).contains(version.utf8.count)
            else {
                site.refuse(id, "\"identity: {version: …}\" says what is answered")
                return
            }
            site.settings.append(
                ForeignSetting(
                    key: "identity", value: "{version: \(YAMLText.scalar(version))}", origin: id))
        default:
            if let why = Self.soAnyway[directive.name] {
                site.isSoAnyway(id, why)
            } else {
                site.refuse(
                    id,
                    Self.instead[directive.name]
                        ?? "plugin \(directive.name.quoted) has no counterpart here")
            }
        }
    }

    private static let soAnyway: [String: String] = [
        "any": "ANY gets one RRset or HINFO (RFC 8482)",
        "bufsize": "answers over UDP have 1232 octets at most",
        "cancel": "a query takes four seconds at most",
        "errors": "a query that fails is a line in the log",
        "loadbalance": "clients choose among the addresses of a name",
        "local": "localhost and the like are built in",
        "loop": "a forwarding loop is found and named in the log",
        "minimal": "answers are minimal", "reload": "systemctl reload reads everything again",
    ]

    private static let instead: [String: String] = [
        "acl": "\"views\" says who may ask; others are refused",
        "autopath": "clients search their domains themselves",
        "dns64": "no addresses are made up for IPv6",
        "dnssec": "zones are not signed here",
        "etcd": "names come from zone files",
        "health": "systemd watches the service",
        "import": "it is neither a snippet nor a file that is here",
        "k8s_external": "name the services in a zone",
        "kubernetes": "ask the cluster's own DNS: a forward rule for its domain",
        "nsid": "\"identity: {nsid: …}\"",
        "pprof": "there is no such endpoint",
        "prometheus": "SIGUSR1 logs what was counted",
        "ready": "systemd knows when the service is ready",
        "secondary": "zones are not transferred; import the zone's file",
        "tls": "clients are served over UDP and TCP only",
        "transfer": "zones are not transferred",
        "whoami": "there is no such answer",
    ]
}
