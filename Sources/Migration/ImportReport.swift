import DNS

/// What became of every line of another server's configuration.
package struct ImportReport: Sendable {
    private let statements: [Statement]
    private let places: [StatementID: [String]]
    private let remarks: [String]
    /// The statements by file, in the order in which the files were read, then by line.
    private let order: [StatementID]

    init(_ site: ForeignSite, _ places: [StatementID: [String]]) {
        statements = site.statements
        var files: [String: Int] = [:]
        for statement in site.statements where files[statement.place.file] == nil {
            files[statement.place.file] = files.count
        }
        let keys = site.statements.enumerated().map { index, statement in
            (files[statement.place.file] ?? 0, statement.place.line, index)
        }
        order = keys.sorted(by: <).map(\.2)
        remarks = site.remarks
        self.places = places
    }

    private enum Outcome {
        case carriedOver, refused, soAnyway
    }

    private func outcome(_ id: StatementID) -> Outcome {
        if places[id] != nil { return .carriedOver }
        return statements[id].refusals.isEmpty && statements[id].isSoAnyway != nil
            ? .soAnyway : .refused
    }

    private var carriedOver: [StatementID] {
        order.filter { outcome($0) == .carriedOver }
    }

    private var leaking: [StatementID] {
        order.filter { !statements[$0].leaks.isEmpty }
    }

    /// Those of which anything has no place here, although another part may have.
    private var refused: [StatementID] {
        order.filter { outcome($0) == .refused || !statements[$0].refusals.isEmpty }
    }

    private var soAnyway: [StatementID] { order.filter { outcome($0) == .soAnyway } }

    package var lines: [String] {
        section("carried over", carriedOver) { id in
            "→ \(Self.joined(places[id] ?? []))"
                + statements[id].notes.map { "; but \($0)" }.joined()
        }
            + section("leaks today", leaking, separator: ":") { id in
                statements[id].leaks.joined(separator: "; ")
            }
            + section("not carried over", refused, separator: ":") { id in
                let refusals = statements[id].refusals
                return refusals.isEmpty ? "it says nothing here" : refusals.joined(separator: "; ")
            }
            + section("nothing to carry over", soAnyway, separator: ":") { id in
                statements[id].isSoAnyway ?? ""
            }
            + (remarks.isEmpty ? [] : ["note:"] + remarks.map { "  " + $0.forReport })
    }

    package var summary: String {
        let count = statements.count
        return "\(count) line\(count == 1 ? "" : "s"): \(carriedOver.count) carried over, "
            + "\(leaking.count) leak today, \(refused.count) not or not wholly carried over, "
            + "\(soAnyway.count) with nothing to carry over"
    }

    private func section(
        _ title: String, _ ids: [StatementID], separator: String = "",
        _ text: (StatementID) -> String
    ) -> [String] {
        guard !ids.isEmpty else { return [] }
        return ["\(title):"]
            + ids.map { id in
                let statement = statements[id]
                let place = "\(statement.place)".escapingUnprintable
                return "  \(place) \(Self.shortened(statement.text))\(separator) "
                    + text(id).forReport
            }
    }

    /// A line of the report quotes no more of a line than fits beside what it says.
    private static let quotedLength = 80

    private static func shortened(_ text: String) -> String {
        let text = text.forReport
        return text.count > quotedLength ? text.prefix(quotedLength) + "…" : text
    }

    /// `a.yaml:1, a.yaml:2` as `a.yaml:1,2`; a few of many.
    private static func joined(_ places: [String]) -> String {
        var result = ""
        var last = ""
        for place in places.prefix(8) {
            let file = place.prefix(upTo: place.lastIndex(of: ":") ?? place.endIndex)
            if file == last {
                result += "," + place.dropFirst(file.count + 1)
            } else {
                result += (result.isEmpty ? "" : ", ") + place
            }
            last = String(file)
        }
        return places.count > 8 ? result + ", …" : result
    }
}
