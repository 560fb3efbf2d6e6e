import DNS
import Nameserver

/// Reads `forward`, the one for all views and a view's own.
struct ForwardDecoder {
    /// More upstreams than a query could try in the time that it has.
    static let maximumUpstreams = 15

    private static let keys = ["to", "cache", "https-records"]

    private let file: ConfigurationFile
    private let listen: [ListenAddress]
    private let resolvConf: String

    init(_ file: ConfigurationFile, listen: [ListenAddress], resolvConf: String) {
        self.file = file
        self.listen = listen
        self.resolvConf = resolvConf
    }

    /// The rules of a setting `forward`, in its order.
    func rules(_ node: YAMLNode) -> [ForwardRule] {
        guard case .mapping(let entries, _) = node else {
            file.wrongKind(
                node, expected: "a mapping of domains to upstreams such as {.: 1.1.1.1}")
            return []
        }
        return file.domains(entries, what: "domain").compactMap { rule($0, $1.value) }
    }

    /// What holds where the configuration says nothing: everything to the servers that the host
    /// itself uses, but for this one.
    func standardRules() -> [ForwardRule] {
        let resolvFile = file.other(resolvConf)
        guard let servers = ResolvConf(path: resolvConf) else {
            resolvFile.warning(
                nil, "cannot be read: no query is forwarded", expected: "nameserver lines")
            return []
        }
        warn(of: servers, in: resolvFile)
        let upstreams = withoutOurselves(servers.nameservers)
        guard !upstreams.isEmpty else {
            resolvFile.warning(
                nil, "no nameserver but ourselves: no query is forwarded",
                expected: "another nameserver, or a rule in \"forward\"")
            return []
        }
        return [
            ForwardRule(
                domain: .root, upstreams: Array(upstreams.prefix(Self.maximumUpstreams)))
        ]
    }

    private func rule(_ domain: DomainName, _ node: YAMLNode) -> ForwardRule? {
        guard case .mapping = node else {
            return upstreams(node).map { ForwardRule(domain: domain, upstreams: $0) }
        }
        guard
            let keyed = KeyedNode(
                node, keys: Self.keys, expected: "upstreams, or a mapping with to", in: file)
        else { return nil }
        let cache = keyed["cache"].flatMap { cacheLifetimes($0) } ?? .standard
        let rules = keyed["https-records"].flatMap { file.httpsRecordRules($0) }
        guard let to = keyed["to"] else {
            if !keyed.hasUnknownKeys {
                file.error(keyed.mark, "a forward rule without upstreams", expected: "\"to\"")
            }
            return nil
        }
        guard let upstreams = upstreams(to) else { return nil }
        return ForwardRule(
            domain: domain, upstreams: upstreams, cache: cache,
            httpsRecords: rules ?? HTTPSRecordRules())
    }

    // MARK: Upstreams

    /// One upstream or a list; nil when none of them is good.
    private func upstreams(_ node: YAMLNode) -> [UpstreamAddress]? {
        var nodes = [node]
        if node.scalar == nil {
            guard let items = file.items(node, expected: "upstreams such as [1.1.1.1, 9.9.9.9]")
            else { return nil }
            nodes = items
        }
        var upstreams: [UpstreamAddress] = []
        for node in nodes {
            for upstream in upstream(node) {
                guard !upstreams.contains(upstream) else {
                    file.error(node.mark, "duplicate upstream \(upstream)")
                    continue
                }
                upstreams.append(upstream)
            }
        }
        guard upstreams.count <= Self.maximumUpstreams else {
            file.error(
                node.mark, "\(upstreams.count) upstreams",
                expected: "at most \(Self.maximumUpstreams) in a rule")
            return nil
        }
        return upstreams.isEmpty ? nil : upstreams
    }

    /// The server of an address, or those of a file of resolv.conf's form.
    private func upstream(_ node: YAMLNode) -> [UpstreamAddress] {
        if let path = node.scalar, path.text.contains("/") { return upstreams(of: path) }
        guard let (address, port) = file.addressAndPort(node) else { return [] }
        let upstream = UpstreamAddress(address, port: port)
        guard !address.isUnspecified else {
            file.error(
                node.mark, "\(address) is the address of no server",
                expected: "an address such as 1.1.1.1")
            return []
        }
        if let own = listen.first(where: { $0.receives(upstream) }) {
            file.error(
                node.mark, "a forwarding loop: \(upstream) is this server, which listens on \(own)",
                expected: "another server")
            return []
        }
        return [upstream]
    }

    private func upstreams(of path: YAMLScalar) -> [UpstreamAddress] {
        let resolvFile = file.other(file.resolve(path.text))
        guard let servers = ResolvConf(path: resolvFile.path) else {
            file.error(
                path.mark, "cannot read \(resolvFile.path.quotedPath)",
                expected: "an address, or the path of a file with nameserver lines")
            return []
        }
        warn(of: servers, in: resolvFile)
        let upstreams = withoutOurselves(servers.nameservers)
        if upstreams.isEmpty {
            file.error(
                path.mark, "\(resolvFile.path.quotedPath) names no server but ourselves",
                expected: "a file with nameserver lines")
        }
        return upstreams
    }

    private func withoutOurselves(_ upstreams: [UpstreamAddress]) -> [UpstreamAddress] {
        upstreams.filter { upstream in !listen.contains { $0.receives(upstream) } }
    }

    private func warn(of servers: ResolvConf, in resolvFile: ConfigurationFile) {
        for (line, text) in servers.unusable {
            resolvFile.warning(
                YAMLMark(line: line, column: 1), "nameserver \(text.quoted) is left out",
                expected: "an address without a zone index")
        }
    }

    // MARK: Cache

    /// `30`, a duration that caps every TTL; `off` or `0`; or the parts.
    private func cacheLifetimes(_ node: YAMLNode) -> CacheLifetimes? {
        var lifetimes = CacheLifetimes.standard
        guard case .mapping = node else {
            if node.scalar?.text == "off" { return .off }
            guard let maximum = file.duration(node) else { return nil }
            guard maximum > 0 else { return .off }
            lifetimes.maximum = maximum
            lifetimes.minimum = min(lifetimes.minimum, maximum)
            lifetimes.negativeMaximum = maximum
            return lifetimes
        }
        let keys = ["max", "min", "negative-max", "failures"]
        guard
            let keyed = KeyedNode(
                node, keys: keys, expected: "a duration or \(Spelling.list(keys))", in: file)
        else { return nil }
        func seconds(_ key: String) -> UInt32? { keyed[key].flatMap { file.duration($0) } }
        lifetimes.maximum = seconds("max") ?? lifetimes.maximum
        if lifetimes.maximum == 0 { return .off }
        lifetimes.minimum = min(lifetimes.minimum, lifetimes.maximum)
        if let node = keyed["min"], let minimum = file.duration(node) {
            guard minimum <= lifetimes.maximum else {
                file.error(
                    node.mark, "min of \(minimum) s over max of \(lifetimes.maximum) s",
                    expected: "at most \(lifetimes.maximum)")
                return nil
            }
            lifetimes.minimum = minimum
        }
        lifetimes.negativeMaximum = seconds("negative-max") ?? lifetimes.maximum
        lifetimes.failures = seconds("failures") ?? lifetimes.failures
        return lifetimes
    }
}
