import DNS

/// Reads dnsmasq's configuration: a line is `option` or `option=value`, as on its command line.
final class DnsmasqReader {
    var site: ForeignSite
    let files: SourceFiles
    var hosts = DnsmasqHosts()
    /// The site's own domain (`domain=`), for names of one label.
    var domain: DomainName?
    /// The domains of hosts in some networks.
    private var networkDomains: [(network: ClosedRange<OrderedAddress>, domain: DomainName)] = []
    var expandsHosts = false
    /// Whether it is a DHCP server, too.
    var hasDHCP = false
    private var port: (number: UInt16, origin: StatementID)?
    private var listen: [(address: IPAddress, origin: StatementID)] = []
    private var rebindAllowed: [(name: String, origin: StatementID)] = []
    private var rebindOrigin: StatementID?
    private var noResolv = false

    struct Option {
        let name: String
        let value: String
        let id: StatementID
        let path: String
    }

    init(_ site: ForeignSite, _ files: SourceFiles) {
        self.site = site
        self.files = files
    }

    /// Reads several files as one configuration: what stands in a later one holds for the first.
    func read(_ sources: [(path: String, lines: [SourceLine])]) {
        var options: [Option] = []
        for source in sources { collect(source.lines, in: source.path, depth: 0, into: &options) }
        // What the other lines depend on.
        for option in options {
            if option.name == "expand-hosts" { expandsHosts = true }
            if option.name == "domain" { noteDomain(option.value.commaParts) }
        }
        for option in options { apply(option) }
        if options.contains(where: { $0.name == "server" || $0.name == "no-resolv" }),
            !options.contains(where: { $0.name == "no-hosts" })
        {
            site.remarks.append(
                "dnsmasq also serves /etc/hosts of its machine: give that file too, if you want it")
        }
    }

    /// `NAME`, or `NAME` and a network, or its first and last address.
    private func noteDomain(_ parts: [String]) {
        guard let domain = try? DomainName(parts[0]) else { return }
        if parts.count == 1 {
            self.domain = domain
        } else if let network = OrderedAddress.range(parts.dropFirst()) {
            networkDomains.append((network, domain))
        }
    }

    /// The domain of a host without one.
    func domain(of address: IPAddress) -> DomainName? {
        let ordered = OrderedAddress(address)
        return networkDomains.first { $0.network.contains(ordered) }?.domain ?? domain
    }

    /// All options, those of included files in their place.
    private func collect(
        _ lines: [SourceLine], in path: String, depth: Int, into options: inout [Option]
    ) {
        for line in lines {
            let text = Self.withoutComment(line.text)
            guard !text.isEmpty else { continue }
            let id = site.state(line.place, text)
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            var name = parts[0].trimmed
            if name.hasPrefix("--") { name = String(name.dropFirst(2)) }
            let option = Option(
                name: name, value: parts.count > 1 ? parts[1].trimmed : "", id: id, path: path)
            guard let included = includedFiles(option) else {
                options.append(option)
                continue
            }
            guard depth < SourceFiles.maximumDepth else {
                site.refuse(id, "more than \(SourceFiles.maximumDepth) files deep")
                continue
            }
            for file in included {
                do {
                    let lines = try files.lines(file)
                    collect(lines, in: file, depth: depth + 1, into: &options)
                } catch {
                    site.refuse(id, "\(error)")
                }
            }
        }
    }

    /// The files of `conf-file`, `conf-dir` and `servers-file`; nil for other options.
    private func includedFiles(_ option: Option) -> [String]? {
        let words = option.value.split(separator: ",").map { $0.trimmed }
        switch option.name {
        case "conf-file", "servers-file":
            let found = files.paths(matching: option.value, in: option.path)
            if found.isEmpty { site.refuse(option.id, "the file is not here; give it as well") }
            followed(option.id, found)
            return found
        case "conf-dir":
            guard let directory = words.first,
                let all = files.files(in: directory, namedBy: option.path)
            else {
                site.refuse(option.id, "the directory is not here; give its files as well")
                return []
            }
            let patterns = words.dropFirst()
            let taken = patterns.filter { $0.hasPrefix("*") }
            let left = patterns.filter { !$0.hasPrefix("*") }
            let found = all.filter { path in
                let name = path.lastPathPart
                return !name.hasSuffix("~") && !left.contains { name.hasSuffix($0) }
                    && (taken.isEmpty || taken.contains { name.hasSuffix($0.dropFirst()) })
            }
            followed(option.id, found)
            return found
        default: return nil
        }
    }

    func followed(_ id: StatementID, _ paths: [String]) {
        guard !paths.isEmpty else { return }
        site.isSoAnyway(id, "followed: \(paths.joined(separator: ", "))")
    }

    /// The text without a comment, which begins with `#` at the start or behind a blank, outside
    /// quotation marks.
    private static func withoutComment(_ line: Substring) -> String {
        var isQuoted = false
        var isBehindBlank = true
        var isEscaped = false
        for index in line.indices {
            let character = line[index]
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && isQuoted && !isEscaped
            if character == "#", isBehindBlank, !isQuoted { return line[..<index].trimmed }
            isBehindBlank = character == " " || character == "\t"
        }
        return line.trimmed
    }

    // MARK: Listening, and what holds for everything

    func setPort(_ number: UInt16, in id: StatementID) { port = (number, id) }
    func addListen(_ address: IPAddress, in id: StatementID) { listen.append((address, id)) }
    func protectFromRebinding(in id: StatementID) { rebindOrigin = id }
    func allowRebinding(_ name: String, in id: StatementID) { rebindAllowed.append((name, id)) }
    func closeResolv() { noResolv = true }

    /// What can be said only when all lines are read. A host's own `/etc/hosts` is served to nobody,
    /// so that nothing passes by it (`isServed`).
    func finish(isServed: Bool = true) -> ForeignSite {
        hosts.finish(&site, isServed: isServed)
        if noResolv { site.asksResolvConf = false }
        let number = port?.number ?? 53
        if listen.isEmpty, let port, port.number != 53, port.number != 0 {
            for address in [IPAddress.v4(0), .v6(0, 0)] {
                site.listen.append(
                    (EndpointText.plain(address, port: port.number), port.origin))
            }
        }
        for (address, origin) in listen {
            site.listen.append((EndpointText.plain(address, port: number), origin))
        }
        if !listen.isEmpty, let port, number != 0 {
            site.isSoAnyway(port.origin, "the port stands with each address of \"listen\"")
        }
        finishRebindProtection()
        remarkOnLeases()
        return site
    }

    private func finishRebindProtection() {
        guard let rebindOrigin else {
            for (_, id) in rebindAllowed {
                site.isSoAnyway(id, "nothing is refused without stop-dns-rebind")
            }
            return
        }
        site.protectFromRebinding(from: [rebindOrigin], allowing: rebindAllowed)
    }
}

extension StringProtocol {
    /// The text without blanks around it.
    var trimmed: String {
        let isBlank = { (character: Character) in character.isWhitespace }
        guard let first = firstIndex(where: { !isBlank($0) }),
            let last = lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[first...last])
    }

    /// The parts between commas, without blanks and the quotation marks around a part, in which
    /// commas count for nothing and a few letters behind a backslash stand for others.
    var commaParts: [String] {
        var parts = [""]
        var isQuoted = false
        var isEscaped = false
        for character in self {
            if isEscaped {
                isEscaped = false
                parts[parts.count - 1] += quotedEscapes[character] ?? "\\" + String(character)
            } else if character == "\\", isQuoted {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ",", !isQuoted {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts.map { $0.trimmed }
    }
}

/// What stands behind a backslash between quotation marks (`read_file` of dnsmasq's option.c); before
/// other characters a backslash is itself.
private let quotedEscapes: [Character: String] = [
    "\"": "\"", "\\": "\\", "t": "\t", "n": "\n", "b": "\u{8}", "r": "\r", "e": "\u{1b}",
]
