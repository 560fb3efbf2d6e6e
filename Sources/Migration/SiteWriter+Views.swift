import DNS

extension SiteWriter {
    mutating func writeViews() {
        var taken: Set<String> = []
        var lines: [[(prefix: String, origin: StatementID)]] = []
        for index in site.views.indices {
            lines.append(distinct(site.views[index].clients, &taken))
            if lines[index].isEmpty { refuseAll(of: index) }
        }
        let hasViews = lines.contains { !$0.isEmpty }
        guard hasViews || !site.clients.isEmpty else { return }
        output.write("")
        output.write("views:")
        writeEveryone(&taken)
        for index in site.views.indices where !lines[index].isEmpty {
            writeView(index, lines[index])
        }
    }

    /// The view of the clients that no other view names.
    mutating func writeEveryone(_ taken: inout Set<String>) {
        let clients: [(prefix: String, origins: [StatementID])] =
            site.clients.isEmpty
            ? Self.localClients.filter { !taken.contains($0) }.map { ($0, []) }
            : distinct(site.clients, &taken).map { ($0.prefix, [$0.origin]) }
        // All of them may be in other views.
        guard !clients.isEmpty else { return }
        let names = Set(site.views.map(\.name))
        let name = ["lan", "others"].first { !names.contains($0) } ?? "others than these"
        output.write("  \(name):")
        output.write("    clients:")
        for (prefix, origins) in clients {
            output.write("      - \(YAMLText.scalar(prefix))", from: origins)
        }
    }

    /// The clients of the standard view.
    static let localClients = [
        "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
        "169.254.0.0/16", "fe80::/10", "100.64.0.0/10",
    ]

    mutating func distinct(
        _ clients: [(prefix: String, origin: StatementID)], _ taken: inout Set<String>
    ) -> [(prefix: String, origin: StatementID)] {
        clients.filter { client in
            if taken.insert(client.prefix).inserted { return true }
            site.isSoAnyway(client.origin, "another line gives these clients their view")
            return false
        }
    }

    mutating func refuseAll(of view: ViewID) {
        let name = site.views[view].name
        let origins =
            site.records.filter { $0.view == view }.map(\.origin)
            + site.domains.filter { $0.view == view }.map(\.origin)
        for origin in Set(origins) { site.refuse(origin, "view \(name.quoted) has no clients") }
    }

    mutating func writeView(
        _ view: ViewID, _ clients: [(prefix: String, origin: StatementID)]
    ) {
        output.write("  \(YAMLText.scalar(site.views[view].name)):")
        output.write("    clients:")
        for (prefix, origin) in clients {
            output.write("      - \(YAMLText.scalar(prefix))", from: [origin])
        }
        let own = declarations.filter { $0.plan.view == view }
        let ownNames = Set(own.map(\.plan.apex))
        let shared = declarations.filter {
            $0.plan.view == nil && site.views[view].seesShared && !ownNames.contains($0.plan.apex)
        }
        if own.isEmpty, shared.isEmpty {
            output.write("    zones: []")
        } else {
            output.write("    zones:")
            for (plan, value, origins) in own {
                output.write(
                    "      - {\(YAMLText.scalar(plan.apex.text)): \(value)}", from: origins)
            }
            for (plan, _, _) in shared {
                output.write("      - \(YAMLText.scalar(plan.apex.text))")
            }
        }
        writeForward(view, indent: "    ")
    }
}
