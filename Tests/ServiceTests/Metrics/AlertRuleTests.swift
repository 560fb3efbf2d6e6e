import Foundation
import Testing

extension SharingTests {
    /// `config/prometheus`, with Debian's promtool.
    @Suite("The alert rules")
    struct AlertRuleTests {
        private static let directory = Server.repository + "/config/prometheus"

        private func promtool(_ arguments: String...) throws -> String {
            let (output, status) = try run(["/usr/bin/promtool"] + arguments)
            #expect(status == .exited(0), "\(output)")
            return output
        }

        @Test("are valid, and so is the example of a configuration that names them")
        func valid() throws {
            #expect(try promtool("check", "rules", Prometheus.alerts).contains("SUCCESS"))
            let checked = try promtool("check", "config", Self.directory + "/prometheus.yml")
            #expect(checked.contains("1 rule files found"))
        }

        @Test("fire when they shall and not when they shall not")
        func fire() throws {
            let output = try promtool("test", "rules", Self.directory + "/alerts_test.yml")
            #expect(output.contains("SUCCESS"))
            #expect(!output.contains("FAILED"))
        }

        @Test("are all tested both ways: each fires once, with its texts, and is silent once")
        func complete() throws {
            func lines(_ file: String) throws -> [String] {
                try String(contentsOfFile: "\(Self.directory)/\(file)", encoding: .utf8)
                    .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            }
            let alerts = try lines("alerts.yml").compactMap { line in
                line.hasPrefix("- alert: ") ? String(line.dropFirst("- alert: ".count)) : nil
            }
            #expect(alerts.count == Set(alerts).count)
            #expect(alerts.count > 10)
            let tests = try lines("alerts_test.yml")
            for alert in alerts {
                let firing = tests.indices.dropLast().contains {
                    tests[$0] == "alertname: \(alert)" && tests[$0 + 1] == "exp_alerts:"
                }
                #expect(firing, "\(alert) fires in no test")
                let silent = tests.contains {
                    $0.hasPrefix("- {eval_time: ") && $0.hasSuffix("alertname: \(alert)}")
                }
                #expect(silent, "\(alert) is silent in no test")
            }
        }
    }
}
