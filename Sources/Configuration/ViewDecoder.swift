import DNS
import Nameserver

/// Reads `views`: who sees which zones and upstreams.
struct ViewDecoder {
    /// Far more than a site has; a client's view is looked up once a query whatever their number.
    static let maximumViews = 256

    private static let keys = [
        "clients", "zones", "forward", "https-records", "rebind-protection",
        LimitKeys.queries.setting, LimitKeys.responses.setting,
    ]

    private let file: ConfigurationFile
    private let zones: ZoneRegistry
    private let forwarding: ForwardDecoder
    /// The rules that every view starts from.
    private let forward: [ForwardRule]?
    /// What holds in views that do not say otherwise.
    private let rebindProtection: RebindProtection
    private let limits: LimitSettings
    private var clients: ClientPrefixes

    /// `forward` is nil where the configuration has no such setting.
    init(
        _ file: ConfigurationFile, _ zones: ZoneRegistry, _ forwarding: ForwardDecoder,
        forward: [ForwardRule]?, rebindProtection: RebindProtection, limits: LimitSettings,
        interfaces: [InterfaceNetworks]?
    ) {
        self.file = file
        self.zones = zones
        self.forwarding = forwarding
        self.forward = forward
        self.rebindProtection = rebindProtection
        self.limits = limits
        clients = ClientPrefixes(file, interfaces: interfaces)
    }

    /// The views in the order of the file; one for local clients when `node` is nil.
    mutating func decode(_ node: YAMLNode?) -> [ViewDescription] {
        // All zones are read, those too that no view names, so that their mistakes are found.
        let all = zones.all()
        guard let node else {
            var view = ViewDescription(
                name: "lan", clients: ClientPrefixes.local, zones: all,
                forward: forward ?? forwarding.standardRules(),
                rebindProtection: rebindProtection)
            limits.set(in: &view)
            return [view]
        }
        guard case .mapping(let entries, _) = node, !entries.isEmpty else {
            file.wrongKind(node, expected: "a mapping of view names to views")
            return []
        }
        guard entries.count <= Self.maximumViews else {
            file.error(
                node.mark, "\(entries.count) views", expected: "at most \(Self.maximumViews)")
            return []
        }
        return file.distinct(entries).compactMap { view($0, all: all) }
    }

    private mutating func view(_ entry: YAMLEntry, all: [Zone]) -> ViewDescription? {
        guard !entry.key.text.isEmpty else {
            file.error(entry.key.mark, "a view without a name", expected: "a name such as lan")
            return nil
        }
        // It stands in logs, metrics and on pages.
        guard entry.key.text.escapingUnprintable == entry.key.text else {
            file.error(
                entry.key.mark, "bad view name \(entry.key.text.quoted)",
                expected: "letters, digits and signs that can be seen")
            return nil
        }
        guard
            let keyed = KeyedNode(
                entry.value, keys: Self.keys, expected: "a mapping with clients", isSection: true,
                in: file)
        else { return nil }
        var view = ViewDescription(
            name: entry.key.text, place: file.place(of: entry.key.mark), clients: [],
            rebindProtection: rebindProtection)
        if let node = keyed["clients"] {
            clients.decode(node, into: &view)
        } else if !keyed.hasUnknownKeys {
            file.error(
                keyed.mark, "view \(view.name.quoted) without clients",
                expected: "\"clients\", a list of prefixes")
        }
        view.zones = keyed["zones"].map { seen($0) } ?? all
        view.forward = rules(keyed["forward"])
        if let node = keyed["https-records"], let rules = file.httpsRecordRules(node) {
            view.httpsRecords = rules
        }
        if let node = keyed["rebind-protection"], let own = file.rebindProtection(node) {
            view.rebindProtection = own
        }
        limits.inside(keyed, file).set(in: &view)
        return view
    }

    /// A view's own rules, then those of all views that it does not replace.
    private func rules(_ node: YAMLNode?) -> [ForwardRule] {
        let own = node.map { forwarding.rules($0) } ?? []
        let replaced = Set(own.map(\.domain))
        let shared =
            forward ?? (replaced.contains(.root) ? [] : forwarding.standardRules())
        return own + shared.filter { !replaced.contains($0.domain) }
    }

    /// The zones that a view lists, by name or with records of its own. An empty list is none.
    private func seen(_ node: YAMLNode) -> [Zone] {
        let expected = "a list of zone names such as [example.com]"
        guard case .sequence(let items, _) = node else {
            file.wrongKind(node, expected: expected)
            return []
        }
        var first: [DomainName: Int] = [:]
        var seen: [Zone] = []
        func add(_ apex: DomainName, _ name: YAMLScalar, _ zone: () -> Zone?) {
            if let line = first[apex] {
                file.error(
                    name.mark, "zone \(name.text.quoted) is in this view already, on line \(line)")
                return
            }
            first[apex] = name.mark.line
            if let zone = zone() { seen.append(zone) }
        }
        for item in items {
            switch item {
            case .scalar(let name) where !name.isNull:
                guard let apex = file.domain(name, what: "zone") else { continue }
                add(apex, name) { zones.zone(apex, named: name) }
            case .mapping(let entries, _) where !entries.isEmpty:
                for entry in file.distinct(entries) {
                    guard let apex = file.domain(entry.key, what: "zone") else { continue }
                    add(apex, entry.key) { zones.zone(apex, entry) }
                }
            default:
                file.wrongKind(item, expected: "a zone's name, or {name: its file or settings}")
            }
        }
        return seen
    }
}
