import DNS
import Nameserver

/// Unbound's `local-zone`, `local-data` and `local-data-ptr`, of the server or of a view.
///
/// What a name's other types get depends on its zone's type. `redirect` and `transparent`, which
/// data without a zone has, say NODATA to all of them; `typetransparent` asks others for them.
struct UnboundLocalData {
    private let reader: UnboundReader
    private let view: ViewID?
    private var zones: [DomainName: String] = [:]

    init(_ reader: UnboundReader, view: ViewID?) {
        self.reader = reader
        self.view = view
    }

    mutating func read(_ clause: UnboundReader.Clause) {
        for attribute in clause.values("local-zone") { zone(attribute) }
        for attribute in clause.attributes {
            switch attribute.name {
            case "local-data": data(attribute)
            case "local-data-ptr": pointer(attribute)
            case "local-zone": break
            default: other(attribute)
            }
        }
    }

    private mutating func zone(_ attribute: UnboundReader.Attribute) {
        guard attribute.words.count > 1,
            let name = reader.site.name(attribute.words[0], in: attribute.id)
        else {
            reader.site.refuse(attribute.id, "a name and a type are wanted")
            return
        }
        let type = attribute.words[1]
        zones[name] = type
        func declare(_ kind: ForeignDomain.Kind) {
            reader.site.domains.append(
                ForeignDomain(name: name, kind: kind, origin: attribute.id, view: view))
        }
        switch type {
        case "static": declare(.local)
        case "always_nxdomain":
            declare(.local)
            reader.site.note(
                attribute.id, "\(name.text) itself has no data, where Unbound says NXDOMAIN")
        case "deny", "refuse", "inform_deny", "always_refuse", "always_deny":
            declare(.local)
            reader.site.note(attribute.id, "what has no data here is NXDOMAIN, not \(type)")
        case "always_nodata":
            declare(.local)
            reader.site.note(attribute.id, "names in it are NXDOMAIN, not NODATA")
        case "transparent", "typetransparent", "inform":
            declare(.shared)
            reader.site.isSoAnyway(attribute.id, "its names are grouped by it")
        case "redirect", "inform_redirect":
            reader.site.isSoAnyway(attribute.id, "its data are those of every name below it")
        case "always_null":
            for owner in [name, name.wildcard].compactMap({ $0 }) {
                for address in [IPAddress.v4(0), .v6(0, 0)] {
                    reader.site.add(owner, address, from: attribute.id, view: view)
                }
            }
            reader.site.leak(
                attribute.id, at: name,
                "TXT, MX and CAA are lost (NODATA); with horizond they are the public ones")
        case "nodefault", "always_transparent":
            reader.site.isSoAnyway(
                attribute.id, "a forward rule for the domain takes it over by itself")
        default: reader.site.refuse(attribute.id, "no zone of type \(type.quoted) here")
        }
    }

    /// The nearest zone's type.
    private func type(of owner: DomainName) -> (type: String, apex: DomainName)? {
        var name: DomainName? = owner
        while let current = name {
            if let type = zones[current] { return (type, current) }
            name = current.parent
        }
        return nil
    }

    /// `local-data: "NAME [TTL] [IN] TYPE DATA"`.
    private func data(_ attribute: UnboundReader.Attribute) {
        let id = attribute.id
        guard let entry = MasterFileEntry.entries(of: attribute.value).first else {
            reader.site.refuse(id, "a record is wanted")
            return
        }
        do {
            let record = try entry.record(origin: .root)
            guard let owner = record.owner else { throw MasterFileProblem("an owner is wanted") }
            var owners = [owner]
            let zone = type(of: owner)
            if let zone, zone.type.hasSuffix("redirect"), zone.apex == owner {
                owners += [owner.wildcard].compactMap { $0 }
            }
            guard !owner.isWildcard else {
                reader.site.refuse(
                    id,
                    "a * answers for itself alone in Unbound, and here for all below "
                        + "\(owner.parent?.text ?? ""): write the names, or a zone of type redirect"
                )
                return
            }
            guard zone?.type != "always_nxdomain" else {
                reader.site.isSoAnyway(id, "always_nxdomain: it is never answered")
                return
            }
            for owner in owners {
                reader.site.add(
                    owner, record.type, record.data, ttl: record.ttl, from: id, view: view)
            }
            if [.a, .aaaa, .cname].contains(record.type) { leak(owner, zone?.type, id) }
        } catch {
            reader.site.refuse(id, "\(error)")
        }
    }

    private func leak(_ owner: DomainName, _ type: String?, _ id: StatementID) {
        switch type {
        case "static", "deny", "refuse", "inform_deny", "always_refuse", "always_deny": break
        case let type? where type.hasSuffix("redirect"):
            reader.site.leak(
                id, at: owner,
                "TXT (dns-01 challenges), MX, SOA and CAA at the name and below it are lost "
                    + "(NODATA); with horizond they are the public ones")
        case "typetransparent":
            reader.site.leak(
                id, at: owner,
                "the types that are not here, HTTPS and SVCB (h3, ECH, address hints) among them, "
                    + "come from the public zone; with horizond A, AAAA, HTTPS and SVCB are NODATA")
        default:
            reader.site.leak(
                id, at: owner,
                "TXT, MX and CAA at the name are lost (NODATA), and HTTPS at _PORT._https. below "
                    + "it comes from the public zone; with horizond the former are public, the latter "
                    + "NODATA")
        }
    }

    /// `local-data-ptr: "ADDRESS [TTL] NAME"`.
    private func pointer(_ attribute: UnboundReader.Attribute) {
        let words = attribute.value.split(separator: " ")
        guard let first = words.first, let address = IPAddress(first), words.count > 1,
            let target = reader.site.name(words[words.count - 1], in: attribute.id)
        else {
            reader.site.refuse(attribute.id, "an address and a name are wanted")
            return
        }
        reader.site.records.append(
            ForeignRecord(
                owner: address.reverseName, type: .ptr,
                ttl: words.count > 2 ? UInt32(decimal: words[1]) : nil, rdata: target.octets,
                origin: attribute.id, view: view))
    }

    // MARK: Everything else

    private func other(_ attribute: UnboundReader.Attribute) {
        guard view == nil else {
            if !["name", "view-first"].contains(attribute.name) {
                reader.site.refuse(attribute.id, "a view here has clients, zones and rules")
            }
            return
        }
        if attribute.name == "log-queries", attribute.isYes {
            reader.site.settings.append(
                ForeignSetting(key: "log", value: "{queries: true}", origin: attribute.id))
        } else if let instead = Self.instead[attribute.name] {
            reader.site.refuse(attribute.id, instead)
        } else if Self.tuning.contains(attribute.name)
            || ["harden-", "so-", "outgoing-", "do-", "hide-", "log-"].contains(where: {
                attribute.name.hasPrefix($0)
            })
        {
            reader.site.isSoAnyway(attribute.id, "how Unbound itself runs")
        } else if !Self.handled.contains(attribute.name) {
            reader.site.refuseUnknown(
                attribute.id, "\(attribute.name.quoted) has no counterpart here")
        }
    }

    private static let tuning: Set<String> = [
        "aggressive-nsec", "chroot", "directory", "edns-buffer-size", "identity", "logfile",
        "max-udp-size", "minimal-responses", "module-config", "msg-cache-slabs", "pidfile",
        "qname-minimisation", "rrset-cache-slabs", "rrset-roundrobin", "unwanted-reply-threshold",
        "use-caps-for-id", "use-syslog", "username", "val-clean-additional", "verbosity", "version",
    ]

    private static let handled: Set<String> = [
        "interface", "ip-address", "port", "private-address", "private-domain", "access-control",
        "access-control-view",
    ]

    private static let instead: [String: String] = [
        "access-control-tag": "views: other clients, other zones",
        "auto-trust-anchor-file": "answers are not validated; ask an upstream that does",
        "cache-max-ttl": "\"cache: {max: …}\" of a forward rule",
        "cache-min-ttl": "\"cache: {min: …}\" of a forward rule",
        "domain-insecure": "answers are not validated here",
        "local-zone-tag": "views: other clients, other zones",
        "msg-cache-size": "\"cache-size\", by default 64MiB, is all answers'",
        "num-threads": "\"workers\", by default one for each core",
        "prefetch": "names that are asked again are refreshed ahead by default",
        "root-hints": "the root servers are not asked here",
        "rrset-cache-size": "\"cache-size\", by default 64MiB, is all answers'",
        "serve-expired": "stale answers are served by default for a day",
        "tls-cert-bundle": "the system's authorities are trusted; \"tls-ca\" names others",
        "tls-service-key": "clients are not served over TLS",
        "tls-service-pem": "clients are not served over TLS",
        "trust-anchor-file": "answers are not validated; ask an upstream that does",
    ]
}
