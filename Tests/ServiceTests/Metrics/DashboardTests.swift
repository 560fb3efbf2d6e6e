import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    /// `config/grafana/horizond.json`, as Grafana would ask a real Prometheus with real data.
    @Suite("The Grafana dashboard", .aloneOnMachine)
    struct DashboardTests {
        /// What of the dashboard is looked at here.
        private struct Dashboard: Decodable {
            let schemaVersion: Int
            let panels: [Panel]
            let templating: Variables
            let annotations: Annotations

            struct Panel: Decodable {
                let id: Int
                let type: String
                let title: String
                let gridPos: Place
                let fieldConfig: Fields?
                let targets: [Target]?

                struct Fields: Decodable {
                    let defaults: Defaults

                    struct Defaults: Decodable { let unit: String }
                }

                struct Place: Decodable { let h, w, x, y: Int }
                struct Target: Decodable {
                    let expr: String
                    let legendFormat: String
                    let refId: String
                }
            }

            struct Variables: Decodable {
                let list: [Variable]

                struct Variable: Decodable {
                    let name: String
                    let type: String
                    let definition: String?
                }
            }

            struct Annotations: Decodable {
                let list: [Annotation]

                struct Annotation: Decodable {
                    let name: String
                    let expr: String?
                }
            }
        }

        private func dashboard() throws -> Dashboard {
            let path = Server.repository + "/config/grafana/horizond.json"
            return try JSONDecoder().decode(
                Dashboard.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        }

        @Test("shows sizes in bytes, times in seconds and parts in percent")
        func units() throws {
            for panel in try dashboard().panels {
                for target in panel.targets ?? [] {
                    let unit = panel.fieldConfig?.defaults.unit
                    let expected: String? =
                        if target.expr.contains(" / ") {
                            "percentunit"
                        } else if target.expr.contains("_bytes") {
                            "bytes"
                        } else if target.expr.contains("_timestamp_seconds")
                            || target.expr.contains("_time_seconds")
                            || target.expr.contains("duration_seconds")
                        {
                            "s"
                        } else {
                            nil
                        }
                    #expect(expected == nil || unit == expected, "\(panel.title)")
                }
            }
        }

        @Test("is whole: numbers are unique, and panels do not overlap")
        func form() throws {
            let panels = try dashboard().panels
            #expect(Set(panels.map(\.id)).count == panels.count)
            for (index, panel) in panels.enumerated() {
                let place = panel.gridPos
                #expect(place.x + place.w <= 24)
                for other in panels[..<index] {
                    let apart =
                        other.gridPos.x + other.gridPos.w <= place.x
                        || place.x + place.w <= other.gridPos.x
                        || other.gridPos.y + other.gridPos.h <= place.y
                        || place.y + place.h <= other.gridPos.y
                    #expect(apart, "\(panel.title) and \(other.title)")
                }
                #expect((panel.targets ?? []).isEmpty == (panel.type == "row"))
            }
        }

        /// Grafana's own variables and the dashboard's, as they are with all views of one node.
        private func resolved(_ expression: String, _ prometheus: Prometheus) -> String {
            expression.replacingOccurrences(of: "$__rate_interval", with: "1m")
                .replacingOccurrences(of: "$instance", with: prometheus.instance)
                .replacingOccurrences(of: "$view", with: ".*")
        }

        /// Something of everything.
        private func makeTraffic(_ scene: MetricsScene) throws {
            let client = scene.server.client
            let guest = try client.from("127.0.0.2")
            for round in 0..<6 {
                for name in ["www.home.example", "www.auth.example", "www.example.net"] {
                    for transport in Transport.allCases {
                        _ = try client.ask(name, .a, over: transport)
                    }
                }
                _ = try client.ask("n\(round).example.net", .https)
                _ = try client.ask("private.n\(round).example.net", .a)
                _ = try client.ask("none.n\(round).example.net", .a)
                _ = try client.ask("bad.n\(round).example.net", .a)
                _ = try client.ask("use-application-dns.net", .a)
                _ = try guest.ask("www.home.example", .aaaa)
                pause(.milliseconds(400))
            }
            // Nobody answers there.
            _ = try client.ask("www.gone.example", .a)
        }

        @Test(
            "has data for each query of a panel, variable and annotation, and a label for each legend"
        )
        func queries() throws {
            let scene = try MetricsScene(audits: true)
            let prometheus = try Prometheus(scraping: scene.adminPort)
            let dashboard = try dashboard()
            #expect(dashboard.schemaVersion >= 39)
            try makeTraffic(scene)
            try scene.server.reload()
            #expect(
                try eventually(within: .seconds(30)) {
                    try prometheus.value("count(horizond_audit_findings)") ?? 0 > 0
                        && prometheus.value(
                            "changes(horizond_configuration_last_reload_success_timestamp_seconds[1m])"
                        ) ?? 0 > 0
                })
            for panel in dashboard.panels {
                for target in panel.targets ?? [] {
                    let series = try prometheus.query(
                        resolved(target.expr, prometheus))
                    let place = "\(panel.title), \(target.refId): \(target.expr)"
                    #expect(series.contains { $0.value.isFinite }, "no data: \(place)")
                    for label in labels(of: target.legendFormat) {
                        #expect(
                            series.allSatisfy { $0.labels[label] != nil },
                            "no \(label): \(place)")
                    }
                }
            }
            for variable in dashboard.templating.list where variable.type == "query" {
                let definition = try #require(variable.definition)
                let (selector, label) = try labelValues(
                    resolved(definition, prometheus))
                #expect(
                    try !prometheus.values(ofLabel: label, in: selector).isEmpty,
                    "no values: \(definition)")
            }
            for annotation in dashboard.annotations.list {
                guard let expression = annotation.expr else { continue }
                #expect(
                    try !prometheus.query(resolved(expression, prometheus)).isEmpty,
                    "no data: \(annotation.name)")
            }
        }

        /// `{{view}} {{type}}`
        private func labels(of legend: String) -> [String] {
            legend.components(separatedBy: "{{").dropFirst().compactMap {
                $0.components(separatedBy: "}}").first
            }
        }

        /// `label_values(METRIC, LABEL)`
        private func labelValues(_ text: String) throws -> (selector: String, label: String) {
            let name = "label_values("
            guard text.hasPrefix(name), text.hasSuffix(")"),
                let comma = text.range(of: ", ", options: .backwards)
            else { throw Failure("no label_values: \(text)") }
            return (
                String(text[..<comma.lowerBound].dropFirst(name.count)),
                String(text[comma.upperBound...].dropLast())
            )
        }

        @Test("goes with alerts that come of real data: a leak, and a reload that failed")
        func alerts() throws {
            let scene = try MetricsScene(audits: true)
            let prometheus = try Prometheus(scraping: scene.adminPort)
            let firing = "ALERTS{alertstate=\"firing\",alertname="
            #expect(
                try eventually(within: .seconds(30)) {
                    try !prometheus.query(firing + "\"HorizondLeak\"}").isEmpty
                })
            #expect(try prometheus.query(firing + "\"HorizondReloadFailed\"}").isEmpty)
            try scene.server.configure("forward: {.: nobody}\n")
            try scene.server.reload()
            #expect(
                try eventually(within: .seconds(10)) {
                    try !prometheus.query(firing + "\"HorizondReloadFailed\"}").isEmpty
                })
            #expect(
                try prometheus.value(
                    "horizond_configuration_reloads_total{result=\"failure\"}") == 1)
        }
    }
}
