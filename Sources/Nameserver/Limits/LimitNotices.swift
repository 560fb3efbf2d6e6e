package import DNS

/// Clients that do not get all their answers because of a limit, for the log. Owned by the worker's queue.
package struct LimitNotices: Sendable {
    /// A client that a limit holds back.
    package struct Notice: Hashable, Sendable {
        package let client: IPAddress
        /// nil for one in no view.
        package let view: String?
        /// The limit, in words (`LimitAction.reason`).
        package let reason: String
    }

    /// So many clients of one round are told of; in a flood the next one has the others.
    private static let maximumClients = 8

    private var clients: [(address: IPAddress, view: Int, action: LimitAction)] = []

    mutating func note(_ client: IPAddress, view: Int, _ action: LimitAction) {
        guard clients.count < Self.maximumClients,
            !clients.contains(where: { $0.address == client })
        else { return }
        clients.append((client, view, action))
    }

    /// The clients since the last call.
    package mutating func take(_ snapshot: Snapshot) -> [Notice] {
        guard !clients.isEmpty else { return [] }
        defer { clients.removeAll(keepingCapacity: true) }
        return clients.map { client in
            Notice(
                client: client.address,
                view: client.view >= 0 ? snapshot.views[client.view].name : nil,
                reason: client.action.reason)
        }
    }
}

extension LimitNotices.Notice: CustomStringConvertible {
    package var description: String {
        guard let view else { return "\(client), in no view, is refused too often to be told" }
        return "\(client), view \(view), is not always answered: \(reason)"
    }
}
