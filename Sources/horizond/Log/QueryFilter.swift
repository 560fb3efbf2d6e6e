import DNS
import Nameserver

/// Which queries a follower of the query log wants to see.
struct QueryFilter: Sendable {
    /// nil for those of all clients; so with the others.
    var client: AddressPrefix?
    var name: NamePattern?
    var view: String?

    /// Names of queries.
    enum NamePattern: Equatable, Sendable {
        /// `www.example.net`
        case name(DomainName)
        /// `*.example.net`: all below it.
        case below(DomainName)
        /// `.example.net`: it and all below it.
        case atOrBelow(DomainName)

        /// nil for what is no such pattern.
        init?(_ text: String) {
            func domain(_ text: Substring) -> DomainName? { try? DomainName(String(text)) }
            let pattern: NamePattern? =
                if text.hasPrefix("*.") {
                    domain(text.dropFirst(2)).map { .below($0) }
                } else if text.hasPrefix("."), text != "." {
                    domain(text.dropFirst()).map { .atOrBelow($0) }
                } else {
                    domain(text[...]).map { .name($0) }
                }
            guard let pattern else { return nil }
            self = pattern
        }

        func matches(_ name: DomainName) -> Bool {
            switch self {
            case .name(let wanted): name == wanted
            case .below(let domain): name != domain && name.isAtOrBelow(domain)
            case .atOrBelow(let domain): name.isAtOrBelow(domain)
            }
        }
    }

    func matches(_ record: QueryRecord) -> Bool {
        if let client, !client.contains(record.client) { return false }
        if let view, record.snapshot.viewName(for: record.client) != view { return false }
        guard let name else { return true }
        let octets = record.response
        var reader = MessageReader(octets.span, at: Header.length)
        return (try? reader.readQuestion()).map { name.matches($0.name) } ?? false
    }

    /// The same of a line that was kept.
    func matches(_ line: QueryLine) -> Bool {
        if let client, !(line.client.flatMap(IPAddress.init).map(client.contains) ?? false) {
            return false
        }
        if let view, line.view != view { return false }
        guard let name else { return true }
        return (try? DomainName(line.name)).map(name.matches) ?? false
    }
}

extension QueryFilter {
    /// A part of a filter that cannot be, in words.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    /// The parts as a person writes them; `views` are those that there are.
    init(view: String?, client: String?, name: String?, views: [String]) throws(Mistake) {
        if let view, !views.contains(view) {
            throw Mistake(
                description:
                    "there is no view \(view.quoted); there are: \(views.joined(separator: ", "))")
        }
        self.view = view
        if let client {
            guard let prefix = AddressPrefix(text: client) else {
                throw Mistake(description: "\(client.quoted) is no address and no prefix")
            }
            self.client = prefix
        }
        if let name {
            guard let pattern = NamePattern(name) else {
                throw Mistake(description: "\(name.quoted) is no domain name")
            }
            self.name = pattern
        }
    }
}

extension AddressPrefix {
    /// `ADDRESS/LENGTH` or an address alone, as a person writes it; nil for anything else.
    init?(text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let whole = address.isIPv4 ? 32 : 128
        guard let length = parts.count == 1 ? whole : Int(parts[1]),
            let prefix = try? AddressPrefix(address, length: length)
        else { return nil }
        self = prefix
    }
}
