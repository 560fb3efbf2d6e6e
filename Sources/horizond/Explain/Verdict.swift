import DNS
import Nameserver

/// What browsers make of the answers to A, AAAA and HTTPS, in words. The rules are those of RFC 9460
/// and what Chrome, Firefox and Safari were seen to do with them.
struct Verdict {
    private let answers: [Explanation.Answer]
    private let isInView: Bool

    init(_ answers: [Explanation.Answer], isInView: Bool) {
        self.answers = answers
        self.isInView = isInView
    }

    var sentences: [String] {
        guard isInView else {
            return ["The client is in no view: every query is REFUSED."]
        }
        guard let first = answers.first else { return ["The server does not answer."] }
        let failures = Set(answers.prefix(3).map(\.response.rcode)).subtracting(["NOERROR"])
        if failures.count == 1, let rcode = failures.first,
            answers.prefix(3).allSatisfy({ $0.response.rcode == rcode })
        {
            return [Self.meaning(of: rcode, first)]
        }
        guard !addresses.isEmpty else {
            return ["No address: nothing can connect to this name."]
        }
        return [connection] + [leak, httpUpgrade].compactMap { $0 }
    }

    private static func meaning(of rcode: String, _ answer: Explanation.Answer) -> String {
        switch rcode {
        case "NXDOMAIN": "The name does not exist for this client."
        case "REFUSED": "Refused: \(answer.response.extendedError ?? "by the upstream")."
        default: "No answer (\(rcode)): \(answer.response.extendedError ?? "the upstreams failed")."
        }
    }

    private func answer(_ type: RRType) -> Explanation.Answer? {
        answers.first { $0.type == "\(type)" }
    }

    private func data(_ type: RRType) -> [String] { answer(type)?.response.data(type) ?? [] }

    private var addresses: [String] { data(.a) + data(.aaaa) }

    private var bindings: [ServiceBinding] {
        data(.https).compactMap { text in
            guard let rdata = try? RData.parse(text, type: .https) else { return nil }
            return try? ServiceBinding(rdata: rdata.span)
        }
    }

    /// How a browser connects, and where.
    private var connection: String {
        let places = addresses.joined(separator: ", ")
        if bindings.contains(where: \.advertisesHTTP3) {
            return "Chrome, Firefox, Safari: QUIC (HTTP/3) to \(places), or TLS over TCP."
        }
        if let alias = bindings.first(where: \.isAlias) {
            return "Chrome: TLS over TCP to \(places); others go to \(alias.target) "
                + "by the HTTPS record."
        }
        return "Chrome, Firefox, Safari: TLS over TCP to \(places)."
    }

    /// Whether the public record shows through beside what is from here.
    private var leak: String? {
        let checked = [RRType.a, .aaaa, .https].compactMap { answer($0) }
        let local = checked.filter { $0.isFromZone && $0.hasData }
        guard !local.isEmpty else { return hidden }
        let foreign = checked.filter { !$0.isFromZone && $0.hasData }
        guard !foreign.isEmpty else {
            return "Nothing of the public record leaks."
        }
        let types = foreign.map(\.type).joined(separator: " and ")
        return "LEAK: \(types) of the public record beside the address from here; "
            + "browsers may go to the public side, or fail with its ECH key."
    }

    /// What a policy keeps from the client of a public name.
    private var hidden: String? {
        let removed = answers.flatMap(\.removed)
        guard !removed.isEmpty else { return nil }
        let types = Set(removed.map(\.type)).sorted().joined(separator: ", ")
        let records = removed.count == 1 ? "record" : "records"
        return "A policy took or changed \(removed.count) \(records) of upstream (\(types))."
    }

    /// Any usable HTTPS record makes browsers take http:// as https:// (RFC 9460 §9.5).
    private var httpUpgrade: String? {
        guard bindings.contains(where: { !$0.isAlias }) else { return nil }
        return "http:// becomes https:// for this host, since it has an HTTPS record."
    }
}

extension Explanation.Answer {
    /// Whether the last word about the answer is a zone's.
    var isFromZone: Bool { steps.last?.kind == "zone" }

    /// Whether there is a record of the type itself, or any for ANY: an alias alone leads to nothing.
    var hasData: Bool {
        response.records.contains { $0.type == type }
            || type == "\(RRType.any)"
                && !response.records.isEmpty
    }
}
