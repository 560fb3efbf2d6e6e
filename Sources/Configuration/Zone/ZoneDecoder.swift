import DNS
import Nameserver

/// Makes a zone of a file's entries, given one after the other: owner names and their records.
struct ZoneDecoder {
    private let file: ConfigurationFile
    private let apex: DomainName
    private let records: RecordDecoder
    private var builder: ZoneBuilder
    /// Each owner name so far and the line of its key.
    private var lines: NameTableBuilder
    private let name = LookupName()
    /// The apex as the end of a relative name that repeats it, in octets.
    private let repeatedApex: [UInt8]

    init(_ file: ConfigurationFile, _ zone: ZoneDeclaration, seed: UInt64) {
        self.file = file
        apex = zone.settings.apex
        records = RecordDecoder(file, apex: apex, ttl: zone.recordTTL)
        builder = ZoneBuilder(zone.settings, seed: seed)
        lines = NameTableBuilder(seed: seed)
        repeatedApex = Array(".\(apex.description.lowercased().dropLast())".utf8)
    }

    /// Takes one owner name's records; what is wrong with them is reported.
    mutating func decode(_ entry: YAMLEntry) {
        let contents = records.contents(entry.value)
        guard let owner = owner(entry.key) else { return }
        name.set(owner)
        if let line = lines.insert(name, value: UInt32(truncatingIfNeeded: entry.key.mark.line)) {
            reportDuplicate(entry.key, owner, line: Int(line))
            return
        }
        if let mark = contents.publicMark {
            addPublic(owner, mark, beside: contents.records.first)
            return
        }
        for (index, record) in contents.records.enumerated() {
            do {
                try builder.add(
                    owner: owner, type: record.type, ttl: record.ttl, rdata: record.rdata)
            } catch {
                report(error, record, after: contents.records[..<index])
                return
            }
        }
    }

    /// The zone; nil when anything was reported. `mark` is where its records begin, for inline ones.
    consuming func build(_ mark: YAMLMark?) -> Zone? {
        let file = self.file
        guard !file.hasErrors else { return nil }
        do {
            return try builder.build()
        } catch {
            file.error(mark, "too many records", expected: "at most 4 GiB of them")
            return nil
        }
    }

    /// The owner name of a key: relative to the apex, or absolute with a final dot.
    private func owner(_ key: YAMLScalar) -> DomainName? {
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
        let octets = text.utf8
        guard !apex.isRoot, octets.count >= repeatedApex.count - 1 else { return false }
        // A dot before the text's first letter, so that the apex alone is found too.
        let end = ([0x2e] + octets).suffix(repeatedApex.count)
        return zip(end, repeatedApex).allSatisfy { lowercased($0) == $1 }
    }

    // MARK: Contradictions

    private mutating func addPublic(
        _ owner: DomainName, _ mark: YAMLMark, beside record: Record?
    ) {
        if let record {
            file.error(
                mark, "\"public\" beside the \(record.type) record of line \(record.mark.line)",
                expected: "\"public\" alone, or records")
            return
        }
        do {
            try builder.addPublic(owner: owner)
        } catch {
            file.error(
                mark, "\"public\" in an authoritative zone",
                expected: "mode: overlay, since there is no public zone to ask")
        }
    }

    private func reportDuplicate(_ key: YAMLScalar, _ owner: DomainName, line: Int) {
        file.error(
            key.mark, "duplicate name \(key.text.quoted): \(owner) is on line \(line) already",
            expected: "all its records in one list")
    }

    /// Reports why `record` cannot stand beside the earlier ones of its name.
    private func report(
        _ error: ZoneError, _ record: Record, after earlier: ArraySlice<Record>
    ) {
        func line(_ isOther: (RRType) -> Bool) -> String {
            guard let other = earlier.first(where: { isOther($0.type) }) else { return "" }
            return "the \(other.type) record of line \(other.mark.line)"
        }
        let mark = record.mark
        switch error {
        case .cnameAndOtherData where record.type == .cname:
            file.error(
                mark, "CNAME beside \(line { _ in true })", expected: "a CNAME alone at its name")
        case .cnameAndOtherData where record.type == .alias:
            file.error(
                mark, "ALIAS beside \(line { [.a, .aaaa, .alias, .cname].contains($0) })",
                expected: "one ALIAS, or addresses")
        case .cnameAndOtherData:
            file.error(
                mark, "\(record.type) beside \(line { $0 == .cname || $0 == .alias })",
                expected: "a CNAME alone at its name, no addresses beside an ALIAS")
        case .severalDNAMEs:
            file.error(
                mark, "a second DNAME beside \(line { $0 == .dname })", expected: "one DNAME")
        case .severalSOAs:
            file.error(mark, "a second SOA beside \(line { $0 == .soa })", expected: "one SOA")
        case .soaNotAtApex:
            file.error(mark, "SOA below the apex", expected: "SOA at '' only")
        case .outsideZone, .publicAndRecords, .publicOutsideOverlay, .tooLarge:
            file.error(
                mark, "too many \(record.type) records at one name",
                expected: "at most 65000 octets of data, so that they fit a message")
        }
    }
}
