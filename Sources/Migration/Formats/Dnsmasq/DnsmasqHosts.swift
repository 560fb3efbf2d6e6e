import Configuration
import DNS
import Nameserver

/// The names and addresses that dnsmasq knows one by one, from `host-record`, `dhcp-host` and files
/// of hosts. Pi-hole's local records are such a file.
///
/// dnsmasq answers only the types that it has. A name with an IPv4 address alone has its AAAA and
/// HTTPS queries forwarded, unless the domain is one of `local=`.
struct DnsmasqHosts {
    /// The family of each owner's addresses, to tell what is missing.
    private var families: [DomainName: (hasIPv4: Bool, hasIPv6: Bool)] = [:]
    private var owners: [(owner: DomainName, origin: StatementID, isDomain: Bool)] = []
    private var aliases: [(alias: DomainName, target: DomainName, origin: StatementID)] = []
    /// The names of addresses; the first one is answered.
    private var names: [(address: IPAddress, owner: DomainName, origin: StatementID)] = []
    /// Those of `host-record`, which come before those of files.
    private var firstNames: [(address: IPAddress, owner: DomainName, origin: StatementID)] = []

    /// Notes that `owner` has an address, and with `isDomain` all names below it.
    mutating func note(
        _ owner: DomainName, _ address: IPAddress, from origin: StatementID, isDomain: Bool = false
    ) {
        var family = families[owner] ?? (false, false)
        if address.isIPv4 { family.hasIPv4 = true } else { family.hasIPv6 = true }
        families[owner] = family
        owners.append((owner, origin, isDomain))
    }

    /// Notes that `alias` is another name of `target`.
    mutating func note(
        _ alias: DomainName, pointsTo target: DomainName, from origin: StatementID
    ) {
        aliases.append((alias, target, origin))
    }

    /// Notes that an address has a name.
    mutating func note(
        nameOf address: IPAddress, _ owner: DomainName, from origin: StatementID, isFirst: Bool
    ) {
        if isFirst {
            firstNames.append((address, owner, origin))
        } else {
            names.append((address, owner, origin))
        }
    }

    /// Adds the PTR records, and what passes by each name today.
    func finish(_ site: inout ForeignSite, isServed: Bool) {
        var known = Set(site.records.filter { $0.type == .ptr }.map(\.owner))
        for (address, owner, origin) in firstNames + names {
            let reverse = address.reverseName
            guard known.insert(reverse).inserted, !owner.isWildcard else { continue }
            site.records.append(
                ForeignRecord(owner: reverse, type: .ptr, rdata: owner.octets, origin: origin))
        }
        guard isServed else { return }
        let local = Set(site.domains.filter { $0.kind == .local }.map(\.name))
        func isLocal(_ name: DomainName) -> Bool { name.isAtOrBelow(anyOf: local) }
        var groups: [Group: [DomainName]] = [:]
        for (owner, origin, isDomain) in owners where !isLocal(owner) && !owner.isInternal {
            guard let family = families[owner] else { continue }
            let missing = family.hasIPv4 ? (family.hasIPv6 ? "" : "AAAA, ") : "A, "
            groups[Group(origin: origin, missing: missing, isDomain: isDomain), default: []]
                .append(owner)
        }
        let sorted = groups.map { (first: $0.value[0].text, group: $0.key, owners: $0.value) }
            .sorted { $0.first < $1.first }
        for (_, group, owners) in sorted {
            site.leak(group.origin, at: owners[0], group.text(owners))
        }
        for (alias, target, origin) in aliases where !isLocal(alias) {
            var missing = ""
            if let family = families[target], family.hasIPv4 != family.hasIPv6, !isLocal(target) {
                missing = "\(family.hasIPv4 ? "AAAA" : "A") of \(target.text), and "
            }
            site.leak(
                origin, at: alias,
                "\(missing)HTTPS at _PORT._https. below it \(missing.isEmpty ? "comes" : "come") from "
                    + "the public zone; with horizond NODATA")
        }
    }

    /// The names of a line of which the same types are missing.
    private struct Group: Hashable {
        let origin: StatementID
        let missing: String
        let isDomain: Bool

        func text(_ owners: [DomainName]) -> String {
            let names = Set(owners).map(\.text).sorted().joined(separator: ", ")
            let below = isDomain ? "every name below" : "_PORT._https. below"
            return "\(missing)HTTPS and SVCB (h3, ECH, address hints) of \(names) and of \(below) "
                + "come from the public zone; with horizond NODATA"
        }
    }
}

extension DnsmasqReader {
    /// Reads lines of `ADDRESS NAME…`, as `/etc/hosts` has them.
    func readHosts(_ lines: [SourceLine]) {
        for line in lines {
            let text = line.text.prefix { $0 != "#" }
            let words = text.split { $0 == " " || $0 == "\t" }
            guard !words.isEmpty else { continue }
            let id = site.state(line.place, words.joined(separator: " "))
            host(words, in: id)
        }
    }

    /// One line of such a file, as words.
    func host(_ words: [Substring], in id: StatementID) {
        guard let address = IPAddress(words[0].prefix { $0 != "%" }) else {
            site.refuseUnknown(id, "\(String(words[0]).quoted) is no address")
            return
        }
        guard words.count > 1 else {
            site.refuse(id, "an address without a name")
            return
        }
        let names = words.dropFirst().filter { !Self.isOfTheHostItself($0) }
        guard !names.isEmpty else {
            site.isSoAnyway(id, "names of the host itself; localhost is built in")
            return
        }
        if address.isLoopback {
            site.note(id, "a loopback address is each client's own")
        }
        var isFirst = true
        for word in names {
            guard let name = site.name(word, in: id) else { continue }
            for owner in expanded(name, at: address) {
                addHost(owner, address, in: id, isNamed: isFirst)
                isFirst = false
            }
        }
    }

    /// What every `/etc/hosts` has for the host's own loopback and multicast addresses.
    static func isOfTheHostItself(_ name: Substring) -> Bool {
        ["localhost", "localhost.localdomain", "localhost4", "localhost6", "broadcasthost"]
            .contains(name.lowercased()) || name.lowercased().hasPrefix("ip6-")
    }

    func addHost(
        _ owner: DomainName, _ address: IPAddress, ttl: UInt32? = nil, in id: StatementID,
        isNamed: Bool, isFirst: Bool = false
    ) {
        site.add(owner, address, ttl: ttl, from: id)
        hosts.note(owner, address, from: id)
        if isNamed { hosts.note(nameOf: address, owner, from: id, isFirst: isFirst) }
    }

    /// A name of one label is one of the domain, too, with `expand-hosts`; that form comes first.
    func expanded(_ name: DomainName, at address: IPAddress) -> [DomainName] {
        guard expandsHosts, name.labelCount == 1, let domain = domain(of: address),
            let full = domain.prepending(name)
        else { return [name] }
        return [full, name]
    }
}
