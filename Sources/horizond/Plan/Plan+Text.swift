/// A plan as lines for a terminal.
extension Plan {
    /// What is longer is cut: a key of 4096 bits tells nobody more.
    private static let longestValue = 100
    /// Longer cells push their line's other columns to the right.
    private static let widestColumn = 40

    var lines: [String] {
        guard !isEmpty else { return ["Nothing changes."] }
        var lines = Self.table(answers.map(\.columns))
        if leftOut > 0 { lines.append("… and \(leftOut) more such lines (--limit)") }
        if !lines.isEmpty, !settings.isEmpty { lines.append("") }
        lines += Self.table(settings.map(\.columns))
        return lines + ["", summary]
    }

    /// Such as `12 answers change, 1 view, 0 listeners`.
    private var summary: String {
        let listeners = settings.count { $0.kind == .listen }
        let others = settings.count { $0.kind != .listen }
        return [
            Self.count(answerCount, "answer") + (answerCount == 1 ? " changes" : " change"),
            Self.count(views.count, "view"), Self.count(listeners, "listener"),
            Self.count(others, "other setting"),
        ].joined(separator: ", ")
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Lines with their columns below each other.
    private static func table(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { min($0[column].count, widestColumn) }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: max(0, width - cell.count) + 2)
            }
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    fileprivate static func cut(_ text: String) -> String {
        text.count <= longestValue ? text : text.prefix(longestValue - 1) + "…"
    }
}

extension Plan.Answer {
    fileprivate var columns: [String] {
        let isOnlyTTL =
            before.kind == after.kind && before.data == after.data
        return [
            view, name, types.joined(separator: " "),
            "\(before.text(hasTTL: isOnlyTTL)) → \(after.text(hasTTL: isOnlyTTL))", place ?? "",
        ]
    }
}

extension Plan.Said {
    fileprivate func text(hasTTL: Bool) -> String {
        let seconds = hasTTL ? ttl.map { " (\($0) s)" } ?? "" : ""
        let list = Plan.cut(data.joined(separator: ", "))
        return switch kind {
        case .records: list + seconds
        case .alias: "alias of \(list)" + seconds
        case .referral: "referred to \(list)"
        case .noData, .nameError, .upstream, .refused: kind.rawValue
        }
    }
}

extension Plan.Setting {
    fileprivate var columns: [String] {
        let none = kind == .clients ? "no view" : "none"
        let note = needsRestart ? " (at the next restart)" : ""
        return [
            views.isEmpty ? "server" : views.joined(separator: ", "), kind.rawValue, subject,
            Plan.cut(before ?? none) + " → " + Plan.cut(after ?? none) + note,
        ]
    }
}
