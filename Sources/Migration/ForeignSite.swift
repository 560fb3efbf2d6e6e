import Configuration
import DNS

/// Where something stands in a file of another server: `dnsmasq.conf:12`.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    /// The path as it was given, or as a file that was given names it.
    package let file: String
    /// From 1 on.
    package let line: Int

    package var description: String { "\(file):\(line)" }
}

/// One line of another server's configuration that says something, and what became of it.
package struct Statement: Sendable {
    package let place: SourcePlace
    /// The line itself, without blanks around it and comments.
    package let text: String
    /// What of the public record passes by this line today, or what it hides.
    package var leaks: [String] = []
    /// What of it has no place here, and what to do instead.
    package var refusals: [String] = []
    /// What is carried over, but not quite as it was.
    package var notes: [String] = []
    /// Why there is nothing to carry over.
    package var isSoAnyway: String?
    /// Whether it is none that the format has, as far as is known here.
    var isUnknown = false
}

/// The number of a statement in `ForeignSite.statements`.
typealias StatementID = Int

/// The number of a view in `ForeignSite.views`; nil stands for what all views share.
typealias ViewID = Int

/// A record of another server's, whatever way it wrote it.
struct ForeignRecord {
    let owner: DomainName
    let type: RRType
    /// In seconds; nil where the source says none.
    var ttl: UInt32?
    /// In wire form.
    let rdata: [UInt8]
    let origin: StatementID
    var view: ViewID?
}

/// A domain that another server treats as a whole.
struct ForeignDomain {
    enum Kind {
        /// All of it is there: what has no record does not exist.
        case local
        /// Its names belong together, and others may be asked for the rest.
        case shared
        /// This one name, or wildcard, is not answered here, although one above it is.
        case handedOn
    }

    let name: DomainName
    let kind: Kind
    let origin: StatementID
    var view: ViewID?
}

/// A domain and one server to ask for it.
struct ForeignRule {
    let domain: DomainName
    /// In this configuration's form: `1.1.1.1`, `tls://1.1.1.1#one.one.one.one`, `/etc/resolv.conf`.
    let upstream: String
    let origin: StatementID
    var view: ViewID?
}

/// Another key of a rule or of the whole configuration, with its value as YAML.
struct ForeignSetting {
    /// The rule's domain; nil for a key of the whole configuration.
    var domain: DomainName?
    let key: String
    let value: String
    let origin: StatementID
    var view: ViewID?
}

/// Clients that see something else than others do.
struct ForeignView {
    let name: String
    /// Prefixes in this configuration's form.
    var clients: [(prefix: String, origin: StatementID)] = []
    /// Whether it also has the zones that all views share.
    var seesShared: Bool
    /// Whether a zone of its own also has the names of the shared zone that it does not have itself.
    var mergesShared = false
}

/// What was read of another server's configuration: the same values whatever its format.
package struct ForeignSite {
    package internal(set) var statements: [Statement] = []
    var records: [ForeignRecord] = []
    var domains: [ForeignDomain] = []
    var rules: [ForeignRule] = []
    var settings: [ForeignSetting] = []
    var views: [ForeignView] = []
    /// Who may ask at all, in the view that is for everyone; empty for the default.
    var clients: [(prefix: String, origin: StatementID)] = []
    /// Who may not, although a larger network may.
    var refusedClients: [(prefix: String, origin: StatementID)] = []
    var listen: [(address: String, origin: StatementID)] = []
    /// Whether names without a rule are asked of `/etc/resolv.conf`'s servers.
    var asksResolvConf = true
    /// What is to know about a file as a whole.
    package internal(set) var remarks: [String] = []
    /// Who wants to know how far the work has come.
    let progress: WorkProgress?

    init(_ progress: WorkProgress? = nil) { self.progress = progress }

    /// Begins the statement at `place`.
    mutating func state(_ place: SourcePlace, _ text: String) -> StatementID {
        progress?.count(1)
        statements.append(Statement(place: place, text: text))
        return statements.count - 1
    }

    mutating func refuse(_ id: StatementID, _ reason: String) {
        statements[id].refusals.append(reason)
    }

    /// Refuses what the format does not have; a file with nothing else is of another format.
    mutating func refuseUnknown(_ id: StatementID, _ reason: String) {
        refuse(id, reason)
        statements[id].isUnknown = true
    }

    mutating func note(_ id: StatementID, _ text: String) {
        guard !statements[id].notes.contains(text) else { return }
        statements[id].notes.append(text)
    }

    mutating func isSoAnyway(_ id: StatementID, _ why: String) {
        statements[id].isSoAnyway = why
    }

    /// Says what passes by a line today, when `owner` may have a public record at all.
    mutating func leak(_ id: StatementID, at owner: DomainName, _ text: String) {
        guard !owner.isInternal, !statements[id].leaks.contains(text) else { return }
        statements[id].leaks.append(text)
    }

    mutating func add(
        _ owner: DomainName, _ address: IPAddress, ttl: UInt32? = nil, from origin: StatementID,
        view: ViewID? = nil
    ) {
        records.append(
            ForeignRecord(
                owner: owner, type: address.isIPv4 ? .a : .aaaa, ttl: ttl, rdata: address.octets,
                origin: origin, view: view))
    }

    /// Adds a record whose RDATA is in presentation form; one that is not good is refused.
    mutating func add(
        _ owner: DomainName, _ type: RRType, _ text: String, ttl: UInt32? = nil,
        from origin: StatementID, view: ViewID? = nil
    ) {
        do {
            let rdata = try RData.parse(text, type: type)
            records.append(
                ForeignRecord(
                    owner: owner, type: type, ttl: ttl, rdata: rdata, origin: origin, view: view))
        } catch {
            refuse(origin, "bad \(type) record: \(error)")
        }
    }

    /// A name as it stands in a statement, always absolute; nil after a refusal.
    mutating func name(
        _ text: some StringProtocol, in id: StatementID
    ) -> DomainName? {
        do {
            let name = try DomainName(text)
            guard name.badALabel == nil else {
                refuse(id, "bad name \(String(text).quoted)")
                return nil
            }
            return name
        } catch {
            refuse(id, "bad name \(String(text).quoted): \(error)")
            return nil
        }
    }
}
