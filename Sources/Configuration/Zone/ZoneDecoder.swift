import DNS
import Nameserver

/// Makes a zone of a file's entries, given one after the other: owner names and their records.
struct ZoneDecoder: ~Copyable {
    private let file: ConfigurationFile
    private let records: RecordDecoder
    private let owners: OwnerNames
    /// The line of each owner name's key, by the number of its node; 0 for nodes without one.
    private var lines: [UInt32] = []
    private var builder: ZoneBuilder
    private let progress: WorkProgress?

    init(
        _ file: ConfigurationFile, _ zone: ZoneDeclaration, seed: UInt64, progress: WorkProgress?
    ) {
        self.file = file
        self.progress = progress
        let apex = zone.settings.apex
        records = RecordDecoder(file, apex: apex, ttl: zone.recordTTL)
        owners = OwnerNames(file, apex: apex)
        builder = ZoneBuilder(
            zone.settings, file: file.shownPath, place: zone.place, seed: seed)
    }

    /// Takes one owner name's records; what is wrong with them is reported.
    mutating func decode(_ entry: YAMLEntry) {
        let contents = records.contents(entry.value)
        progress?.count(contents.records.count)
        guard let owner = owners.name(entry.key) else { return }
        // Every owner name is one of the zone's.
        let ownLine = UInt32(truncatingIfNeeded: entry.key.mark.line)
        guard let node = try? builder.open(owner, line: ownLine) else { return }
        if let line = line(of: node) {
            reportDuplicate(entry.key, owner, line: line)
            return
        }
        setLine(of: node, entry.key.mark.line)
        if let mark = contents.publicMark {
            addPublic(owner, mark, beside: contents.records.first)
            return
        }
        for (index, record) in contents.records.enumerated() {
            do {
                try builder.add(
                    type: record.type, ttl: record.ttl, rdata: record.rdata,
                    line: UInt32(truncatingIfNeeded: record.mark.line))
            } catch {
                report(error, record, after: contents.records[..<index])
                return
            }
        }
    }

    /// The zone; nil when anything was reported. `mark` is where inline records begin.
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

    private func line(of node: Int) -> Int? {
        node < lines.count && lines[node] != 0 ? Int(lines[node]) : nil
    }

    private mutating func setLine(of node: Int, _ line: Int) {
        // Empty non-terminals are nodes without a line.
        while lines.count <= node { lines.append(0) }
        lines[node] = UInt32(truncatingIfNeeded: line)
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
