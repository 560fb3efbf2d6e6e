import Configuration
import DNS

/// Writes a site as `horizond.yaml` and a file for each zone.
struct SiteWriter {
    var output: OutputLines
    var site: ForeignSite
    private let plans: ZonePlans
    private var names = ZoneFileNames()
    /// What `zones` says of each zone: its key, its value, and its lines.
    private(set) var declarations: [(plan: ZonePlan, value: String, origins: [StatementID])] = []

    /// About how many parts the settings `zones` and `views` have in YAML, of which a setting may
    /// have a million.
    private var parts = 0
    private static let maximumParts = 900_000
    /// From here on short zones have files, too: they are fewer parts.
    private static let maximumInlineParts = 400_000

    static let mainFile = "horizond.yaml"

    init(_ site: ForeignSite, _ plans: ZonePlans, title: String) {
        self.site = site
        self.plans = plans
        output = OutputLines(site.statements, site.progress)
        self.site.refuseClients(among: Self.localClients)
        for plan in plans.zones { declare(plan) }
        output.begin(Self.mainFile)
        output.write("# Imported from \(title.escapingUnprintable)")
        writeListen()
        writeSettings()
        writeZones()
        writeViews()
        writeForward(nil, indent: "")
        // A file with nothing but comments is no configuration.
        if output.lineCount == 1 { output.write("{}") }
    }

    // MARK: Zones

    /// Writes a zone's file, unless it has one short record at most.
    mutating func declare(_ plan: ZonePlan) {
        if let view = plan.view, site.views[view].clients.isEmpty { return }
        let mode = plan.isLocal ? "mode: authoritative, " : ""
        let short = parts < Self.maximumInlineParts ? shortRecord(plan) : nil
        let isInline = plan.isEmpty || short != nil
        parts += (isInline ? 12 : plan.isLocal ? 9 : 2) + site.views.count
        guard parts <= Self.maximumParts else {
            let origins = plan.records.values.flatMap { $0.flatMap(\.origins) } + plan.origins
            for origin in origins { site.refuse(origin, "more zones than a configuration holds") }
            return
        }
        if isInline {
            let record = short?.text ?? ""
            declarations.append(
                (plan, "{\(mode)records: {\(record)}}", plan.origins + (short?.origins ?? [])))
            return
        }
        let view = plan.view.map { site.views[$0].name }
        let path = names.path(plan.apex, view: view)
        output.begin(path)
        output.write("# \(plan.apex.text)")
        for owner in plan.owners { write(owner, plan) }
        let file = YAMLText.scalar(path)
        declarations.append(
            (plan, plan.isLocal ? "{file: \(file), mode: authoritative}" : file, plan.origins))
    }

    /// The record of a zone with but one address.
    private func shortRecord(_ plan: ZonePlan) -> (text: String, origins: [StatementID])? {
        guard plan.owners.count == 1, let records = plan.records[plan.owners[0]],
            records.count == 1, records[0].type == .a || records[0].type == .aaaa,
            let value = RecordText.value(records[0])
        else { return nil }
        return ("\(key(plan.owners[0], in: plan.apex)): \(value)", records[0].origins)
    }

    private func key(_ owner: DomainName, in apex: DomainName) -> String {
        let labels = owner.labels.dropLast(apex.labelCount)
        return YAMLText.scalar(DomainName(labels: labels).map { $0.isRoot ? "" : $0.text } ?? "")
    }

    mutating func write(_ owner: DomainName, _ plan: ZonePlan) {
        let key = key(owner, in: plan.apex)
        if let origins = plan.publicNames[owner] {
            output.write("\(key): public", from: origins)
            return
        }
        var lines: [(String, [StatementID])] = []
        for record in plan.records[owner] ?? [] {
            guard let value = RecordText.value(record) else {
                for origin in record.origins {
                    site.refuse(
                        origin,
                        "a text with octets that are no UTF-8, or quotation marks that "
                            + "cannot be written")
                }
                continue
            }
            lines.append((value, record.origins))
        }
        if lines.count == 1 {
            output.write("\(key): \(lines[0].0)", from: lines[0].1)
        } else if !lines.isEmpty {
            output.write("\(key):")
            for (value, origins) in lines { output.write("  - \(value)", from: origins) }
        }
    }

    mutating func writeZones() {
        let shared = declarations.filter { $0.plan.view == nil }
        guard !shared.isEmpty else { return }
        output.write("")
        output.write("zones:")
        for (plan, value, origins) in shared {
            output.write("  \(YAMLText.scalar(plan.apex.text)): \(value)", from: origins)
        }
    }

    // MARK: Listening and settings

    private static let maximumListen = 64

    mutating func writeListen() {
        var known: [String] = []
        var lines: [(String, [StatementID])] = []
        for (address, origin) in site.listen {
            if let index = known.firstIndex(of: address) {
                lines[index].1.append(origin)
            } else if lines.count == Self.maximumListen {
                site.refuse(origin, "at most \(Self.maximumListen) addresses are listened on")
            } else {
                known.append(address)
                lines.append((address, [origin]))
            }
        }
        guard !lines.isEmpty else { return }
        output.write("")
        output.write("listen:")
        for (address, origins) in lines {
            output.write("  - \(YAMLText.scalar(address))", from: origins)
        }
    }

    mutating func writeSettings() {
        let settings = merged(site.settings.filter { $0.domain == nil })
        guard !settings.isEmpty else { return }
        output.write("")
        for (key, value, origins) in settings { output.write("\(key): \(value)", from: origins) }
    }

    /// Settings with one line for a key; another value for it is refused.
    mutating func merged(
        _ settings: [ForeignSetting]
    ) -> [(key: String, value: String, origins: [StatementID])] {
        var result: [(key: String, value: String, origins: [StatementID])] = []
        for setting in settings {
            guard let index = result.firstIndex(where: { $0.key == setting.key }) else {
                result.append((setting.key, setting.value, [setting.origin]))
                continue
            }
            if result[index].value == setting.value {
                result[index].origins.append(setting.origin)
            } else {
                let place = site.statements[result[index].origins[0]].place
                site.refuse(setting.origin, "\(setting.key) is another by \(place)")
            }
        }
        return result
    }
}

/// The paths of zone files, no two of them alike.
private struct ZoneFileNames {
    private var taken: Set<String> = []

    private static let maximumLength = 200

    mutating func path(_ apex: DomainName, view: String?) -> String {
        let directory = "zones/" + (view.map { Self.safe($0) + "/" } ?? "")
        let name = Self.safe(apex.text.lowercased())
        var path = "\(directory)\(name).yaml"
        var number = 2
        while !taken.insert(path).inserted {
            path = "\(directory)\(name)-\(number).yaml"
            number += 1
        }
        return path
    }

    /// The text with what a path gives a meaning to, or a terminal, replaced.
    private static func safe(_ text: String) -> String {
        let name = text.unicodeScalars.map { scalar in
            let isSafe =
                scalar.isASCII
                && (scalar.properties.isAlphabetic
                    || ("0"..."9").contains(scalar) || "._-".unicodeScalars.contains(scalar))
            return isSafe ? String(scalar) : "-"
        }.joined()
        // What stands behind it needs room in a name, too, which has at most 255 octets.
        let short = name.prefix(maximumLength)
        return short.hasPrefix(".") ? "-" + short.dropFirst() : String(short)
    }
}
