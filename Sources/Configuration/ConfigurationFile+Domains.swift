import DNS

// Domain names as keys and in lists.
extension ConfigurationFile {
    /// The entries with their keys as domain names; two spellings of one name are duplicates.
    /// `takesRoot` as for `domain`.
    func domains(
        _ entries: [YAMLEntry], what: String, takesRoot: Bool = false
    ) -> [(domain: DomainName, entry: YAMLEntry)] {
        var first: [DomainName: YAMLScalar] = [:]
        return distinct(entries).compactMap { entry in
            guard let domain = domain(entry.key, what: what, takesRoot: takesRoot) else {
                return nil
            }
            if let other = first[domain] {
                error(
                    entry.key.mark,
                    "two \(what)s of one name: \(entry.key.text.quoted) is "
                        + "\(other.text.quoted) of line \(other.mark.line)")
                return nil
            }
            first[domain] = entry.key
            return (domain, entry)
        }
    }

    /// An absolute domain name, with or without its final dot. Where the root is sensible
    /// (`takesRoot`), it is proposed to whoever means every name.
    func domain(_ scalar: YAMLScalar, what: String, takesRoot: Bool = false) -> DomainName? {
        do {
            let name = try DomainName(scalar.text)
            guard isWithoutWildcard(name, scalar, what: what, takesRoot: takesRoot),
                isWithoutBlank(name, scalar, what: what)
            else { return nil }
            return name
        } catch {
            let isMeantAsRoot = takesRoot && error == .empty
            self.error(
                scalar.mark, "bad \(what) name \(scalar.text.quoted): \(error)",
                expected: isMeantAsRoot ? Self.domainOrRoot : "a domain name",
                suggestion: isMeantAsRoot ? Self.root : nil)
            return nil
        }
    }

    private static let root = "\".\""
    private static let domainOrRoot = "a domain name, or \(root), which stands for every name"

    /// A domain stands for itself and all below it, so a wildcard in it is meant otherwise.
    private func isWithoutWildcard(
        _ name: DomainName, _ scalar: YAMLScalar, what: String, takesRoot: Bool
    ) -> Bool {
        let labels = name.labels
        let wildcards = labels.indices.filter { labels[$0].elementsEqual("*".utf8) }
        guard !wildcards.isEmpty else { return true }
        let problem = "a wildcard in the \(what) name \(scalar.text.quoted)"
        guard labels.count > 1 else {
            error(
                scalar.mark, problem, expected: takesRoot ? Self.domainOrRoot : "a domain name",
                suggestion: takesRoot ? Self.root : nil)
            return false
        }
        let rest = wildcards == [labels.startIndex] ? DomainName(labels: labels.dropFirst()) : nil
        error(
            scalar.mark, problem, expected: "a name, which stands for all below it too",
            suggestion: rest.map(\.textWithoutFinalDot.quoted))
        return false
    }

    /// No name of a network has a blank.
    private func isWithoutBlank(_ name: DomainName, _ scalar: YAMLScalar, what: String) -> Bool {
        guard name.labels.contains(where: { $0.contains { $0 <= 0x20 } }) else { return true }
        error(
            scalar.mark, "a blank in the \(what) name \(scalar.text.quoted)",
            expected: "a domain name")
        return false
    }
}

extension DomainName {
    fileprivate var textWithoutFinalDot: String { String(description.dropLast()) }
}
