import DNS
import Nameserver

/// Finds out what a client gets and why: asks a worker on the client's behalf, and the views' tables
/// for the reasons. It waits for answers, so it is not to be used on a worker's or the control queue.
struct Explainer: Sendable {
    /// As many as a processor follows.
    private static let maximumSteps = 16

    private let inquirer: Inquirer
    /// What is served.
    private let snapshot: Snapshot
    /// The same without policies, which shows what they take away.
    private let unfiltered: Snapshot
    private let registry: UpstreamRegistry
    private let isFromServer: Bool

    init(
        _ inquirer: Inquirer, _ snapshot: Snapshot, _ registry: UpstreamRegistry,
        isFromServer: Bool
    ) {
        self.inquirer = inquirer
        self.snapshot = snapshot
        unfiltered = Snapshot(unfiltered: snapshot, hasZones: true)
        self.registry = registry
        self.isFromServer = isFromServer
    }

    /// A, AAAA, HTTPS and `type`, as `client` gets them.
    func explain(_ name: DomainName, _ type: RRType?, for client: IPAddress) -> Explanation {
        var types: [RRType] = [.a, .aaaa, .https]
        if let type, !types.contains(type) { types.append(type) }
        let view = snapshot.viewChoice(for: client).map {
            Explanation.View(
                name: $0.name, prefix: "\($0.prefix)", interface: $0.interface,
                place: $0.place?.description)
        }
        let answers = types.compactMap { answer(name, $0, for: client) }
        return Explanation(
            name: "\(name)", client: "\(client)", view: view, answers: answers,
            verdict: Verdict(answers, isInView: view != nil).sentences,
            isFromServer: isFromServer)
    }

    private func answer(
        _ name: DomainName, _ type: RRType, for client: IPAddress
    ) -> Explanation.Answer? {
        guard let result = inquirer.ask(name, type, from: client, on: snapshot),
            let response = PresentedAnswer(result.octets)
        else { return nil }
        let steps = steps(name, type, for: client, response)
        return Explanation.Answer(
            type: "\(type)", response: response, source: result.source.rawValue,
            upstream: result.upstream?.description,
            milliseconds: Double(result.nanoseconds / 10_000) / 100, steps: steps,
            removed: removed(from: response, name, type, for: client, steps))
    }

    /// Who decides about the name and, where aliases lead elsewhere, about their targets.
    private func steps(
        _ name: DomainName, _ type: RRType, for client: IPAddress, _ response: PresentedAnswer
    ) -> [Explanation.Step] {
        var steps: [Explanation.Step] = []
        var current: DomainName? = name
        for _ in 0..<Self.maximumSteps {
            guard let name = current, let decision = snapshot.decision(name, type, for: client)
            else { break }
            if let step = Explanation.Step(serverFor: name, type, decision) { return [step] }
            let step = Explanation.Step(name, decision, state: state)
            // An upstream's own aliases are its own business until one leads away from it.
            if step.kind != "forward" || steps.last?.kind != "forward"
                || steps.last?.domain != step.domain
            {
                steps.append(step)
            }
            current = target(of: name, decision, type, response)
        }
        return steps
    }

    /// Where the name leads to; nil at the end.
    private func target(
        of name: DomainName, _ decision: Decision, _ type: RRType, _ response: PresentedAnswer
    ) -> DomainName? {
        if case .zone(let zone) = decision, case .alias(.alias, let target) = zone.answer {
            return target
        }
        let cname = "\(RRType.cname)"
        guard type != .cname,
            let alias = response.records.first(where: { record in
                record.type == cname && (try? DomainName(record.name)) == name
            })
        else { return nil }
        return try? DomainName(alias.data)
    }

    /// What the same question brings without policies, and is not there with them.
    private func removed(
        from response: PresentedAnswer, _ name: DomainName, _ type: RRType,
        for client: IPAddress, _ steps: [Explanation.Step]
    ) -> [PresentedAnswer.Record] {
        guard steps.contains(where: { $0.kind == "forward" }),
            [.a, .aaaa, .https, .svcb].contains(type),
            let result = inquirer.ask(name, type, from: client, on: unfiltered),
            let whole = PresentedAnswer(result.octets)
        else { return [] }
        let kept = Set(response.data(type))
        return whole.records.filter { $0.type == "\(type)" && !kept.contains($0.data) }
    }

    /// What the running server knows of an upstream.
    private func state(_ address: UpstreamAddress) -> String? {
        guard isFromServer else { return nil }
        return registry.all.first { $0.address == address }?.stateDescription
    }
}
