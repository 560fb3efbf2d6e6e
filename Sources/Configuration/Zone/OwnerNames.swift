import DNS

/// Makes owner names of a zone file's keys.
struct OwnerNames {
    private let file: ConfigurationFile
    private let apex: DomainName
    /// The apex as the end of a relative name that repeats it, in octets.
    private let repeatedApex: [UInt8]

    init(_ file: ConfigurationFile, apex: DomainName) {
        self.file = file
        self.apex = apex
        repeatedApex = Array(".\(apex.description.lowercased().dropLast())".utf8)
    }

    /// The owner name of a key: relative to the apex, or absolute with a final dot.
    func name(_ key: YAMLScalar) -> DomainName? {
        guard !key.text.isEmpty else { return apex }
        guard key.text != "@" else {
            file.error(key.mark, "the name \"@\"", expected: "'' for the apex of the zone")
            return nil
        }
        let owner: DomainName
        do {
            owner = try DomainName(key.text, relativeTo: apex)
        } catch {
            file.error(
                key.mark, "bad owner name \(key.text.quoted): \(error)",
                expected: "a name relative to the zone \(apex)")
            return nil
        }
        if let label = owner.badALabel {
            file.error(
                key.mark, "bad owner name \(key.text.quoted): \(label) is no Punycode",
                expected: "the letters themselves, or what they are encoded to (RFC 5890 §2.3.2.1)")
            return nil
        }
        guard owner.isAtOrBelow(apex) else {
            file.error(
                key.mark, "\(key.text.quoted) is outside the zone \(apex)",
                expected: "a name relative to it")
            return nil
        }
        if repeatsApex(key.text) {
            file.warning(
                key.mark, "\(key.text.quoted) is relative to the zone: it stands for \(owner)",
                expected: "a final dot, or the name without \(apex)")
        }
        return owner
    }

    private func repeatsApex(_ text: String) -> Bool {
        // Nearly every name ends otherwise.
        guard !apex.isRoot, let last = text.utf8.last, lowercased(last) == repeatedApex.last
        else { return false }
        func isEqual(_ left: UInt8, _ right: UInt8) -> Bool { lowercased(left) == right }
        let end = text.utf8.suffix(repeatedApex.count)
        return end.elementsEqual(repeatedApex, by: isEqual)
            || text.utf8.elementsEqual(repeatedApex.dropFirst(), by: isEqual)
    }
}
