import DNS
import Nameserver

/// Reads the main file: its settings in turn, then the zones, forward rules and views, which refer
/// to each other.
struct ConfigurationDecoder {
    static let keys = [
        "listen", "zones", "views", "forward", "tls-ca", "https-records", "rebind-protection",
        "bypass-guard", LimitKeys.queries.setting, LimitKeys.responses.setting, "audit", "workers",
        "cache-size", "cache-file", "tcp", "identity",
        "cookies", "log", ControlSetting.key, AdminSettings.key,
    ]

    private let file: ConfigurationFile
    private let seed: UInt64
    private let resolvConf: String
    private let knownNameservers: [String: NameserverFile]
    private let interfaces: [InterfaceNetworks]?
    private let progress: WorkProgress?
    /// Whether the whole file could be read: else what is missing may stand further down.
    private var isComplete = true

    init(
        _ file: ConfigurationFile, seed: UInt64, resolvConf: String,
        knownNameservers: [String: NameserverFile], interfaces: [InterfaceNetworks]?,
        progress: WorkProgress?
    ) {
        self.file = file
        self.seed = seed
        self.resolvConf = resolvConf
        self.knownNameservers = knownNameservers
        self.interfaces = interfaces
        self.progress = progress
    }

    /// What the file says; of use only when nothing was reported.
    mutating func decode() -> Configuration {
        var configuration = Configuration()
        guard let settings = readSettings() else { return configuration }
        decodePlainSettings(settings, into: &configuration)
        let rules = settings["https-records"].flatMap { file.httpsRecordRules($0) }

        let zones = ZoneRegistry(
            file, seed: seed, isComplete: isComplete, progress: progress)
        if let node = settings["zones"] { zones.decode(node) }
        let forwarding = ForwardDecoder(
            file, listen: configuration.listen, resolvConf: resolvConf, known: knownNameservers)
        let forward = settings["forward"].map { forwarding.rules($0) }

        let protection = settings["rebind-protection"].flatMap { file.rebindProtection($0) }

        var views = ViewDecoder(
            file, zones, forwarding, forward: forward, rebindProtection: protection ?? .off,
            limits: LimitSettings(settings, in: file), interfaces: interfaces)
        configuration.views = views.decode(settings["views"])
        let hasBypassGuard = settings["bypass-guard"].flatMap { file.boolean($0) } ?? true
        for index in configuration.views.indices {
            configuration.views[index].hasBypassGuard = hasBypassGuard
            configuration.views[index].serverHTTPSRecords = rules ?? HTTPSRecordRules()
        }
        configuration.zoneCount = zones.zoneCount
        file.reportContradictions(in: configuration.views)
        file.reportHiddenNames(in: configuration.views)
        return configuration
    }

    /// The top-level settings up to the first syntax error; nil when there are none.
    private mutating func readSettings() -> KeyedNode? {
        var entries: [YAMLEntry] = []
        do {
            progress?.begin(
                file.path, counting: "records", whole: RegularFile.size(file.path) ?? 0)
            let reader = try YAMLReader(path: file.path, progress: progress)
            try reader.enterMapping(
                expected: "settings such as \(Spelling.list(Self.keys)), or {} for none")
            while let entry = try reader.nextEntry() { entries.append(entry) }
            file.note(reader.hash)
        } catch {
            file.error(
                error.mark,
                error.mark == nil
                    ? "cannot read the configuration: \(error.problem)" : error.problem,
                expected: error.expected)
            isComplete = false
            guard !entries.isEmpty else { return nil }
        }
        return KeyedNode(
            entries, YAMLMark(line: 1, column: 1), keys: Self.keys, isSection: true, in: file)
    }

    private func decodePlainSettings(
        _ settings: KeyedNode, into configuration: inout Configuration
    ) {
        if let node = settings["listen"], let listen = file.listenAddresses(node) {
            configuration.listen = listen
        }
        if let node = settings["audit"] { configuration.auditInterval = file.auditInterval(node) }
        if let node = settings["workers"], node.scalar?.text != "auto" {
            configuration.workers = file.integer(
                node, in: 1...Configuration.maximumWorkers, or: "auto")
        }
        if let node = settings["cache-size"],
            let size = file.size(node, in: Configuration.cacheSizes)
        {
            configuration.cacheSize = size
        }
        if let node = settings["cache-file"] { configuration.cacheFile = file.cacheFile(node) }
        let server = ServerDecoder(file)
        if let node = settings["identity"] {
            server.identity(node, into: &configuration.server)
        }
        if let node = settings["cookies"], let cookies = server.cookies(node) {
            configuration.cookies = cookies
        }
        configuration.authorities = settings["tls-ca"].flatMap { AuthorityFile($0, in: file) }
        if let node = settings["tcp"], let tcp = file.tcpSettings(node) {
            configuration.tcp = tcp
        }
        if let node = settings[ControlSetting.key], let control = file.control(node) {
            configuration.control = control
        }
        if let node = settings[AdminSettings.key] {
            configuration.admin = AdminDecoder(file).settings(node)
        }
        if let node = settings["log"], let log = file.logSettings(node) { configuration.log = log }
    }
}

extension ConfigurationFile {
    /// The setting `https-records`: a policy, or `default` and domains with theirs.
    func httpsRecordRules(_ node: YAMLNode) -> HTTPSRecordRules? {
        guard case .mapping(let entries, _) = node else {
            guard let policy = choice(node, what: "policy", of: HTTPSRecordPolicy.self) else {
                return nil
            }
            var rules = HTTPSRecordRules(defaultPolicy: policy)
            rules.defaultPlace = place(of: node.mark)
            return rules
        }
        var rules = HTTPSRecordRules()
        let isDefault = { (entry: YAMLEntry) in entry.key.text == "default" }
        let defaults = distinct(entries.filter(isDefault))
        if let entry = defaults.first {
            rules.defaultPolicy = choice(entry.value, what: "policy", of: HTTPSRecordPolicy.self)
            rules.defaultPlace = place(of: entry.key.mark)
        }
        let others = entries.filter { !isDefault($0) }
        for (domain, entry) in domains(others, what: "domain", takesRoot: true) {
            rules.domains[domain] = choice(
                entry.value, what: "policy", of: HTTPSRecordPolicy.self)
            rules.places[domain] = place(of: entry.key.mark)
        }
        return rules
    }
}
