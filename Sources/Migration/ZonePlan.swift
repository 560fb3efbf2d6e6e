import Configuration
import DNS

/// A record as it will be written, with all lines that ask for it.
struct PlannedRecord {
    let type: RRType
    let ttl: UInt32?
    let rdata: [UInt8]
    var origins: [StatementID]

    /// Its octets in a message, its owner a pointer.
    fileprivate var size: Int { 12 + rdata.count }
}

/// A zone as it will be written.
struct ZonePlan {
    let apex: DomainName
    let view: ViewID?
    /// Whether all of the zone is here; else it is an overlay.
    var isLocal: Bool
    /// The lines that declare it.
    var origins: [StatementID] = []
    /// The owner names in the order of their first records.
    private(set) var owners: [DomainName] = []
    private(set) var records: [DomainName: [PlannedRecord]] = [:]
    /// The names that are handed back to the public zone.
    private(set) var publicNames: [DomainName: [StatementID]] = [:]

    init(apex: DomainName, view: ViewID?, isLocal: Bool) {
        self.apex = apex
        self.view = view
        self.isLocal = isLocal
    }

    var isEmpty: Bool { owners.isEmpty }

    /// Adds a record; what it contradicts is said, and it is left out.
    mutating func add(_ record: ForeignRecord, _ statements: inout ForeignSite) {
        let known = records[record.owner, default: []]
        if let index = known.firstIndex(where: {
            $0.type == record.type && $0.rdata == record.rdata
        }) {
            records[record.owner]?[index].origins.append(record.origin)
            return
        }
        if let other = known.first(where: { Self.contradicts($0.type, record.type) }) {
            let place = statements.statements[other.origins[0]].place
            statements.refuse(
                record.origin,
                "\(record.type) at \(record.owner.text) beside the \(other.type) record of \(place)"
            )
            return
        }
        let octets = known.lazy.filter { $0.type == record.type }.reduce(0) { $0 + $1.size }
        let planned = PlannedRecord(
            type: record.type, ttl: record.ttl.map { min($0, Self.maximumTTL) },
            rdata: record.rdata, origins: [record.origin])
        guard octets + planned.size <= Self.maximumSize else {
            statements.refuse(
                record.origin, "more \(record.type) records of a name than a message holds")
            return
        }
        if planned.ttl != record.ttl {
            statements.note(record.origin, "a TTL has at most \(Self.maximumTTL) seconds")
        }
        guard record.type != .soa || record.owner == apex else {
            statements.refuse(record.origin, "a SOA record below the apex \(apex.text)")
            return
        }
        if known.isEmpty, publicNames[record.owner] == nil { owners.append(record.owner) }
        publicNames[record.owner] = nil
        records[record.owner, default: []].append(planned)
    }

    /// RFC 2181 §8.
    private static let maximumTTL: UInt32 = 0x7fff_ffff
    /// As many octets as the records of a name and a type may have, so that they fit a message.
    private static let maximumSize = 65_000

    /// Whether records of both types cannot stand at one name.
    private static func contradicts(_ first: RRType, _ second: RRType) -> Bool {
        if first == second { return [.cname, .dname, .soa].contains(first) }
        return first == .cname || second == .cname
    }

    /// Hands a name back to the public zone, unless it has records here.
    mutating func addPublic(_ owner: DomainName, _ origin: StatementID) {
        guard records[owner] == nil else { return }
        if publicNames[owner] == nil { owners.append(owner) }
        publicNames[owner, default: []].append(origin)
    }

    /// Takes over the names of `shared` that are not here.
    mutating func merge(_ shared: ZonePlan) {
        for owner in shared.owners where records[owner] == nil && publicNames[owner] == nil {
            owners.append(owner)
            records[owner] = shared.records[owner]
            publicNames[owner] = shared.publicNames[owner]
        }
    }

    /// Whether a wildcard at or above `name` would answer it.
    func covers(_ name: DomainName) -> Bool {
        name.ancestors.contains { $0.wildcard.map { records[$0] != nil } ?? false }
    }
}

/// Groups records into zones.
struct ZonePlans {
    private(set) var zones: [ZonePlan] = []
    private var numbers: [Key: Int] = [:]

    private struct Key: Hashable {
        let apex: DomainName
        let view: ViewID?
    }

    /// Puts each record of `site` into the zone that the source declares for it, or else the one that
    /// it most likely belongs to.
    init(_ site: inout ForeignSite) {
        site.dropImpossibleDomains()
        let ruled = Set(site.rules.map(\.domain))
        for domain in site.domains where domain.kind == .local {
            // A zone that is all here leaves nothing to a rule for it.
            let index = index(
                of: domain.name, domain.view, isLocal: !ruled.contains(domain.name))
            zones[index].origins.append(domain.origin)
        }
        let declared = Declared(site)
        site.progress?.begin(
            "sorting into zones", counting: "records", whole: site.records.count)
        for (number, record) in site.records.enumerated() {
            site.progress?.count(1)
            site.progress?.amountDone = number + 1
            guard let apex = declared.apex(of: record.owner, record.view) else {
                site.refuse(record.origin, "an answer to every name: name the domains")
                continue
            }
            guard apex.isPossibleDomain else {
                site.refuse(record.origin, "\(apex.text.quoted) cannot be a zone")
                continue
            }
            let isLocal = apex.privateReverseZone == apex && !ruled.contains(apex)
            zones[index(of: apex, record.view, isLocal: isLocal)].add(record, &site)
        }
        handOn(&site)
        delegate(&site)
        for index in zones.indices { mergeShared(into: index, site) }
    }

    private mutating func index(of apex: DomainName, _ view: ViewID?, isLocal: Bool) -> Int {
        let key = Key(apex: apex, view: view)
        if let number = numbers[key] { return number }
        numbers[key] = zones.count
        zones.append(ZonePlan(apex: apex, view: view, isLocal: isLocal))
        return zones.count - 1
    }

    /// The zone that the name is in, as far as there is one.
    private func nearest(_ name: DomainName, _ view: ViewID?) -> Int? {
        var current: DomainName? = name
        while let apex = current {
            if let number = numbers[Key(apex: apex, view: view)] { return number }
            current = apex.parent
        }
        return nil
    }

    // MARK: Domains below a zone that go elsewhere

    /// A rule for a domain below a wildcard takes that domain out of the overlay.
    private mutating func handOn(_ site: inout ForeignSite) {
        for domain in site.domains where domain.kind == .handedOn {
            if let index = nearest(domain.name, domain.view), !zones[index].isLocal {
                zones[index].addPublic(domain.name, domain.origin)
            } else {
                site.isSoAnyway(domain.origin, "nothing above it is answered here")
            }
        }
        for rule in site.rules where !rule.domain.isRoot {
            guard let index = nearest(rule.domain, rule.view), !zones[index].isLocal,
                zones[index].apex != rule.domain, zones[index].covers(rule.domain)
            else { continue }
            for owner in [rule.domain, rule.domain.wildcard].compactMap({ $0 }) {
                zones[index].addPublic(owner, rule.origin)
            }
        }
    }

    /// A rule for a domain below a zone that is all here needs a delegation to be asked.
    private mutating func delegate(_ site: inout ForeignSite) {
        for rule in site.rules {
            guard let index = nearest(rule.domain, rule.view), zones[index].isLocal,
                zones[index].apex != rule.domain,
                zones[index].records[rule.domain]?.contains(where: { $0.type == .ns }) != true,
                let server = rule.domain.prepending(DomainName(labels: ["ns".utf8]) ?? .root)
            else { continue }
            zones[index].add(
                ForeignRecord(
                    owner: rule.domain, type: .ns, rdata: server.octets, origin: rule.origin),
                &site)
        }
    }

    private mutating func mergeShared(into index: Int, _ site: ForeignSite) {
        guard let view = zones[index].view, site.views[view].mergesShared,
            let shared = numbers[Key(apex: zones[index].apex, view: nil)]
        else { return }
        zones[index].merge(zones[shared])
    }
}

extension ForeignSite {
    /// Refuses domains whose names no zone and no rule can have.
    fileprivate mutating func dropImpossibleDomains() {
        for domain in domains where domain.kind != .handedOn && !domain.name.isPossibleDomain {
            refuse(domain.origin, "\(domain.name.text.quoted) cannot be a zone")
        }
        for rule in rules where !rule.domain.isPossibleDomain {
            refuse(rule.origin, "\(rule.domain.text.quoted) cannot be a rule's domain")
        }
        domains.removeAll { $0.kind != .handedOn && !$0.name.isPossibleDomain }
        rules.removeAll { !$0.domain.isPossibleDomain }
    }
}

/// The zones that a source declares, to be looked up from a name upwards.
private struct Declared {
    private var names: [ViewID?: Set<DomainName>] = [:]

    init(_ site: ForeignSite) {
        for domain in site.domains where domain.kind != .handedOn {
            names[domain.view, default: []].insert(domain.name)
        }
        // What others are asked for is delegated from a zone that is all here, which would hide the
        // records below the cut: they get an overlay of their own.
        let local = Set(site.domains.filter { $0.kind == .local }.map(\.name))
        for rule in site.rules where !rule.domain.isRoot {
            guard rule.domain.privateReverseZone != nil || rule.domain.isAtOrBelow(anyOf: local)
            else { continue }
            names[rule.view, default: []].insert(rule.domain)
        }
    }

    /// The zone of `owner`; nil for a name that no zone has, such as a wildcard for everything.
    func apex(of owner: DomainName, _ view: ViewID?) -> DomainName? {
        var current: DomainName? = owner
        while let name = current, !name.isRoot {
            if names[view]?.contains(name) ?? false || names[nil]?.contains(name) ?? false {
                return name
            }
            current = name.parent
        }
        let likely = owner.likelyZone
        let apex = likely.isWildcard ? likely.parent : likely
        return apex.flatMap { $0.isRoot ? nil : $0 }
    }
}
