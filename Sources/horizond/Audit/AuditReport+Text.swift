/// A report as lines for a terminal.
extension AuditReport {
    /// Such as a key of 4096 bits.
    private static let longestText = 160

    /// With at most `limit` lines of a kind.
    func lines(limit: Int) -> [String] {
        let kinds: [(String, [Finding])] = [
            ("LEAK", leaks), ("ASTRAY", misdirected), ("h3", advertised),
            ("UNANSWERED", unanswered), ("hidden", hidden),
        ]
        var lines: [String] = []
        for (word, findings) in kinds {
            lines += findings.prefix(limit).map { "\(word)  \(Self.line($0))" }
            if findings.count > limit {
                lines.append("… and \(findings.count - limit) more (--lines)")
            }
        }
        if !lines.isEmpty { lines.append("") }
        lines.append(summary)
        if total > checked {
            lines.append("This was a sample: \(checked) of \(total) names (--limit).")
        }
        for view in unreachableViews {
            lines.append("View \(view) was left out: other views have all of its addresses.")
        }
        if !wildcards.isEmpty {
            lines.append(
                "Public names that \(wildcards.joined(separator: ", ")) covers are hidden too; "
                    + "nobody can list them from outside.")
        }
        return lines
    }

    /// One line, such as `no leak in 12 names; 1 host astray`.
    var summary: String {
        let found = leaks.isEmpty ? "no leak" : Self.count(leaks.count, "leak")
        var parts = ["\(found) in \(Self.count(checked, "name"))"]
        if !unanswered.isEmpty { parts.append("\(unanswered.count) without an answer") }
        if !misdirected.isEmpty {
            parts.append("\(Self.count(misdirected.count, "host")) of MX or SRV records astray")
        }
        if !advertised.isEmpty {
            parts.append("HTTP/3 advertised for \(Self.count(advertised.count, "public name"))")
        }
        if !hidden.isEmpty {
            parts.append("public records of \(Self.count(hidden.count, "name")) hidden")
        }
        return parts.joined(separator: "; ")
    }

    /// View, name, records, what is wrong and where it is decided.
    static func line(_ finding: Finding) -> String {
        "\(finding.view)  \(finding.name)  \(text(finding))"
    }

    /// The same without view and name.
    static func text(_ finding: Finding) -> String {
        let records = finding.records.joined(separator: "; ")
        let shown =
            records.count <= longestText ? records : records.prefix(longestText - 1) + "…"
        let reason = finding.reason.map { ": \($0)" } ?? ""
        let place = finding.place.map { " (\($0))" } ?? ""
        return "\(shown)\(reason)\(place)"
    }

    /// The same in an order that does not depend on which answer came first.
    var sorted: AuditReport {
        var report = self
        report.leaks.sort(by: Finding.precedes)
        report.misdirected.sort(by: Finding.precedes)
        report.advertised.sort(by: Finding.precedes)
        report.hidden.sort(by: Finding.precedes)
        report.unanswered.sort(by: Finding.precedes)
        return report
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}

extension AuditReport.Finding {
    fileprivate static func precedes(_ left: Self, _ right: Self) -> Bool {
        (left.view, left.name, left.records.joined()) < (
            right.view, right.name, right.records.joined()
        )
    }
}
