package import DNS

/// Who asked for a known way around this server. Owned by the worker's queue.
package struct BypassCounter: Sendable {
    /// Clients that are remembered; more than the devices of any site that this is for.
    package static let maximumClients = 1024

    /// A client that asked for a way around for the first time.
    package struct Notice: Equatable, Sendable {
        package let client: IPAddress
        package let domain: DomainName
        package let bypass: KnownBypass
    }

    /// Queries for guarded names, by the way around that each would open.
    package private(set) var queriesByKind: [KnownBypass: UInt64] = [:]
    /// Those of clients that found no place among the remembered ones.
    package private(set) var overflow: UInt64 = 0
    /// The addresses of distinct clients, with the ways that each asked for.
    package private(set) var clients: [IPAddress: Set<KnownBypass>] = [:]
    /// At most one a client and way, so bounded as they are.
    private var notices: [Notice] = []

    package init() {}

    /// All queries for guarded names.
    package var queries: UInt64 { queriesByKind.values.reduce(0, &+) }

    mutating func note(_ client: IPAddress, _ domain: DomainName, _ bypass: KnownBypass) {
        queriesByKind[bypass, default: 0] &+= 1
        guard clients[client] != nil || clients.count < Self.maximumClients else {
            overflow &+= 1
            return
        }
        guard clients[client, default: []].insert(bypass).inserted else { return }
        notices.append(Notice(client: client, domain: domain, bypass: bypass))
    }

    /// The clients that asked for the first time since the last call.
    package mutating func takeNotices() -> [Notice] {
        guard !notices.isEmpty else { return [] }
        defer { notices = [] }
        return notices
    }
}

extension BypassCounter.Notice: CustomStringConvertible {
    package var description: String {
        "\(client) asked for \(domain.lineDescription) (\(bypass)): told that it does not exist; "
            + "bypass-guard: false lets it pass"
    }
}
