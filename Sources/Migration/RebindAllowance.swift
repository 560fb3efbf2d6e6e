import DNS

extension ForeignSite {
    /// As many domains as `rebind-protection` takes.
    private static let maximumAllowed = 256

    /// Turns the protection on because of `origins`, but for these domains. What `allow` cannot
    /// have is refused, and what it has already is written once.
    mutating func protectFromRebinding(
        from origins: [StatementID], allowing domains: [(name: String, origin: StatementID)]
    ) {
        var names: [DomainName] = []
        var origins = origins
        for (text, origin) in domains {
            guard let name = name(text, in: origin) else { continue }
            // A slash, a colon or a last label of digits would be read as an address's.
            guard !name.isRoot, !name.text.contains("/"), !name.text.contains(":"),
                name.labels.last?.allSatisfy({ $0 &- 0x30 < 10 }) == false
            else {
                refuse(origin, "\(text.quoted) cannot be allowed private addresses")
                continue
            }
            if !names.contains(name) {
                guard names.count < Self.maximumAllowed else {
                    refuse(origin, "at most \(Self.maximumAllowed) domains are allowed them")
                    continue
                }
                names.append(name)
            }
            origins.append(origin)
        }
        let allowed = names.map { YAMLText.scalar($0.text) }.joined(separator: ", ")
        let value = allowed.isEmpty ? "true" : "{allow: [\(allowed)]}"
        for origin in origins {
            settings.append(ForeignSetting(key: "rebind-protection", value: value, origin: origin))
        }
    }
}
