import DNS
import Nameserver

/// Looks at one name of an overlay, in one view, from both sides.
struct NameAudit: Sendable {
    let view: AuditedView
    let name: OverlayName

    /// A service at a port of its own, whose HTTPS record stands apart (RFC 9460 §2.3).
    private static let service = DomainName(labels: [Array("_8443".utf8), Array("_https".utf8)])
    private static let endpointTypes: [RRType] = [.a, .aaaa, .https, .svcb]
    /// What a zone takes away from clients only where it has an alias or such records itself.
    private static let otherTypes: [RRType] = [.mx, .txt, .caa]

    private typealias Question = (name: DomainName, type: RRType)

    func run() -> AuditReport {
        var report = AuditReport()
        report.checked = 1
        if name.isPublic {
            lookAtPublicName(&report)
        } else {
            lookAtOwnedName(&report)
        }
        return report
    }

    private var endpointQuestions: [Question] {
        let service = Self.service.flatMap(name.asked.prepending)
        return Self.endpointTypes.map { (name.asked, $0) } + (service.map { [($0, .https)] } ?? [])
    }

    private func finding(_ records: [String], _ reason: String? = nil) -> AuditReport.Finding {
        AuditReport.Finding(
            view: view.view.name, name: name.owner.lineDescription, records: records,
            reason: reason, place: view.place(name.asked))
    }

    // MARK: Owned names

    private func lookAtOwnedName(_ report: inout AuditReport) {
        var got: Set<AuditAnswer.Record> = []
        var published: Set<AuditAnswer.Record> = []
        var hidden: [String] = []
        // Other types are upstream's, and so the same on both sides, but where a zone has them.
        let others = Self.otherTypes.filter { view.decidesHere(name.asked, $0) }
        for question in endpointQuestions + others.map({ (name.asked, $0) }) {
            let inside = view.ask(question.name, question.type)
            let outside = inside == nil ? nil : view.askOutside(question.name, question.type)
            guard let inside, let outside else {
                // Upstreams that do not answer take seconds for each question, so one will do.
                let side = inside == nil ? "here" : "in public"
                report.unanswered.append(finding(["\(question.type)"], "no answer \(side)"))
                break
            }
            got.formUnion((inside.answer + inside.additional).filter(\.isEndpoint))
            published.formUnion(outside.answer.filter(\.isEndpoint))
            hidden += hiddenRecords(question, inside, outside)
        }
        report.leaks += leaks(got, published)
        if !hidden.isEmpty { report.hidden.append(finding(hidden)) }
    }

    /// What is not from here beside an address that is. (Where all is from elsewhere, as by an alias to
    /// a public name, nothing is mixed.)
    private func leaks(
        _ got: Set<AuditAnswer.Record>, _ published: Set<AuditAnswer.Record>
    ) -> [AuditReport.Finding] {
        let local = got.filter { view.view.hasRecord($0.owner, $0.type, $0.rdata) }
        let addresses = Set(local.compactMap(\.address))
        guard !addresses.isEmpty else { return [] }
        let publicAddresses = Set(published.flatMap { [$0.address].compactMap { $0 } + $0.hints })
        let foreign = got.subtracting(local).map { record in
            finding([shown(record)], record.dangers ?? "from the public zone")
        }
        // An HTTPS record that was copied from the public zone leads there by its hints.
        let misleading = local.compactMap { record -> AuditReport.Finding? in
            let hints = record.hints.filter {
                publicAddresses.contains($0) && !addresses.contains($0)
            }
            guard !hints.isEmpty else { return nil }
            let list = hints.map { "\($0)" }.joined(separator: ", ")
            return finding([shown(record)], "hints at the public address \(list)")
        }
        return foreign + misleading
    }

    /// The record, with its owner where that is not the name.
    private func shown(_ record: AuditAnswer.Record) -> String {
        record.owner == name.asked
            ? record.text : "\(displayed(record.owner).lineDescription) \(record.text)"
    }

    /// A name of the probe as it stands for all below the wildcard.
    private func displayed(_ owner: DomainName) -> DomainName {
        guard name.owner.isWildcard, owner.isAtOrBelow(name.asked) else { return owner }
        let labels = owner.labels.dropLast(name.asked.labelCount) + name.owner.labels
        return DomainName(labels: labels) ?? owner
    }

    private func hiddenRecords(
        _ question: Question, _ inside: AuditAnswer, _ outside: AuditAnswer
    ) -> [String] {
        let seen = Set(inside.records(question.type).map(\.rdata))
        return outside.records(question.type).filter { !seen.contains($0.rdata) }.map { record in
            question.name == name.asked
                ? record.text : "\(displayed(question.name).lineDescription) \(record.text)"
        }
    }

    // MARK: Public names

    private func lookAtPublicName(_ report: inout AuditReport) {
        guard case .forward(let forward) = view.view.decision(name.asked, .https) else { return }
        for type in [RRType.https, .svcb] {
            guard let answer = view.ask(name.asked, type) else {
                report.unanswered.append(finding(["\(type)"], "no answer here"))
                return
            }
            let records = answer.records(type).filter { $0.binding?.advertisesHTTP3 ?? false }
            guard !records.isEmpty else { continue }
            report.advertised.append(
                finding(
                    records.map(\.text),
                    "still advertises HTTP/3 under https-records: \(forward.httpsRecords.rawValue)"
                ))
        }
    }
}

extension AuditAnswer.Record {
    /// Whether clients find out by it where to connect, and how.
    fileprivate var isEndpoint: Bool { [.a, .aaaa, .https, .svcb].contains(type) }

    /// What browsers do with an HTTPS or SVCB record that is not their host's; nil for addresses.
    fileprivate var dangers: String? {
        guard let binding else { return nil }
        var dangers: [String] = []
        if binding.advertisesHTTP3 { dangers.append("advertises HTTP/3") }
        if binding[.ech] != nil { dangers.append("has an ECH key") }
        if !hints.isEmpty {
            dangers.append("hints at " + hints.map { "\($0)" }.joined(separator: ", "))
        }
        return dangers.isEmpty ? "from the public zone" : dangers.joined(separator: ", ")
    }
}
