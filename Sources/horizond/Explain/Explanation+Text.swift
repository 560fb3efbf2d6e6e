import DNS

/// An explanation as lines for a terminal.
extension Explanation {
    var lines: [String] {
        let shownName = (try? DomainName(name))?.lineDescription ?? name
        var lines = ["\(shownName), asked by \(client)"]
        if let view {
            let place = view.place.map { " (\($0))" } ?? ""
            let interface = view.interface.map { " of \($0)" } ?? ""
            lines.append("view \(view.name), by \(view.prefix)\(interface)\(place)")
        } else {
            lines.append("in no view")
        }
        for group in groups {
            lines.append("")
            for answer in group { lines += answer.resultLines }
            lines += group[0].reasonLines
            for answer in group { lines += answer.removalLines }
            lines += Self.errorLines(group)
        }
        lines.append("")
        lines += verdict
        if !isFromServer {
            lines.append("(Asked without the running server, so its cache was not looked at.)")
        }
        return lines
    }

    /// What clients that speak EDNS are told (RFC 8914), once for the types that it is said of.
    private static func errorLines(_ group: [Answer]) -> [String] {
        var types: [String: [String]] = [:]
        for answer in group {
            if let error = answer.response.extendedError {
                types[error, default: []].append(answer.type)
            }
        }
        return types.sorted { $0.value[0] < $1.value[0] }.map { error, types in
            Answer.indent + "\(types.joined(separator: ", ")): the client is told \"\(error)\""
        }
    }

    /// Neighbours with the same reasons: these are told once.
    private var groups: [[Answer]] {
        var groups: [[Answer]] = []
        for answer in answers {
            if let last = groups.last?.first, last.steps == answer.steps {
                groups[groups.count - 1].append(answer)
            } else {
                groups.append([answer])
            }
        }
        return groups
    }
}

extension Explanation.Answer {
    private static let column = 8
    fileprivate static let indent = String(repeating: " ", count: column)

    /// The records, or what stands in their place, behind the type.
    fileprivate var resultLines: [String] {
        var results = response.records.map { record in
            let time = "  (\(record.ttl) s)"
            if record.type == type { return record.data + time }
            guard [.cname, .dname].contains(RRType(mnemonic: record.type)) else {
                return "\(record.type) \(record.data)\(time)"
            }
            return "\(Self.shown(record.name)) is an alias of \(Self.shown(record.data))\(time)"
        }
        if !hasData { results.append(nothing) }
        // What an alias led to may be from here.
        let place = steps.count > 1 ? 0 : results.count - 1
        if let origin { results[place] += "  [\(origin)]" }
        let label = type.padding(to: Self.column)
        return [label + results[0]] + results.dropFirst().map { Self.indent + $0 }
    }

    /// Why: a line for each step, with the name where it is not the one asked for.
    fileprivate var reasonLines: [String] {
        steps.enumerated().map { index, step in
            let label = (index == 0 ? "because" : "then").padding(to: Self.column)
            let name = index == 0 ? "" : "\(step.name): "
            let servers =
                step.upstreams.isEmpty ? "" : ", to " + step.upstreams.joined(separator: ", ")
            return label + name + step.reason + servers
        }
    }

    /// What policies did to this answer.
    fileprivate var removalLines: [String] {
        let policy = steps.last { $0.httpsRecords != nil }?.httpsRecords
        return removed.map { record in
            let isBinding = ["HTTPS", "SVCB"].contains(record.type)
            let by = isBinding ? "https-records: \(policy ?? "")" : "rebind-protection"
            return Self.indent + "\(by) took or changed \(record.type) \(record.data)"
        }
    }

    /// What stands in the place of records.
    private var nothing: String {
        let kept = response.negativeTTL.map { "  (\($0) s)" } ?? ""
        switch response.rcode {
        case "NOERROR": return "no data" + kept
        case "NXDOMAIN": return "no such name" + kept
        default: return response.rcode
        }
    }

    /// Where it came from, if not from a zone.
    private var origin: String? {
        let time = milliseconds < 1 ? "" : " in \(Int(clamping: milliseconds)) ms"
        switch source {
        case "overlay", "zone": return nil
        case "upstream": return "\(upstream ?? "an upstream")\(time)"
        case "cache": return "from the cache"
        case "stale": return "from the cache, past its lifetime: no upstream answers"
        case "failure": return "no upstream answered\(time)"
        default: return source
        }
    }

    private static func shown(_ name: String) -> String {
        (try? DomainName(name))?.lineDescription ?? name
    }
}

extension String {
    /// With blanks up to `width`, at least one.
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
