import DNS

/// What two forwarders must agree on: the header's bits, and the records of each section as sets,
/// their TTLs apart.
struct ForwardedAnswer: Equatable {
    var rcode: RCode
    /// AA, TC, RD, RA, AD and CD.
    var flags: UInt16
    var hasEDNS: Bool
    var dnssecOK: Bool
    var answer: Set<String>
    var authority: Set<String>
    var additional: Set<String>

    init(_ response: Response) {
        rcode = response.rcode
        flags = response.header.flags & Self.comparedFlags
        hasEDNS = response.edns != nil
        dnssecOK = response.edns.map { $0.ttl & 0x8000 != 0 } ?? false
        func lines(_ records: [Record]) -> Set<String> {
            Set(
                records.filter { $0.type != .opt }.map { record in
                    var record = record
                    record.ttl = 0
                    return record.comparedLine
                })
        }
        answer = lines(response.answer)
        authority = lines(response.authority)
        additional = lines(response.additional)
    }

    private static let names: [(bit: UInt16, name: String)] = [
        (Header.Flag.authoritativeAnswer, "AA"), (Header.Flag.truncated, "TC"),
        (Header.Flag.recursionDesired, "RD"), (Header.Flag.recursionAvailable, "RA"),
        (Header.Flag.authenticData, "AD"), (Header.Flag.checkingDisabled, "CD"),
    ]

    private static let comparedFlags = names.reduce(0) { $0 | $1.bit }

    /// What an answer may be, so that a test can tell whether its questions led to all of it.
    enum Kind: CaseIterable { case data, noData, nameError, truncated }

    var kind: Kind {
        if isTruncated { return .truncated }
        if rcode == .nameError { return .nameError }
        return answer.isEmpty ? .noData : .data
    }

    var isTruncated: Bool { flags & Header.Flag.truncated != 0 }

    /// Takes these bits of another answer.
    mutating func take(_ bits: UInt16, of other: ForwardedAnswer) {
        flags = flags & ~bits | other.flags & bits
    }

    mutating func takeSections(of other: ForwardedAnswer) {
        (answer, authority, additional) = (other.answer, other.authority, other.additional)
    }

    /// How it differs from `other`, a line for each field.
    func differences(from other: ForwardedAnswer) -> [String] {
        var lines: [String] = []
        if rcode != other.rcode { lines.append("rcode: \(rcode), theirs: \(other.rcode)") }
        for (bit, name) in Self.names where (flags ^ other.flags) & bit != 0 {
            lines.append("\(name): \(flags & bit != 0), theirs: \(other.flags & bit != 0)")
        }
        if hasEDNS != other.hasEDNS { lines.append("EDNS: \(hasEDNS), theirs: \(other.hasEDNS)") }
        if dnssecOK != other.dnssecOK { lines.append("DO: \(dnssecOK), theirs: \(other.dnssecOK)") }
        for (section, left, right) in [
            ("answer", answer, other.answer), ("authority", authority, other.authority),
            ("additional", additional, other.additional),
        ] {
            lines += left.subtracting(right).sorted().map { "\(section) only ours: \($0)" }
            lines += right.subtracting(left).sorted().map { "\(section) only theirs: \($0)" }
        }
        return lines
    }
}
