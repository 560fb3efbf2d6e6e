package import DNS

/// A name to which two views say different things.
package struct NameChange: Sendable {
    /// The name; with `isBelow` that above the names which are meant.
    package let name: DomainName
    /// Whether the names below it are meant, at any depth, of which neither view has anything.
    package let isBelow: Bool
    /// Whether other changes say as much: the same one of the names further up, or, of a name that has
    /// no records itself, those of the names below.
    package let isImplied: Bool
    package let answers: [Answer]

    package struct Answer: Equatable, Sendable {
        package let type: RRType
        package let before: AnswerSummary
        package let after: AnswerSummary
    }

    /// The name as zone files write it, such as `*.example.com`.
    package var owner: DomainName {
        guard isBelow, let label = DomainName(labels: [Array("*".utf8)]) else { return name }
        return name.prepending(label) ?? name
    }
}
