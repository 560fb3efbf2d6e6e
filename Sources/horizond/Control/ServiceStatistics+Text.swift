import Foundation

extension ServiceStatistics {
    /// The figures for a terminal; `rate` is how many queries a second came lately.
    func text(rate: Double) -> String {
        ([header, ""] + queryLines(rate) + ["", cacheLine] + memoryLines
            + [forwardingLine] + logLines + auditLines
            + (upstreams.isEmpty ? [] : [""] + upstreamLines))
            .joined(separator: "\n")
    }

    private var header: String {
        let others = files.count > 1 ? " and \(files.count - 1) more" : ""
        return "horizond \(version), up \(Self.duration(uptimeSeconds)), serves \(serves)"
            + (lastReload.map { "; \($0)" } ?? "") + "\n\(files.first ?? "")\(others), "
            + "digest \(configurationHash)"
    }

    private func queryLines(_ rate: Double) -> [String] {
        let total = "queries".padded(18) + "\(queries.all)".leftPadded(12)
        return ["\(total)    \(String(format: "%.1f", rate)) a second"]
            + queries.rows.map { name, count in
                let share = queries.all > 0 ? Double(count) / Double(queries.all) * 100 : 0
                return "  " + name.padded(16) + "\(count)".leftPadded(12)
                    + String(format: "%9.1f %%", share)
            }
    }

    private var cacheLine: String {
        let lookups = queries.cache &+ cache.misses
        let rate = lookups > 0 ? Double(queries.cache) / Double(lookups) * 100 : 0
        return "cache".padded(18)
            + "\(cache.answers) answer\(cache.answers == 1 ? "" : "s") in \(Self.size(cache.octets)) of "
            + "\(Self.size(cache.maximumOctets)), "
            + String(format: "%.1f %% of look-ups found there, ", rate)
            + "\(cache.evicted) evicted, \(cache.refreshed) refreshed"
    }

    private var memoryLines: [String] {
        let shortage =
            cache.currentMaximumOctets < cache.maximumOctets
            ? "; the cache may take \(Self.size(cache.currentMaximumOctets)) for now" : ""
        guard let memory else { return [] }
        return [
            "memory".padded(18)
                + "\(Self.size(memory.usedOctets)) of \(Self.size(memory.limitOctets)) taken "
                + "(\(memory.bound))\(shortage)"
        ]
    }

    private var forwardingLine: String {
        "upstreams".padded(18)
            + "\(forwarding.sent) asked, \(forwarding.inFlight) questions in flight, "
            + "\(forwarding.joined) joined; \(forwarding.failed) attempts failed, "
            + "of which \(forwarding.timeouts) in silence, \(forwarding.malformed) malformed"
    }

    private var logLines: [String] {
        guard queryLogLinesLost > 0 else { return [] }
        let (lines, were) = queryLogLinesLost == 1 ? ("line", "was") : ("lines", "were")
        return ["query log".padded(18) + "\(queryLogLinesLost) \(lines) \(were) lost"]
    }

    private var auditLines: [String] {
        guard let audit else { return [] }
        let ago = Int(clamping: max(0, Date.now.timeIntervalSince1970 - Double(audit.lastEnded)))
        return [
            "audit".padded(18) + "\(audit.names) name\(audit.names == 1 ? "" : "s") asked for "
                + "\(Self.duration(ago)) ago: \(audit.leaks) leak\(audit.leaks == 1 ? "" : "s"), "
                + "\(audit.misdirected) astray, \(audit.advertised) h3, \(audit.hidden) hidden, "
                + "\(audit.unanswered) not checked"
        ]
    }

    private var upstreamLines: [String] {
        let width = (upstreams.map(\.address.count).max() ?? 0) + 2
        let head =
            "upstream".padded(width) + "state".padded(9) + "sent".leftPadded(10)
            + "answered".leftPadded(10) + "failed".leftPadded(10) + "time".leftPadded(12)
        return [head]
            + upstreams.map { upstream in
                let time = upstream.milliseconds.map { String(format: "%.2f ms", $0) } ?? "-"
                return upstream.address.padded(width) + upstream.state.padded(9)
                    + "\(upstream.sent)".leftPadded(10) + "\(upstream.answered)".leftPadded(10)
                    + "\(upstream.failed)".leftPadded(10) + time.leftPadded(12)
                    + (upstream.failure.map { "  \($0)" } ?? "")
            }
    }

    private static func duration(_ seconds: Int) -> String {
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60)
        if days > 0 { return "\(days) d \(hours) h" }
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return minutes > 0 ? "\(minutes) min \(seconds % 60) s" : "\(seconds) s"
    }

    private static func size(_ octets: Int) -> String {
        octets < 1 << 20
            ? String(format: "%.1f KiB", Double(octets) / 1024)
            : String(format: "%.1f MiB", Double(octets) / 1_048_576)
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }

    fileprivate func leftPadded(_ width: Int) -> String {
        String(repeating: " ", count: max(1, width - count)) + self
    }
}
