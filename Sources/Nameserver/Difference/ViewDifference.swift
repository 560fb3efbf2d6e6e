package import DNS

/// Finds the names to which two views say different things, by what they say: not by their files.
///
/// Every name that either view has is asked of both, and so is a name below each that neither has. All
/// other names are answered as one of these. The names are walked in place, so that zones with a
/// million of them take no memory beside their own.
package struct ViewDifference {
    /// A label that no zone has: below a name it stands for all that nobody wrote down.
    private static let probe = DomainName(labels: [[0x01, 0x70, 0x72, 0x6f, 0x62, 0x65, 0x01]])

    private let before: View
    private let after: View
    /// The zones of both that the configurations have, those of `before` first, then what stands for
    /// their addresses' names.
    private let zones: [Zone]
    private let zonesByApex: [DomainName: [Int]]
    private let name = LookupName()
    private let nameBelow = LookupName()

    package init(from before: View, to after: View) {
        self.before = before
        self.after = after
        zones =
            [before, after].flatMap { $0.zones.filter { !$0.settings.isBuiltIn } }
            + [before, after].flatMap { $0.reverse?.zones ?? [] }
        zonesByApex = Dictionary(grouping: zones.indices) { [zones] in zones[$0].settings.apex }
    }

    /// Calls `body` with each name that is answered in another way, those of the zones in the order of
    /// their files.
    package func forEachChange(_ body: (NameChange) -> Void) {
        for (index, zone) in zones.enumerated() {
            zone.forEachName { owner in
                name.set(owner)
                guard !isKnown(owner, before: index) else { return }
                compare(owner, body)
            }
        }
        for owner in namesOutside.sorted(by: { "\($0)" < "\($1)" }) {
            name.set(owner)
            if !isKnown(owner, before: zones.count) { compare(owner, body) }
        }
    }

    /// The line that decides about an answer of the change; nil when none does.
    package func place(
        of change: NameChange, _ type: RRType, isBefore: Bool = false
    ) -> ConfigurationPlace? {
        let asked = change.isBelow ? Self.below(change.name) ?? change.name : change.name
        switch (isBefore ? before : after).decision(asked, type) {
        case .zone(let zone): return zone.owner?.place
        case .forward(let forward): return forward.passedBy?.owner?.place
        case .refused: return nil
        }
    }

    /// The domains of forward rules, and of the zones that only one view has by itself.
    private var namesOutside: Set<DomainName> {
        let builtIn = [before, after].map { view in
            Set(view.zones.lazy.filter(\.settings.isBuiltIn).map(\.settings.apex))
        }
        return Set([before, after].flatMap { $0.rules.map(\.domain) })
            .union(builtIn[0].symmetricDifference(builtIn[1]))
    }

    /// Whether a zone before that of this number has the name, which `self.name` holds.
    private func isKnown(_ owner: DomainName, before limit: Int) -> Bool {
        zonesAbove(owner).contains { $0 < limit && zones[$0].node(name) != nil }
    }

    /// The numbers of the zones whose apex is at or above the name.
    private func zonesAbove(_ owner: DomainName) -> [Int] {
        var numbers: [Int] = []
        var domain: DomainName? = owner
        while let apex = domain {
            numbers += zonesByApex[apex] ?? []
            domain = apex.parent
        }
        return numbers
    }

    /// Compares the answers to a name, which `name` holds, and to those below it.
    private func compare(_ owner: DomainName, _ body: (NameChange) -> Void) {
        // What a wildcard says is seen at the names below its parent.
        guard !owner.isWildcard else { return }
        let near = zonesAbove(owner)
        let answers = answers(to: name, near)
        if !answers.isEmpty {
            body(
                NameChange(
                    name: owner, isBelow: false,
                    isImplied: answers.allSatisfy(\.isOfExistence) && hasNoRecords(near),
                    answers: answers))
        }
        guard let below = Self.below(owner) else { return }
        nameBelow.set(below)
        let answersBelow = self.answers(to: nameBelow, near)
        guard !answersBelow.isEmpty else { return }
        body(
            NameChange(
                name: owner, isBelow: true, isImplied: answersBelow == answersBeside(owner),
                answers: answersBelow))
    }

    /// Whether the name, which `name` holds, is an empty non-terminal wherever it is.
    private func hasNoRecords(_ near: [Int]) -> Bool {
        near.allSatisfy { number in
            zones[number].node(name).map { $0.offset == ZoneBlocks.emptyNode } ?? true
        }
    }

    /// The changes of the names beside `owner` of which nothing is known.
    private func answersBeside(_ owner: DomainName) -> [NameChange.Answer] {
        guard let parent = owner.parent, let beside = Self.below(parent) else { return [] }
        let name = LookupName(beside)
        return answers(to: name, zonesAbove(parent))
    }

    /// What the views say differently about a name in these zones.
    private func answers(to name: LookupName, _ near: [Int]) -> [NameChange.Answer] {
        var types: [RRType] = []
        for number in near { zones[number].addTypes(for: name, to: &types) }
        // A name may begin or cease to exist, or to be asked upstream, without any records.
        if types.isEmpty { types = [.a] }
        var answers: [NameChange.Answer] = []
        for type in types {
            let (old, new) = (before.summary(name, type), after.summary(name, type))
            guard old != new else { continue }
            answers.append(NameChange.Answer(type: type, before: old, after: new))
        }
        return answers.sorted { $0.type.rawValue < $1.type.rawValue }
    }

    private static func below(_ owner: DomainName) -> DomainName? {
        probe.flatMap(owner.prepending)
    }
}

extension NameChange.Answer {
    /// Whether all that changes is that the name is there.
    fileprivate var isOfExistence: Bool {
        [before, after].allSatisfy { $0 == .noData || $0 == .nameError }
    }
}
