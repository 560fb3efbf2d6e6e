import DNS
import Nameserver

/// Reads `forward`, the one for all views and a view's own.
struct ForwardDecoder {
    private static let keys = ["to", "policy", "cache", "client-subnet", "https-records"]

    private let file: ConfigurationFile
    private let listen: [ListenAddress]
    private let resolvConf: String
    /// What files named before, by path: it stays while they name nothing.
    private let known: [String: NameserverFile]

    init(
        _ file: ConfigurationFile, listen: [ListenAddress], resolvConf: String,
        known: [String: NameserverFile]
    ) {
        self.file = file
        self.listen = listen
        self.resolvConf = resolvConf
        self.known = known
    }

    /// The rules of a setting `forward`, in its order.
    func rules(_ node: YAMLNode) -> [ForwardRule] {
        guard case .mapping(let entries, _) = node else {
            file.wrongKind(
                node, expected: "a mapping of domains to upstreams such as {.: 1.1.1.1}")
            return []
        }
        return file.domains(entries, what: "domain", takesRoot: true).compactMap { domain, entry in
            if domain == Self.commonWord {
                file.warning(
                    entry.key.mark,
                    "\(entry.key.text.quoted) is the domain of that name; \".\" stands for every name"
                )
            }
            return rule(domain, entry)
        }
    }

    /// What other settings call all that is named nowhere else.
    private static let commonWord = DomainName(labels: ["default".utf8])

    /// What holds where the configuration says nothing: everything to the servers that the host
    /// itself uses, but for this one.
    func standardRules() -> [ForwardRule] {
        var rule = ForwardRule(domain: .root, upstreams: [])
        let resolvFile = file.other(resolvConf)
        do {
            rule.sources = [.file(try nameservers(of: resolvFile))]
        } catch {
            resolvFile.warning(
                nil, "\(error): no query is forwarded until it does",
                expected: "nameserver lines, or a rule in \"forward\"")
            rule.sources = [.file(.silent(resolvFile.path))]
        }
        return [rule]
    }

    private func rule(_ domain: DomainName, _ entry: YAMLEntry) -> ForwardRule? {
        let node = entry.value
        var rule = ForwardRule(
            domain: domain, place: file.place(of: entry.key.mark), upstreams: [])
        guard case .mapping = node else {
            guard let sources = sources(node, of: domain) else { return nil }
            rule.sources = sources
            return rule
        }
        guard
            let keyed = KeyedNode(
                node, keys: Self.keys, expected: "upstreams, or a mapping with to",
                isSection: true, in: file)
        else { return nil }
        if let policy = keyed["policy"].flatMap({ file.upstreamPolicy($0) }) {
            rule.policy = policy
        }
        if let cache = keyed["cache"].flatMap({ file.cacheLifetimes($0) }) { rule.cache = cache }
        rule.clientSubnet = keyed["client-subnet"].flatMap { clientSubnet($0) }
        if let rules = keyed["https-records"].flatMap({ file.httpsRecordRules($0) }) {
            rule.httpsRecords = rules
        }
        guard let to = keyed["to"] else {
            if !keyed.hasUnknownKeys {
                file.error(keyed.mark, "a forward rule without upstreams", expected: "\"to\"")
            }
            return nil
        }
        guard let sources = sources(to, of: domain) else { return nil }
        rule.sources = sources
        if let node = keyed["policy"] { checkCount(of: rule, node.mark) }
        return rule
    }

    /// Whether there are as many upstreams as shall be asked at once. How many a file names may
    /// change, and is no mistake of the configuration.
    private func checkCount(of rule: ForwardRule, _ mark: YAMLMark) {
        let count = rule.upstreams.count
        guard case .parallel(let number) = rule.policy, number > count, rule.isFixed else { return }
        file.error(
            mark, "\(number) upstreams at a time, of \(count)",
            expected: count > 1 ? "at most \(count), or more upstreams" : "more upstreams")
    }

    /// What people write who want no client subnet.
    private static let wordsForNone = ["off", "none", "no", "false"]

    private func clientSubnet(_ node: YAMLNode) -> AddressPrefix? {
        let expected = "a prefix such as 203.0.113.0/24 or \"2001:db8::/56\""
        guard let scalar = file.scalar(node, expected: expected) else { return nil }
        guard !Self.wordsForNone.contains(scalar.text) else {
            file.error(
                scalar.mark, "found \(scalar.text.quoted)",
                expected: "\(expected), or no such key, so that nothing is told")
            return nil
        }
        return file.prefix(scalar, expected: expected)
    }

    // MARK: Upstreams

    /// One upstream or a list; nil when none of them is good.
    private func sources(_ node: YAMLNode, of domain: DomainName) -> [UpstreamSource]? {
        var nodes = [node]
        if let scalar = node.scalar {
            guard file.isOneUpstream(scalar) else { return nil }
        } else {
            guard let items = file.items(node, expected: "upstreams such as [1.1.1.1, 9.9.9.9]")
            else { return nil }
            nodes = items
        }
        guard nodes.count <= ForwardRule.maximumUpstreams else {
            file.error(
                node.mark, "\(nodes.count) upstreams",
                expected: "at most \(ForwardRule.maximumUpstreams) in a rule")
            return nil
        }
        var sources: [UpstreamSource] = []
        for node in nodes {
            guard let source = source(node, of: domain) else { continue }
            guard !sources.contains(source) else {
                file.error(node.mark, "duplicate upstream \(source)")
                continue
            }
            sources.append(source)
        }
        return sources.isEmpty ? nil : sources
    }

    /// The server of an address, or a file of resolv.conf's form.
    private func source(_ node: YAMLNode, of domain: DomainName) -> UpstreamSource? {
        if let path = node.scalar, path.text.contains("/"), !path.text.contains("://") {
            return nameserverFile(path, of: domain).map { .file($0) }
        }
        guard let upstream = file.upstream(node) else { return nil }
        if let own = listen.first(where: { $0.receives(upstream) }) {
            file.error(
                node.mark, "a forwarding loop: \(upstream) is this server, which listens on \(own)",
                expected: "another server")
            return nil
        }
        return .server(upstream)
    }

    private func nameserverFile(_ path: YAMLScalar, of domain: DomainName) -> NameserverFile? {
        let resolvFile = file.other(file.resolve(path.text))
        let name = resolvFile.path.quotedPath
        do {
            return try nameservers(of: resolvFile)
        } catch .unreadable(let reason) {
            file.error(
                path.mark, "cannot read \(name): \(reason)",
                expected: "an address, or the path of a file with nameserver lines")
            return nil
        } catch {
            // A host that starts may have to wait for its network. Other domains than the root would
            // be asked of the servers for everything meanwhile, where they are not to be seen.
            guard domain.isRoot else {
                file.error(
                    path.mark, "\(name) \(error)", expected: "a file with nameserver lines")
                return nil
            }
            file.warning(
                path.mark, "\(name) \(error): it is not asked until it does",
                expected: "a file with nameserver lines")
            return .silent(resolvFile.path)
        }
    }

    /// What a file names, or what it named before if it names nothing now.
    private func nameservers(
        of resolvFile: ConfigurationFile
    ) throws(ResolvConf.Failure) -> NameserverFile {
        let path = resolvFile.path
        do {
            let servers = try ResolvConf(path: path)
            for (line, text) in servers.unusable {
                let advice = ResolvConf.advice(on: text)
                resolvFile.warning(
                    YAMLMark(line: line, column: 1), "nameserver \(text.quoted) is left out",
                    expected: advice.expected, suggestion: advice.suggestion)
            }
            return NameserverFile(path: path, servers: try servers.servers(besides: listen))
        } catch {
            guard var file = known[path] else { throw error }
            file.servers.removeAll { server in listen.contains { $0.receives(server) } }
            guard !file.servers.isEmpty else { throw error }
            file.isSilent = true
            resolvFile.warning(nil, file.silence(error))
            return file
        }
    }
}

extension ForwardRule {
    /// Whether its upstreams stay while the configuration does.
    fileprivate var isFixed: Bool {
        sources.allSatisfy { if case .server = $0 { true } else { false } }
    }
}
