import Configuration
import DNS
import Nameserver

/// Compares what two configurations answer. It takes a while for large zones, so it is not to be used
/// on a worker's or the control queue.
struct Planner {
    /// A configuration and what is served by it.
    struct Side: Sendable {
        let configuration: Configuration
        let snapshot: Snapshot

        init(_ configuration: Configuration, _ snapshot: Snapshot) {
            self.configuration = configuration
            self.snapshot = snapshot
        }

        /// A configuration that nobody serves.
        init(_ loaded: LoadedConfiguration) {
            let secrets = ProcessSecrets()
            let registry = UpstreamRegistry(cookieKey: secrets.upstreamCookieKey)
            self.init(
                loaded.configuration,
                Snapshot(
                    loaded.configuration, networks: loaded.interfaces.networks,
                    upstreams: registry, secrets))
        }
    }

    /// How many lines of answers are kept; all are counted.
    let limit: Int

    func plan(from before: Side, to after: Side) -> Plan {
        let difference = SnapshotDifference(from: before.snapshot, to: after.snapshot)
        var plan = Plan()
        for pair in difference.pairs { add(pair, to: &plan) }
        plan.settings = difference.clients.map { change in
            Plan.Setting(
                kind: .clients, subject: "\(change.prefix)",
                before: change.before.map { "view \($0)" },
                after: change.after.map { "view \($0)" })
        }
        plan.settings +=
            SettingChanges(
                from: before.configuration, to: after.configuration, difference.pairs
            ).all
        let moved = difference.clients.compactMap { $0.after ?? $0.before }
        for view in plan.settings.flatMap(\.views) + moved { plan.note(changeIn: view) }
        return plan
    }

    private func add(_ pair: SnapshotDifference.Pair, to plan: inout Plan) {
        let difference = pair.difference
        difference.forEachChange { change in
            guard !change.isImplied else { return }
            plan.note(changeIn: pair.after.name)
            plan.answerCount += change.answers.count
            for group in groups(change.answers) {
                guard plan.answers.count < limit else {
                    plan.leftOut += 1
                    continue
                }
                plan.answers.append(
                    Plan.Answer(
                        view: pair.name, name: change.owner.lineDescription,
                        types: group.map { "\($0.type)" }, before: Plan.Said(group[0].before),
                        after: Plan.Said(group[0].after),
                        place: place(of: change, group[0], difference)))
            }
        }
    }

    /// Types that are answered in the same way, before and after.
    private func groups(_ answers: [NameChange.Answer]) -> [[NameChange.Answer]] {
        var groups: [[NameChange.Answer]] = []
        for answer in answers {
            let index = groups.firstIndex {
                $0[0].before == answer.before && $0[0].after == answer.after
            }
            if let index { groups[index].append(answer) } else { groups.append([answer]) }
        }
        return groups
    }

    private func place(
        of change: NameChange, _ answer: NameChange.Answer, _ difference: ViewDifference
    ) -> String? {
        if let place = difference.place(of: change, answer.type) { return "\(place)" }
        return difference.place(of: change, answer.type, isBefore: true).map { "was \($0)" }
    }
}

extension SnapshotDifference.Pair {
    /// The view's name, with that before where its clients had another one.
    var name: String {
        before.name == after.name ? after.name : "\(before.name) → \(after.name)"
    }
}
