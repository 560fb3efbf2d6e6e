import DNS
import Nameserver

/// The networks whose clients may ask, without those that the source refuses within them: here every
/// client of a view is served, and one in no view is refused.
///
/// The source goes by the smallest network that a client is in, as a view does here.
struct ClientAccess {
    private let allowed: Set<AddressPrefix>
    private let refused: [AddressPrefix]

    init(allowed: [String], refused: [String]) {
        self.allowed = Set(allowed.compactMap(ClientNetwork.prefix))
        self.refused = refused.compactMap(ClientNetwork.prefix)
    }

    /// The parts of a network that are not refused: itself, or several smaller ones, or none.
    func parts(of text: String) -> [String] {
        guard !refused.isEmpty, let prefix = ClientNetwork.prefix(text) else { return [text] }
        let allowance = allowed.filter { $0.covers(prefix) }.map(\.length).max() ?? -1
        guard !refused.contains(where: { $0.covers(prefix) && $0.length >= allowance }) else {
            return []
        }
        return Self.parts(of: prefix, without: refused.filter { prefix.covers($0) })
            .map { "\($0)" }
    }

    private static func parts(
        of prefix: AddressPrefix, without refused: [AddressPrefix]
    ) -> [AddressPrefix] {
        guard !refused.isEmpty else { return [prefix] }
        guard !refused.contains(prefix) else { return [] }
        return prefix.halves.flatMap { half in
            parts(of: half, without: refused.filter { half.covers($0) })
        }
    }
}

extension AddressPrefix {
    fileprivate func covers(_ other: AddressPrefix) -> Bool {
        length <= other.length && contains(other.address)
    }

    /// The two blocks that the block consists of.
    fileprivate var halves: [AddressPrefix] {
        var octets = address.octets
        guard length < octets.count * 8 else { return [] }
        octets[length / 8] |= 0x80 >> UInt8(length % 8)
        return [address, IPAddress(octets: octets)].compactMap { first in
            first.flatMap { AddressPrefix(containing: $0, length: length + 1) }
        }
    }
}

extension ForeignSite {
    /// Takes what the source refuses out of the networks of all views. `local` has the clients of the
    /// view that the source does not name, among them the server's own addresses.
    mutating func refuseClients(among local: [String]) {
        guard !refusedClients.isEmpty else { return }
        let own = local.filter { $0.hasPrefix("127.") || $0.hasPrefix("::1") }
        let access = ClientAccess(
            allowed: clients.map(\.prefix) + own, refused: refusedClients.map(\.prefix))
        let named = Set((clients + views.flatMap(\.clients)).map(\.prefix))
        func parts(
            _ clients: [(prefix: String, origin: StatementID)]
        ) -> [(prefix: String, origin: StatementID)] {
            clients.flatMap { prefix, origin in
                access.parts(of: prefix).filter { $0 == prefix || !named.contains($0) }
                    .map { ($0, origin) }
            }
        }
        for (_, origin) in refusedClients {
            isSoAnyway(origin, "no view has these clients, so they are refused")
        }
        let all = clients
        clients = parts(
            clients.isEmpty ? local.map { ($0, refusedClients[0].origin) } : clients)
        if clients.isEmpty {
            // A view has clients, and without any view the private networks may ask.
            clients = own.map { ($0, refusedClients[0].origin) }
            remarks.append("only this machine may ask what is in no other view: all are refused")
        }
        for index in views.indices { views[index].clients = parts(views[index].clients) }
        let left = Set((clients + views.flatMap(\.clients)).map(\.origin))
        for (_, origin) in all where !left.contains(origin) {
            isSoAnyway(origin, "another line refuses these clients")
        }
    }
}
