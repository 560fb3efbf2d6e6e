import DNS
import Nameserver

/// Looks at the hosts that a zone's MX and SRV records name: clients ask for these records in public,
/// and for the host here, where a wildcard may say that it is the gateway.
struct ServiceAudit: Sendable {
    let view: AuditedView
    let apex: DomainName

    /// The services that sites publish (RFC 6186 §3, RFC 6764 §3, RFC 3263 §4, RFC 6120 §3.2, Matrix,
    /// Minecraft). All there may be cannot be asked for.
    private static let services = [
        "_submission._tcp", "_submissions._tcp", "_imap._tcp", "_imaps._tcp", "_pop3s._tcp",
        "_caldavs._tcp", "_carddavs._tcp", "_sip._udp", "_sips._tcp", "_xmpp-client._tcp",
        "_xmpp-server._tcp", "_matrix-fed._tcp", "_minecraft._tcp",
    ]

    func run() -> AuditReport {
        var report = AuditReport()
        var told: Set<DomainName> = []
        for (owner, type) in questions {
            guard let answer = view.ask(owner, type) else {
                // Upstreams that do not answer take seconds for each question, so one will do.
                report.unanswered.append(finding(owner, ["\(type)"], "no answer here"))
                return report
            }
            for record in answer.records(type) {
                guard let target = record.target, told.insert(target).inserted,
                    view.decidesHere(target, .a) || view.decidesHere(target, .aaaa)
                else { continue }
                compare(target, of: owner, type, &report)
            }
        }
        return report
    }

    private var questions: [(DomainName, RRType)] {
        [(apex, .mx)]
            + Self.services.compactMap { service in
                (try? DomainName(service)).flatMap(apex.prepending).map { ($0, .srv) }
            }
    }

    /// Compares where a host is here with where it is in public.
    private func compare(
        _ target: DomainName, of owner: DomainName, _ type: RRType, _ report: inout AuditReport
    ) {
        var here: Set<String> = []
        var outside: Set<String> = []
        for type in [RRType.a, .aaaa] {
            guard let inside = view.ask(target, type),
                let published = view.askOutside(target, type)
            else {
                report.unanswered.append(finding(target, ["\(type)"], "no answer"))
                return
            }
            here.formUnion(inside.records(type).compactMap { $0.address?.description })
            outside.formUnion(published.records(type).compactMap { $0.address?.description })
        }
        // A host that the public zone does not have is meant to be one from here.
        guard !outside.isEmpty, here != outside else { return }
        let place = here.isEmpty ? "no address" : here.sorted().joined(separator: ", ")
        report.misdirected.append(
            finding(
                owner, ["\(type) \(target.lineDescription)"],
                "is \(outside.sorted().joined(separator: ", ")) in public, but \(place) here; "
                    + "unless that is meant, write \(label(of: target)): public",
                place: view.place(target)))
    }

    /// The host as the zone file writes it.
    private func label(of target: DomainName) -> String {
        let zone =
            view.view.overlays.filter { target.isAtOrBelow($0) }
            .max { $0.labelCount < $1.labelCount } ?? .root
        let labels = target.labels.dropLast(zone.labelCount)
        guard !labels.isEmpty, let relative = DomainName(labels: labels) else { return "''" }
        return String(relative.description.dropLast())
    }

    private func finding(
        _ name: DomainName, _ records: [String], _ reason: String? = nil, place: String? = nil
    ) -> AuditReport.Finding {
        AuditReport.Finding(
            view: view.view.name, name: name.lineDescription, records: records, reason: reason,
            place: place)
    }
}

extension AuditAnswer.Record {
    /// The host that an MX or SRV record names (RFC 1035 §3.3.9, RFC 2782); nil for "none".
    fileprivate var target: DomainName? {
        let start: Int
        switch type {
        case .mx: start = 2
        case .srv: start = 6
        default: return nil
        }
        guard let name = try? MessageReader.name(in: rdata.span, at: start), !name.isRoot else {
            return nil
        }
        return name
    }
}
